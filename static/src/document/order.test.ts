// Order keys: comparison as bytes, the n-th key, and drops that always land where they were dropped.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareBytes, compareKeyed, keyAfter, nthKey, place, type Keyed } from "./order";

describe("keys", () => {
  it("compare as their UTF-8 bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareBytes(a, b))).toBe(expected);
      }),
    );
    expect(compareBytes("\uffff", "😀")).toBeLessThan(0);
  });

  it("count on from a0", () => {
    expect([0, 1, 9, 10, 35, 36, 61, 62, 63, 365].map(nthKey)).toEqual([
      "a0",
      "a1",
      "a9",
      "aA",
      "aZ",
      "aa",
      "az",
      "b00",
      "b01",
      "b4t",
    ]);
  });

  it("after the last are greater, whatever the last is", () => {
    fc.assert(
      fc.property(fc.string(), (key) => void expect(compareBytes(key, keyAfter(key))).toBeLessThan(0)),
    );
    expect([keyAfter(null), keyAfter("a0"), keyAfter("az")]).toEqual(["a0", "a1", "b00"]);
  });
});

/** What a list looks like after the keys were written. */
function apply(list: readonly Keyed[], keys: ReadonlyMap<string, string>, id: string): string[] {
  const next = [...list, { id, key: "" }].map((item) => ({ ...item, key: keys.get(item.id) ?? item.key }));
  return next.sort(compareKeyed).map((item) => item.id);
}

describe("a drop", () => {
  it("between two keys writes one", () => {
    const list = [
      { id: "x", key: "a0" },
      { id: "y", key: "a1" },
    ];
    expect(place(list, "new", "x").size).toBe(1);
  });

  it("into a run of equal keys gives the run new ones", () => {
    const list = ["p", "q", "r"].map((id) => ({ id, key: "a5" }));
    const keys = place([{ id: "o", key: "a4" }, ...list, { id: "s", key: "a6" }], "new", "q");
    expect([...keys.keys()]).toEqual(["p", "q", "new", "r"]);
  });

  it("lands where it was dropped, in any list, however odd its keys", () => {
    const key = fc.oneof(
      fc.constantFrom("a0", "a1", "a1", "a1", "a00", "", "zz", "~", "가", "A", "Zz", "a0V"),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(key, { maxLength: 12 }), fc.nat(12), (keys, position) => {
        const list = keys
          .map((each, i) => ({ id: `c${String(i).padStart(2, "0")}`, key: each }))
          .sort(compareKeyed);
        const gap = Math.min(position, list.length);
        const after = list[gap - 1]?.id ?? null;
        const wanted = list.map(({ id }) => id);
        wanted.splice(gap, 0, "new");
        expect(apply(list, place(list, "new", after), "new")).toEqual(wanted);
      }),
      { numRuns: 2_000 },
    );
  });

  it("a thousand times at one spot keeps keys short", () => {
    let list: Keyed[] = [
      { id: "first", key: "a0" },
      { id: "last", key: "a1" },
    ];
    for (let i = 0; i < 1_000; i++) {
      const keys = place(list, `n${i}`, "first");
      list = [...list, { id: `n${i}`, key: keys.get(`n${i}`) ?? "" }].sort(compareKeyed);
    }
    expect(Math.max(...list.map(({ key }) => key.length))).toBeLessThan(600);
  });
});
