// What goes over /events (docs/PROTOCOL.md, Events): JSON text to typed frames and back; what can't be read is null.
import { isRole } from "../api/roles";
import type * as rest from "../api/types";

/** A record, so that a kind that is added is not forgotten here. */
const KINDS: Readonly<Record<rest.Notice["kind"], true>> = {
  joined: true,
  left: true,
  role_changed: true,
  removed: true,
  trashed: true,
  untrashed: true,
  version_restored: true,
  began_anew: true,
};

/** `other`: of a newer server. It is counted and shown, in general words. */
export type NoticeKind = rest.Notice["kind"] | "other";

/** What somebody else did that concerns me; one shape here and over REST, but for what a newer server may say. */
export type Notice = Omit<rest.Notice, "kind" | "role"> & {
  readonly kind: NoticeKind;
  readonly role: rest.Role | null;
};

export type Request =
  | { readonly op: "watch"; readonly room: string }
  | { readonly op: "unwatch"; readonly room: string }
  | { readonly op: "notices"; readonly after: number }
  | { readonly op: "read"; readonly until: number }
  | { readonly op: "token"; readonly token: string }
  | { readonly op: "alive" };

export type Incoming =
  | { readonly type: "answer"; readonly re: number; readonly ok: unknown }
  | { readonly type: "error"; readonly re: number; readonly code: string }
  | { readonly type: "notice"; readonly notice: Notice; readonly unread: number }
  | { readonly type: "read"; readonly read: number; readonly unread: number }
  | { readonly type: "here"; readonly room: string; readonly here: number }
  | { readonly type: "unwatched"; readonly room: string }
  | { readonly type: "tokenWanted" }
  /** An event of a newer server. */
  | { readonly type: "unknown" };

/** The answer to `notices`. */
export type NoticesAnswer = Omit<rest.Notices, "notices"> & { readonly notices: readonly Notice[] };

export function encode(id: number, request: Request): string {
  return JSON.stringify({ id, ...request });
}

export function decode(text: string): Incoming | null {
  const frame = record(json(text));
  if (frame === null) return null;
  if ("re" in frame) return reply(frame);
  return typeof frame["event"] === "string" ? event(frame["event"], frame) : null;
}

export function noticesOf(ok: unknown): NoticesAnswer | null {
  const answer = record(ok);
  const list = answer?.["notices"];
  if (answer === null || !Array.isArray(list) || typeof answer["more"] !== "boolean") return null;
  const notices = list.map(notice);
  const numbers = readOf(ok);
  const last = count(answer["last"]);
  if (!notices.every((one) => one !== null) || numbers === null || last === null) return null;
  return { notices, more: answer["more"], ...numbers, last };
}

/** The answer to `read`. */
export function readOf(ok: unknown): { read: number; unread: number } | null {
  const answer = record(ok);
  const read = count(answer?.["read"]);
  const unread = count(answer?.["unread"]);
  return read === null || unread === null ? null : { read, unread };
}

/** The answer to `watch`. */
export function hereOf(ok: unknown): number | null {
  return count(record(ok)?.["here"]);
}

function reply(frame: Fields): Incoming | null {
  const re = count(frame["re"]);
  if (re === null) return null;
  if ("ok" in frame) return { type: "answer", re, ok: frame["ok"] };
  const code = record(frame["error"])?.["code"];
  return typeof code === "string" ? { type: "error", re, code } : null;
}

function event(name: string, frame: Fields): Incoming | null {
  switch (name) {
    case "notice": {
      const [read, unread] = [notice(frame["notice"]), count(frame["unread"])];
      return read === null || unread === null ? null : { type: "notice", notice: read, unread };
    }
    case "read": {
      const numbers = readOf(frame);
      return numbers && { type: "read", ...numbers };
    }
    case "here": {
      const [room, here] = [frame["room"], count(frame["here"])];
      return typeof room !== "string" || here === null ? null : { type: "here", room, here };
    }
    case "unwatched": {
      const room = frame["room"];
      return typeof room === "string" ? { type: "unwatched", room } : null;
    }
    case "token":
      return { type: "tokenWanted" };
    default:
      return { type: "unknown" };
  }
}

function notice(value: unknown): Notice | null {
  const fields = record(value);
  const [trip, by] = [record(fields?.["trip"]), record(fields?.["by"])];
  const seq = count(fields?.["seq"]);
  const at = fields?.["at"];
  if (fields === null || trip === null || by === null || seq === null) return null;
  if (typeof at !== "string" || Number.isNaN(Date.parse(at))) return null;
  return {
    seq,
    at,
    kind: isKind(fields["kind"]) ? fields["kind"] : "other",
    trip: { id: text(trip["id"]), title: text(trip["title"]) },
    by: { id: text(by["id"]), name: text(by["name"]) },
    role: isRole(fields["role"]) ? fields["role"] : null,
  };
}

function isKind(word: unknown): word is rest.Notice["kind"] {
  return typeof word === "string" && Object.hasOwn(KINDS, word);
}

type Fields = Readonly<Record<string, unknown>>;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function record(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function count(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
