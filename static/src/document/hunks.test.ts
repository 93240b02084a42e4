// Small splices between texts, and the merge of two texts that came from one: nothing that somebody typed is lost.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyAll, hunks, mergeTexts } from "./hunks";

const words = fc.array(fc.constantFrom("가나", "bus", " ", "\n", "🚌", "e\u0301", "10:30", ". "), { maxLength: 40 }).map((all) => all.join(""));

describe("hunks", () => {
  it("make the one text of the other", () => {
    fc.assert(fc.property(words, words, (a, b) => void expect(applyAll(a, hunks(a, b))).toBe(b)));
  });

  it("leave alone what is the same between two changes", () => {
    const before = "first line\nthe middle stays\nlast line\n";
    const found = hunks(before, "first new line\nthe middle stays\nlast line!\n");
    expect(found).toHaveLength(2);
    expect(found.every(({ remove }) => remove <= 5)).toBe(true);
  });

  it("never cut a character in half", () => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        for (const { index, remove, insert } of hunks(a, b))
          for (const part of [a.slice(0, index), a.slice(index + remove), insert]) expect(isWhole(part)).toBe(true);
      }),
    );
  });
});

describe("the merge of texts", () => {
  it("has what both typed", () => {
    const merged = applyAll("one two! three", mergeTexts("one two three", "zero one two three", "one two! three"));
    expect(merged).toBe("zero one two! three");
  });

  it("does not say twice what both sides have already", () => {
    const [base, mine] = ["one two three", "one and two three"];
    expect(mergeTexts(base, mine, mine)).toEqual([]);
    const theirs = "one and two three, four";
    expect(applyAll(theirs, mergeTexts(base, mine, theirs))).toBe(theirs);
  });

  it("takes nothing away where nobody knows what was there before", () => {
    fc.assert(
      fc.property(words, words, (mine, theirs) => {
        const merged = applyAll(theirs, mergeTexts(null, mine, theirs));
        expect(mergeTexts(null, mine, theirs).every(({ remove }) => remove === 0)).toBe(true);
        expect(isWithin(theirs, merged)).toBe(true);
        expect(isWithin(mine, merged)).toBe(true);
      }),
    );
  });

  it("loses no insertion of either side, whatever the other did", () => {
    fc.assert(
      fc.property(words, words, words, fc.nat(), fc.nat(), (base, x, y, i, j) => {
        const at = (text: string, n: number, add: string) => {
          const cut = [...text].slice(0, n % (text.length + 1)).join("");
          return cut + add + text.slice(cut.length);
        };
        const [mine, theirs] = [at(base, i, `<${x}>`), at(base, j, `{${y}}`)];
        const merged = applyAll(theirs, mergeTexts(base, mine, theirs));
        expect(isWithin(`<${x}>`, merged)).toBe(true);
        expect(isWithin(`{${y}}`, merged)).toBe(true);
      }),
    );
  });
});

/** UTF-8 has no way to write half a character. */
function isWhole(text: string): boolean {
  return new TextDecoder().decode(new TextEncoder().encode(text)) === text;
}

/** Whether all characters of a text are in another one, in their order. */
function isWithin(text: string, whole: string): boolean {
  let at = 0;
  for (const unit of whole) if (unit === [...text][at]) at += 1;
  return at >= [...text].length;
}
