// Claims about the keyboard on the board.
import { describe, expect, it } from "vitest";
import { carry, command, keysText, select, SHORTCUTS, type Column, type Key } from "./keyboard";

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
  const ctrl = (typed: string, code: string, over: Partial<Key> = {}) =>
    command(key({ key: typed, code, ctrlKey: true, ...over }), "board");

  it.each([
    ["QWERTY", "z", "KeyZ", "undo"],
    ["QWERTZ", "z", "KeyY", "undo"],
    ["QWERTZ", "y", "KeyZ", "redo"],
    ["AZERTY", "z", "KeyW", "undo"],
    ["AZERTY", "w", "KeyZ", null],
    ["Dvorak", "z", "Slash", "undo"],
    ["Dvorak", ";", "KeyZ", null],
    ["Dvorak", "s", "Semicolon", "save"],
    ["Hangul", "ㅋ", "KeyZ", "undo"],
    ["Hangul", "ㅛ", "KeyY", "redo"],
    ["Cyrillic", "я", "KeyZ", "undo"],
    ["Cyrillic", "н", "KeyY", "redo"],
    ["Greek", "ζ", "KeyZ", "undo"],
    ["Arabic", "ئ", "KeyZ", "undo"],
    ["Hebrew", "ז", "KeyZ", "undo"],
    ["Thai", "\u0e31", "KeyY", "redo"],
    ["Kana", "つ", "KeyZ", "undo"],
    ["full-width Latin", "ｚ", "KeyZ", "undo"],
    ["Turkish F", "ğ", "KeyE", null],
    ["Turkish Q", "ı", "KeyI", null],
    ["CapsLock", "Z", "KeyZ", "undo"],
    ["a dead key", "Dead", "KeyZ", null],
    ["a key without a name", "Unidentified", "KeyZ", "undo"],
  ])("reads %s: Ctrl with %s at %s is %s", (_layout, typed, code, wanted) =>
    expect(ctrl(typed, code)).toBe(wanted),
  );

  it("reads plain letters likewise", () => {
    expect(command(key({ key: "ㅡ", code: "KeyM" }), "board")).toBe("move");
    expect(command(key({ key: ",", code: "KeyM" }), "board")).toBeNull();
    expect(command(key({ key: "m", code: "Semicolon" }), "board")).toBe("move");
    expect(command(key({ key: "M", code: "KeyM" }), "board")).toBe("move");
    expect(command(key({ key: "لا", code: "KeyB" }), "board")).toBeNull();
  });

  it("takes signs by what is typed, wherever the layout has them", () => {
    expect(command(key({ key: "/", code: "Digit7", shiftKey: true }), "board")).toBe("search");
    expect(command(key({ key: "?", code: "Minus", shiftKey: true }), "board")).toBe("help");
    expect(command(key({ key: "؟", code: "Slash", shiftKey: true }), "board")).toBe("help");
    expect(command(key({ key: "？", code: "Slash", shiftKey: true }), "board")).toBe("help");
  });

  it("leaves characters of AltGr, Ctrl+Alt and Option alone", () => {
    const altGr = { getModifierState: (name: string) => name === "AltGraph" };
    for (const focus of ["board", "shared", "field", "control"] as const) {
      expect(command(key({ key: "ś", code: "KeyS", ctrlKey: true, altKey: true }), focus)).toBeNull();
      expect(command(key({ key: "s", code: "KeyS", ctrlKey: true, altKey: true }), focus)).toBeNull();
      expect(command(key({ key: "€", code: "KeyE", ...altGr }), focus)).toBeNull();
      expect(command(key({ key: "ś", code: "KeyS", ctrlKey: true, ...altGr }), focus)).toBeNull();
      expect(command(key({ key: "µ", code: "KeyM", altKey: true }), focus, true)).toBeNull();
      expect(command(key({ key: "Ω", code: "KeyZ", altKey: true, metaKey: true }), focus, true)).toBeNull();
    }
  });

  it("never takes a key of a composition", () => {
    for (const { key: name } of SHORTCUTS) {
      expect(command(key({ key: name, isComposing: true }), "board")).toBeNull();
      expect(command(key({ key: name, keyCode: 229 }), "board")).toBeNull();
    }
    expect(command(key({ key: "Process", code: "KeyM" }), "board")).toBeNull();
  });

  it("leaves letters to texts; undo is the field's own but in a text that all share", () => {
    const undo = key({ key: "z", code: "KeyZ", ctrlKey: true });
    const redo = key({ key: "y", code: "KeyY", ctrlKey: true });
    const shifted = key({ key: "Z", code: "KeyZ", ctrlKey: true, shiftKey: true });
    for (const focus of ["shared", "field", "control"] as const) {
      expect(command(key({ key: "m", code: "KeyM" }), focus)).toBeNull();
      expect(command(key({ key: "Backspace", code: "Backspace" }), focus)).toBeNull();
      expect(command(key({ key: "s", code: "KeyS", ctrlKey: true }), focus)).toBe("save");
    }
    expect([undo, redo, shifted].map((one) => command(one, "field"))).toEqual([null, null, null]);
    for (const focus of ["shared", "control", "board"] as const) {
      expect([undo, redo, shifted].map((one) => command(one, focus))).toEqual(["undo", "redo", "redo"]);
    }
  });

  it("takes ⌘ on a Mac and leaves Ctrl to its text fields", () => {
    expect(command(key({ key: "z", code: "KeyZ", metaKey: true }), "shared", true)).toBe("undo");
    expect(command(key({ key: "y", code: "KeyY", ctrlKey: true }), "shared", true)).toBeNull();
  });
});

describe("keysText", () => {
  it("says what is written on the keyboard at hand", () => {
    expect(["undo", "redo", "save", "trash"].map((one) => keysText(one as "undo", true))).toEqual([
      "⌘Z",
      "⇧⌘Z",
      "⌘S",
      "Del",
    ]);
    expect(["undo", "redo", "save", "pick"].map((one) => keysText(one as "undo", false))).toEqual([
      "Ctrl+Z",
      "Ctrl+Shift+Z",
      "Ctrl+S",
      "Space",
    ]);
  });
});
