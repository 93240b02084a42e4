// A server for merges that takes everything, and says what came in each message.
import * as Y from "yjs";
import type { MergePort } from "./merge";
import { DEFAULT_LIMITS } from "./remake";

export interface Message {
  readonly bytes: number;
  /** Entries of the document's maps that it sets. */
  readonly changes: number;
}

export function countingPort(): { port: MergePort; live: Y.Doc; messages: Message[] } {
  const live = new Y.Doc();
  const messages: Message[] = [];
  const roots = ["cards", "days"].map((root) => live.getMap(root));
  let changes = 0;
  for (const root of roots) root.observe(({ keysChanged }) => void (changes += keysChanged.size));
  const port: MergePort = {
    limits: DEFAULT_LIMITS,
    encode: () => Y.encodeStateAsUpdate(live),
    submit: (update) => {
      messages.push({ bytes: update.length, changes: 0 });
      return Promise.resolve({ is: "stored" });
    },
    adopt: (update) => {
      changes = 0;
      Y.applyUpdate(live, update);
      messages.push({ bytes: messages.pop()?.bytes ?? 0, changes });
    },
    follow: (run) => {
      live.on("update", run);
      return () => live.off("update", run);
    },
  };
  return { port, live, messages };
}
