// The roles of a trip's members, the strongest first, and which word is one.
import type { Role } from "./types";

/** A record, so that a role that is added is not forgotten here. */
const ORDER: Readonly<Record<Role, number>> = { owner: 0, editor: 1, commenter: 2, viewer: 3 };

export const ROLES: readonly Role[] = (Object.keys(ORDER) as Role[]).sort((a, b) => ORDER[a] - ORDER[b]);

/** Whether `role` may do less than `other`. */
export function isLower(role: Role, other: Role): boolean {
  return ORDER[role] > ORDER[other];
}

export function isRole(word: unknown): word is Role {
  return ROLES.some((role) => role === word);
}
