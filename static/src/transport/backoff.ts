// How long to wait before the next try: exponential with full jitter, so that a thousand clients do not come back at once.

const BASE_MS = 500;
const CAP_MS = 30_000;

/** Milliseconds before try number `attempt` (0 = the first after a loss). `random` is in [0, 1). */
export function backoff(attempt: number, random: number): number {
  return Math.round(random * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 16)));
}
