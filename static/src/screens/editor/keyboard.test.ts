// Claims about the keyboard on the board.
import { describe, expect, it } from "vitest";
import { carry, command, select, type Column, type Key } from "./keyboard";

const columns: Column[] = [
  { day: null, cards: ["i1"] },
  { day: "d1", cards: ["a", "b", "c"] },
  { day: "d2", cards: [] },
  { day: "d3", cards: ["x"] },
];
const key = (over: Partial<Key>): Key => ({
  key: "",
  code: "",
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  isComposing: false,
  keyCode: 0,
  ...over,
});

describe("select", () => {
  it("starts with the first card there is", () => expect(select(columns, null, "ArrowDown")).toBe("i1"));
  it("stops at the ends of a column", () => {
    expect(select(columns, "c", "ArrowDown")).toBe("c");
    expect(select(columns, "a", "ArrowUp")).toBe("a");
  });
  it("passes over empty columns and keeps its height where it can", () => {
    expect(select(columns, "c", "ArrowRight")).toBe("x");
    expect(select(columns, "x", "ArrowLeft")).toBe("a");
  });
});

describe("carry", () => {
  it("moves by one gap and stops at the ends", () => {
    expect(carry(columns, "c", { column: 1, index: 2 }, "ArrowDown")).toEqual({ column: 1, index: 2 });
    expect(carry(columns, "c", { column: 1, index: 2 }, "ArrowUp")).toEqual({ column: 1, index: 1 });
  });
  it("enters empty columns too", () => {
    expect(carry(columns, "b", { column: 1, index: 1 }, "ArrowRight")).toEqual({ column: 2, index: 0 });
  });
  it("stays on the board", () => {
    expect(carry(columns, "i1", { column: 0, index: 0 }, "ArrowLeft")).toEqual({ column: 0, index: 0 });
  });
});

describe("command", () => {
  it("goes by the key's place, so that a Hangul layout changes nothing", () => {
    expect(command(key({ key: "ㅡ", code: "KeyM" }), false)).toBe("move");
  });
  it("never takes a key of a composition", () => {
    expect(command(key({ key: "Enter", isComposing: true }), false)).toBeNull();
    expect(command(key({ key: "Process", code: "KeyM", keyCode: 229 }), false)).toBeNull();
  });
  it("leaves letters and undo to a text field, but not ⌘S", () => {
    expect(command(key({ key: "m", code: "KeyM" }), true)).toBeNull();
    expect(command(key({ key: "z", code: "KeyZ", metaKey: true }), true)).toBeNull();
    expect(command(key({ key: "s", code: "KeyS", ctrlKey: true }), true)).toBe("save");
  });
  it("tells undo from redo", () => {
    expect(command(key({ code: "KeyZ", metaKey: true }), false)).toBe("undo");
    expect(command(key({ code: "KeyZ", metaKey: true, shiftKey: true }), false)).toBe("redo");
  });
});
