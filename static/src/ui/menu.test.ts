// Claims about the keyboard in menus.
import { describe, expect, it } from "vitest";
import { nextItem } from "./menu";

const texts = ["Rename", "Archive", "Remove", "삭제"];

describe("nextItem", () => {
  it("goes round at both ends", () => {
    expect(nextItem(texts, 3, "ArrowDown")).toBe(0);
    expect(nextItem(texts, 0, "ArrowUp")).toBe(3);
  });
  it("starts at the first, or with up at the last", () => {
    expect(nextItem(texts, -1, "ArrowDown")).toBe(0);
    expect(nextItem(texts, -1, "ArrowUp")).toBe(3);
  });
  it("goes through the items of one letter in turn", () => {
    expect(nextItem(texts, 0, "r")).toBe(2);
    expect(nextItem(texts, 2, "r")).toBe(0);
  });
  it("goes to an item by its first letter, with or without accents, in Hangul too", () => {
    expect(nextItem(["Änderung", "삭제"], -1, "a")).toBe(0);
    expect(nextItem(["Änderung", "삭제"], -1, "ㅅ")).toBe(1);
    expect(nextItem(["Änderung", "삭제"], -1, "?")).toBeNull();
  });
  it("leaves other keys alone", () => {
    expect(nextItem(texts, 0, "Enter")).toBeNull();
    expect(nextItem([], -1, "ArrowDown")).toBeNull();
  });
});
