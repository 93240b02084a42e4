// Claims about how people are drawn.
import { describe, expect, it } from "vitest";
import { initial, inkOn } from "./person";

describe("initial", () => {
  it("takes a whole Hangul syllable, also one made of separate jamo", () => {
    expect(initial("지원")).toBe("지");
    expect(initial("지원".normalize("NFD")).normalize("NFC")).toBe("지");
  });
  it("takes a whole emoji", () => expect(initial("👩‍🚀 Ada")).toBe("👩‍🚀"));
  it("raises a small Latin letter", () => expect(initial("ada")).toBe("A"));
  it("shows a question mark for nobody", () => expect(initial("  ")).toBe("?"));
});

describe("inkOn", () => {
  it("is white on a dark colour and dark on a light one", () => {
    expect(inkOn("#1d4ed8")).toBe("#ffffff");
    expect(inkOn("#fde68a")).toBe("#14201d");
  });
});
