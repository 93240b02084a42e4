// Bringing a large copy in: how long the page is held up at a time, and how much goes over the wire in one message.
import * as Y from "yjs";
import { describe, expect, it } from "vitest";
import { bringIn, type MergePort } from "./merge";
import { DEFAULT_LIMITS } from "./remake";

const CARDS = 2_000;
/** A person takes half a second for a hitch, and more for a standstill; the machine may be busy with others. */
const MOST_MS = 1_500;

function tripOf(cards: number): Uint8Array {
  const doc = new Y.Doc();
  doc.transact(() => {
    for (let n = 0; n < cards; n++) {
      const card = new Y.Map<unknown>(Object.entries({ kind: "note", at: [null, `a${n}`], del: null, when: null }));
      card.set("title", new Y.Text(`card ${n}`));
      card.set("note", new Y.Text("가나다라 ".repeat(20)));
      doc.getMap("cards").set(`id${n}`, card);
    }
  });
  return Y.encodeStateAsUpdate(doc);
}

describe("2 000 cards", () => {
  it("go in by small messages, and the page is never held up for long", async () => {
    const live = new Y.Doc();
    const sizes: number[] = [];
    let [longest, since] = [0, performance.now()];
    const port: MergePort = {
      limits: DEFAULT_LIMITS,
      encode: () => Y.encodeStateAsUpdate(live),
      submit: async (update) => {
        sizes.push(update.length);
        longest = Math.max(longest, performance.now() - since);
        await new Promise((resolve) => setTimeout(resolve, 0));
        since = performance.now();
        return { is: "stored" };
      },
      adopt: (update) => Y.applyUpdate(live, update),
      follow: (run) => {
        live.on("update", run);
        return () => live.off("update", run);
      },
    };
    expect(await bringIn(port, { state: tripOf(CARDS), base: null })).toBeNull();
    expect(live.getMap("cards").size).toBe(CARDS);
    expect(Math.max(...sizes)).toBeLessThan(DEFAULT_LIMITS.update);
    expect(longest).toBeLessThan(MOST_MS);
  });
});
