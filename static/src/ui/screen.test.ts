// Claims about the on-screen keyboard.
import { describe, expect, it } from "vitest";
import { keyboardOf } from "./screen";

const seen = (height: number, over = {}) => ({
  offsetLeft: 0,
  offsetTop: 0,
  width: 390,
  height,
  scale: 1,
  ...over,
});

describe("keyboardOf", () => {
  it("is what the keyboard covers", () => expect(keyboardOf(844, seen(508))).toBe(336));
  it("is less where the browser moved the page up for the field", () =>
    expect(keyboardOf(844, seen(508, { offsetTop: 100 }))).toBe(236));
  it("is nothing for a bar of the browser, nor while the page is zoomed", () => {
    expect(keyboardOf(844, seen(788))).toBe(0);
    expect(keyboardOf(844, seen(422, { scale: 2 }))).toBe(0);
  });
});
