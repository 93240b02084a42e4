// The reader's memory: what did not change keeps its identity, and an edit costs what it touched.
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { fastest } from "../fastest.test-support";
import { nthKey } from "./order";
import { TripReader } from "./reader";

function filled(cards: number, days: number): Y.Doc {
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

const card = (doc: Y.Doc, id: string) => doc.getMap("cards").get(id) as Y.Map<unknown>;

describe("a reader", () => {
  it("gives the same objects for what did not change", () => {
    const doc = filled(20, 2);
    const reader = new TripReader(doc);
    reader.watch(() => undefined);
    const before = reader.projection();
    (card(doc, "c0").get("title") as Y.Text).insert(0, "새 ");
    const after = reader.projection();
    expect(after.days[0]).not.toBe(before.days[0]);
    expect(after.days[0]?.cards[0]?.title).toBe("새 카드 0");
    expect(after.days[0]?.cards[1]).toBe(before.days[0]?.cards[1]);
    expect(after.days[1]).toBe(before.days[1]);
    expect(after.tray).toBe(before.tray);
  });

  it("gives the same lost card while it stays lost", () => {
    const doc = filled(3, 1);
    const reader = new TripReader(doc);
    reader.watch(() => undefined);
    doc.getMap("days").delete("d1");
    const before = reader.projection().tray;
    doc.getMap("meta").set("cur", "KRW");
    expect(reader.projection().tray).toBe(before);
    expect(before.every(({ lost }) => lost)).toBe(true);
  });

  it("says who changed the document, and is quiet when nothing of it changed", () => {
    const doc = filled(1, 1);
    const reader = new TripReader(doc);
    const origins: unknown[] = [];
    const stop = reader.watch((origin) => origins.push(origin));
    doc.transact(() => doc.getMap("meta").set("tz", "Asia/Seoul"), "me");
    doc.transact(() => undefined, "nothing");
    stop();
    doc.getMap("meta").set("tz", "Asia/Tokyo");
    expect(origins).toEqual(["me"]);
  });

  it("takes under 25 ms for one edit among 2 000 cards", () => {
    const doc = filled(2_000, 30);
    const reader = new TripReader(doc);
    reader.watch(() => undefined);
    reader.projection();
    let n = 0;
    const time = fastest(15, () => {
      card(doc, `c${n * 7}`).set("dur", ++n);
      reader.projection();
    });
    expect(time).toBeLessThan(25);
  });
});
