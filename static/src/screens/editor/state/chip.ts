// What the sync chip says: the truth of the connection in the product's words.
import type { MessageKey } from "../../../i18n";
import { isHalt } from "../../../document";
import type { SyncState } from "../../../document/types";

export interface Chip {
  tone: "good" | "busy" | "warn" | "bad" | "plain";
  text: Extract<MessageKey, `sync.${string}`>;
  /** Edits that are on this device only. */
  count: number;
}

export function chipOf(sync: SyncState): Chip {
  switch (sync.kind) {
    case "saved":
      return { tone: "good", text: "sync.saved", count: 0 };
    case "saving":
      return { tone: "busy", text: "sync.saving", count: sync.changes };
    case "offline":
      return {
        tone: "warn",
        text: sync.changes > 0 ? "sync.offlineChanges" : "sync.offline",
        count: sync.changes,
      };
    case "reconnecting":
      return { tone: "busy", text: "sync.reconnecting", count: sync.changes };
    case "readonly":
      return { tone: "plain", text: "sync.readonly", count: 0 };
    case "access-changed":
      return { tone: "bad", text: "sync.accessChanged", count: 0 };
    case "refused":
      return { tone: "bad", text: "sync.refused", count: 0 };
  }
}

/** Whether it was opened for somebody who is not logged in here any more. */
export function isHalted(sync: SyncState): boolean {
  return sync.kind === "refused" && isHalt(sync.reason);
}

/** Whether the person can go on here at all, or only carry their copy away. */
export function stopped(sync: SyncState): boolean {
  return sync.kind === "refused" || (sync.kind === "access-changed" && sync.role === null);
}
