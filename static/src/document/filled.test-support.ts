// A trip with so many cards on so many days, for tests and benchmarks.
import * as Y from "yjs";
import { nthKey } from "./order";

export function filled(cards: number, days: number): Y.Doc {
  const doc = new Y.Doc();
  doc.transact(() => {
    for (let n = 0; n < days; n++) doc.getMap("days").set(`d${n + 1}`, { ord: nthKey(n) });
    for (let n = 0; n < cards; n++) {
      const card = new Y.Map<unknown>();
      const place = { src: "x", id: String(n), name: `곳 ${n}`, lat: 33 + n / 10_000, lng: 126 };
      const fields = {
        kind: "place",
        at: [`d${(n % days) + 1}`, nthKey(n)],
        title: new Y.Text(`카드 ${n}`),
        note: new Y.Text("글"),
        place,
        del: null,
      };
      for (const [key, value] of Object.entries(fields)) card.set(key, value);
      doc.getMap("cards").set(`c${n}`, card);
    }
  });
  return doc;
}

export const stateOf = (doc: Y.Doc): Uint8Array => Y.encodeStateAsUpdate(doc);
