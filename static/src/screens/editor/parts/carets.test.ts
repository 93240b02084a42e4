// Claims about peers' carets.
import { describe, expect, it } from "vitest";
import { cutAtCarets } from "./carets";

const caret = (head: number) => ({
  client: head,
  user: { id: "u", name: "U", color: "#000000" },
  anchor: head,
  head,
});
const drawn = (text: string, heads: number[]) =>
  cutAtCarets(text, heads.map(caret))
    .map((part) => part.text ?? "|")
    .join("");

describe("cutAtCarets", () => {
  it("puts each caret where its person is", () => expect(drawn("안녕하세요", [5, 2])).toBe("안녕|하세요|"));
  it("holds a caret beyond the end at the end", () => expect(drawn("ab", [9])).toBe("ab|"));
  it("shows two carets in one place", () => expect(drawn("ab", [1, 1])).toBe("a||b"));
  it("shows a caret in an empty text", () => expect(drawn("", [0])).toBe("|"));
});
