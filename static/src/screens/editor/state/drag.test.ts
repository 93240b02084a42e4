// Claims about the geometry of dragging.
import { describe, expect, it } from "vitest";
import { edgeScroll, gapAt, movedBy, type Lane } from "./drag";

const card = (id: string, top: number) => ({ id, box: { left: 0, right: 280, top, bottom: top + 60 } });
const lanes: Lane[] = [
  { day: null, box: { left: 0, right: 280, top: 0, bottom: 600 }, cards: () => [] },
  {
    day: "d1",
    box: { left: 300, right: 580, top: 0, bottom: 600 },
    cards: () => [card("a", 50), card("b", 120), card("c", 190)],
  },
];

describe("gapAt", () => {
  it("falls before a card above its middle and after it below", () => {
    expect(gapAt(lanes, { x: 400, y: 79 }, "x")).toEqual({ day: "d1", index: 0 });
    expect(gapAt(lanes, { x: 400, y: 81 }, "x")).toEqual({ day: "d1", index: 1 });
  });
  it("does not count the card that is dragged", () => {
    expect(gapAt(lanes, { x: 400, y: 400 }, "b")).toEqual({ day: "d1", index: 2 });
  });
  it("falls into an empty tray", () =>
    expect(gapAt(lanes, { x: 20, y: 300 }, "a")).toEqual({ day: null, index: 0 }));
  it("still means the nearest lane between two", () => {
    expect(gapAt(lanes, { x: 296, y: 20 }, "x")?.day).toBe("d1");
    expect(gapAt(lanes, { x: 284, y: 20 }, "x")?.day).toBe(null);
  });
  it("means none far away from all", () => expect(gapAt(lanes, { x: 900, y: 20 }, "x")).toBeNull());
});

describe("edgeScroll", () => {
  const box = { left: 0, right: 1000, top: 0, bottom: 500 };
  it("rests in the middle", () => expect(edgeScroll(box, { x: 500, y: 250 })).toEqual({ x: 0, y: 0 }));
  it("is faster the nearer the edge", () => {
    expect(edgeScroll(box, { x: 999, y: 250 }).x).toBeGreaterThan(edgeScroll(box, { x: 950, y: 250 }).x);
    expect(edgeScroll(box, { x: 1, y: 250 }).x).toBeLessThan(0);
  });
  it("has a top speed outside the box too", () => expect(edgeScroll(box, { x: 5000, y: 250 }).x).toBe(18));
});

describe("movedBy", () => {
  it("is the straight distance", () => expect(movedBy({ x: 0, y: 0 }, { x: 3, y: 4 })).toBe(5));
});
