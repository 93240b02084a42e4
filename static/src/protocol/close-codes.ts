// Why a socket was closed (W9). The same table stands in src/protocol/close.rs; a Rust test compares the two.

export const CLOSE_CODES = {
  goingAway: 1001,
  internal: 1011,
  tryAgainLater: 1013,
  malformed: 4400,
  token: 4401,
  forbidden: 4403,
  missing: 4404,
  epoch: 4409,
  tooLarge: 4413,
  tooMany: 4429,
  draining: 4503,
  tooSlow: 4508,
} as const;

export type CloseReason = keyof typeof CLOSE_CODES;

/** What a client does after a close: stay away, come back with jitter, or come back with a new ticket. */
export type CloseClass = "stayAway" | "newTicket" | "comeBack";

export function classOf(code: number): CloseClass {
  if (code === CLOSE_CODES.token) return "newTicket";
  return code >= 4400 && code < 4500 ? "stayAway" : "comeBack";
}
