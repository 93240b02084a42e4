// Claims about values that stay what they were.
import { describe, expect, it } from "vitest";
import { sameList, sameMap, sameSet, steady } from "./steady";

describe("steady", () => {
  it("gives the old value until a new one says something else", () => {
    const keep = steady<readonly number[]>(sameList);
    const first = [1, 2];
    expect(keep(first)).toBe(first);
    expect(keep([1, 2])).toBe(first);
    expect(keep([1, 3])).toEqual([1, 3]);
    expect(keep([])).toEqual([]);
  });
  it("tells maps, sets and lists of lists apart by what they hold", () => {
    expect(sameMap(new Map([["a", 1]]), new Map([["a", 1]]))).toBe(true);
    expect(sameMap(new Map([["a", 1]]), new Map([["b", 1]]))).toBe(false);
    expect(sameMap(new Map([["a", [1]]]), new Map([["a", [1]]]), (a, b) => sameList(a, b))).toBe(true);
    expect(sameSet(new Set([1]), new Set([2]))).toBe(false);
    expect(sameList([[1]], [[1]], (a, b) => sameList(a, b))).toBe(true);
    expect(sameList([[1]], [[1, 2]], (a, b) => sameList(a, b))).toBe(false);
  });
});
