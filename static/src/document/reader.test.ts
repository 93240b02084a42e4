// The reader's memory: what did not change keeps its identity, and an edit costs what it touched.
import { describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { filled } from "./filled.test-support";
import { TripReader } from "./reader";

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

  it("reads one card again after an edit of it among 2 000", () => {
    const doc = filled(2_000, 30);
    const reader = new TripReader(doc);
    reader.watch(() => undefined);
    reader.projection();
    const get = vi.spyOn(Y.Map.prototype, "get");
    card(doc, "c7").set("dur", 90);
    reader.projection();
    const read = new Set(get.mock.contexts.filter((map) => (map as Y.Map<unknown>).parent === doc.getMap("cards")));
    get.mockRestore();
    expect([...read]).toEqual([card(doc, "c7")]);
  });
});
