// Small splices between texts: of whole words, so that each can be taken, left and read by itself.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyAll, hunks, says } from "./hunks";

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

  it("are whole words, numbers and emoji", () => {
    for (const [before, after, remove, insert] of [
      ["at 10:30 or so", "at 10:45 or so", "10:30", "10:45"],
      ["b669.20. 가가", "b669.21. 가가", "b669.20.", "b669.21."],
      ["go 👩🏽 go", "go 👩🏿 go", "👩🏽", "👩🏿"],
      ["🇰🇷 trip", "🇰🇵 trip", "🇰🇷", "🇰🇵"],
      ["明天去北京", "明天去南京", "北京", "南京"],
      ["10時30分に着く", "10時45分に着く", "10時30分", "10時45分"],
      ["cafe\u0301", "cafe\u0300", "cafe\u0301", "cafe\u0300"],
    ] as const)
      expect(hunks(before, after)).toEqual([{ index: before.indexOf(remove), remove: remove.length, insert }]);
  });

  it("add only what was typed on", () => {
    expect(hunks("see the mus", "see the museum")).toEqual([{ index: 11, remove: 0, insert: "eum" }]);
    expect(hunks("see the museum", "see the mus")).toEqual([{ index: 11, remove: 3, insert: "" }]);
    expect(hunks("room 1", "room 12")).toEqual([{ index: 5, remove: 1, insert: "12" }]);
  });

  it("are one where few words stayed by chance within what was written anew", () => {
    expect(hunks("we go by bus to Busan", "they drive to Jeju to stay")).toHaveLength(1);
    expect(hunks("one TWO three four five SIX", "one two three four five six")).toHaveLength(2);
  });

  it("find the same lines among lines that are all alike", () => {
    const lines = (at: number) => Array.from({ length: 9 }, (_, i) => (i === at || i === at + 4 ? `- [x] ${at}\n` : "- [ ] \n")).join("");
    expect(hunks(lines(20), lines(2))).toHaveLength(2);
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

describe("a text", () => {
  it("says what another one says only if no word or number of it is missing", () => {
    for (const part of ["", "bus", "the bus", "see the", "see the museum"]) expect(says("see the bus or museum", part), part).toBe(true);
    for (const part of ["train", "see a bus"]) expect(says("see the bus or museum", part), part).toBe(false);
    expect(says("see the museum", "see the mus")).toBe(true);
    expect(says("12000 won", "1200 won")).toBe(false);
  });
});

/** UTF-8 has no way to write half a character. */
function isWhole(text: string): boolean {
  return new TextDecoder().decode(new TextEncoder().encode(text)) === text;
}
