// Claims about the direction of texts.
import { describe, expect, it } from "vitest";
import { isolated, withoutSteering } from "./bidi";

describe("withoutSteering", () => {
  it("takes out what phones put around names and numbers", () => {
    expect(withoutSteering("\u2068דנה\u2069 \u202a+972 50\u202c")).toBe("דנה +972 50");
  });
  it("leaves letters, marks, joiners and emoji alone", () => {
    for (const text of ["שָׁלוֹם", "می\u200cخواهم", "👩‍👩‍👧", "مرحبا!", "서울"]) expect(withoutSteering(text)).toBe(text);
  });
});

describe("isolated", () => {
  it("fences a name that runs from right to left, and no other", () => {
    expect(isolated("שלום!")).toBe("\u2068שלום!\u2069");
    expect(isolated("مرحبا")).toBe("\u2068مرحبا\u2069");
    expect(isolated("\u{1e900}")).toBe("\u2068\u{1e900}\u2069");
    for (const text of ["Mina", "지우", "東京", "12"]) expect(isolated(text)).toBe(text);
  });
});
