// Claims about looking through many texts at once.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fit } from "../text/fold";
import { Haystack, WORD } from "./haystack";

const found = (owners: readonly (readonly string[])[], wanted: string) => {
  const hits: [number, Fit][] = [];
  new Haystack(owners).find(wanted, (owner, fit) => hits.push([owner, fit]));
  return hits;
};

describe("a haystack", () => {
  it("tells whose text it is, and how it fits", () => {
    const owners = [[], ["york", "x"], [], [], ["newyork", `${WORD}york`], ["yorkshire"], []];
    expect(found(owners, "york")).toEqual([
      [1, "whole"],
      [4, "inside"],
      [4, "word"],
      [5, "start"],
    ]);
    expect(found(owners, "paris")).toEqual([]);
    expect(found(owners, "")).toEqual([]);
    expect(found([], "a")).toEqual([]);
  });

  it("finds what each text alone would find", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.array(word, { maxLength: 3 }), { maxLength: 8 }), word, (owners, wanted) => {
        fc.pre(wanted !== "");
        const expected = owners.flatMap((texts, i) => (texts.some((text) => text.includes(wanted)) ? [i] : []));
        expect([...new Set(found(owners, wanted).map(([owner]) => owner))]).toEqual(expected);
      }),
    );
  });
});
