// How long to wait before the next try: exponential with full jitter, so that a thousand clients do not come back at once.

const BASE_MS = 500;
const CAP_MS = 30_000;
/** Where no server is reached, a try burdens none: whoever looks at the page is back soon after the network is. */
const UNREACHABLE_CAP_MS = 3_000;

/** Milliseconds before try number `attempt` (0 = the first after a loss). `random` is in [0, 1). */
export function backoff(attempt: number, random: number, unreachable = false): number {
  const seen = typeof document === "undefined" || document.visibilityState === "visible";
  const cap = unreachable && seen ? UNREACHABLE_CAP_MS : CAP_MS;
  return Math.round(random * Math.min(cap, BASE_MS * 2 ** Math.min(attempt, 16)));
}
