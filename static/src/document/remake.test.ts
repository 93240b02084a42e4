// Changes made again in a document that has room for some of them: each goes whole, or stays as it was typed.
import * as Y from "yjs";
import { describe, expect, it } from "vitest";
import { describe as inWords } from "./difference";
import { pictureOf } from "./picture";
import { DEFAULT_LIMITS, remake, Room } from "./remake";

function made(base: string, mine: string, theirs: string, most: number): { text: string; left: string[]; later: string } {
  const doc = new Y.Doc();
  const desc = doc.getText("desc");
  desc.insert(0, theirs);
  const left = remake(doc, { kind: "text", root: "desc", base, mine }, new Room(doc, { ...DEFAULT_LIMITS, text: most }));
  const text = desc.toJSON();
  const words = left.map(({ change, reason }) => inWords(change, pictureOf(doc), reason).detail);
  // Once there is room.
  left.forEach(({ change }) => remake(doc, change, null));
  return { text, left: words, later: desc.toJSON() };
}

describe("a text without room", () => {
  it("keeps a word whose new form does not fit, which is listed whole and comes in its place later", () => {
    const done = made("at ten", "at 10:30 sharp", "at ten", 8);
    expect(done).toEqual({ text: "at ten", left: ["10:30 sharp"], later: "at 10:30 sharp" });
  });

  it("that was too long before takes what makes it no longer", () => {
    expect(made("b669.20. and more", "b669.21. and more", "b669.20. and more", 10)).toMatchObject({ text: "b669.21. and more", left: [] });
    expect(made("b669.20. and more", "b669.21. and more or less", "b669.20. and more", 10)).toEqual({
      text: "b669.21. and more",
      left: [" or less"],
      later: "b669.21. and more or less",
    });
  });

  it("has it again after what is deleted, or becomes shorter", () => {
    expect(made("a long word, and one", "a long word, and one two", "a long word, and one", 20).left).toEqual([" two"]);
    expect(made("a long word, and one", "a word, and one two", "a long word, and one", 20)).toMatchObject({ text: "a word, and one two", left: [] });
    expect(made("one at the longest", "onetwothree at the short", "one at the longest", 24)).toMatchObject({ text: "onetwothree at the short", left: [] });
  });
});
