// What becomes of a trip that has stopped: what is kept on the device, whether it opens again, and what is tried then. Pure.
import type { SyncState } from "./machine";

export interface Recovery {
  /** Why what is here is set aside; null: the server has all of it. */
  readonly keep: "tooLarge" | "tooMany" | "malformed" | "forbidden" | "otherEpoch" | "lowered" | "gone" | null;
  /** The trip opens again, from what the server has. */
  readonly again: boolean;
  /** What was set aside is then brought in by itself, as far as it can be; otherwise it is offered. */
  readonly bring: boolean;
}

/** null: there is nothing to be done but what the person says. */
export function recoveryOf(sync: SyncState): Recovery | null {
  if (sync.kind === "access-changed") {
    if (!sync.copy) return null;
    return sync.role === null
      ? { keep: "gone", again: false, bring: false }
      : { keep: "lowered", again: true, bring: false };
  }
  if (sync.kind !== "refused") return null;
  switch (sync.reason) {
    case "busy":
    // The local copy has it, and keeps it for whose it is.
    case "otherAccount":
    case "loggedOut":
      return null;
    case "otherEpoch":
      return { keep: sync.copy ? "otherEpoch" : null, again: true, bring: false };
    case "forbidden":
      return sync.copy ? { keep: "forbidden", again: false, bring: false } : null;
    case "tooLarge":
    case "tooMany":
    case "malformed":
      return sync.copy ? { keep: sync.reason, again: true, bring: true } : null;
  }
}
