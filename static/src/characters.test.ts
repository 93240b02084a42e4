// Claims about characters, by the same examples as those that the server is held to.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cut, isInvisible, isVisible, lengthOf, visible } from "./characters";

interface Golden {
  readonly lengths: readonly [string, number][];
  readonly cuts: readonly [string, number, string][];
  readonly visible: readonly [string, string][];
  readonly invisible: readonly [number, number][];
}

const golden = JSON.parse(readFileSync(join(process.cwd(), "../tests/golden/texts.json"), "utf8")) as Golden;

describe("characters", () => {
  it("are what people take for one", () => {
    for (const [text, count] of golden.lengths) expect(lengthOf(text), text).toBe(count);
  });
  it("are not cut in half", () => {
    for (const [text, most, rest] of golden.cuts) expect(cut(text, most), `${text} ${most}`).toBe(rest);
  });
  it("that nobody sees are taken off the ends", () => {
    for (const [text, rest] of golden.visible) {
      expect(visible(text), JSON.stringify(text)).toBe(rest);
      expect(isVisible(text)).toBe(rest !== "");
      expect(visible(rest), "again").toBe(rest);
    }
  });
  it("are invisible as the server says, each one of Unicode", () => {
    const ranges = golden.invisible;
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const expected = ranges.some(([first, last]) => first <= point && point <= last);
      if (isInvisible(String.fromCodePoint(point)) !== expected)
        throw new Error(`U+${point.toString(16)} is ${expected ? "" : "not "}invisible`);
    }
  });
});
