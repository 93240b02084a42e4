// Pieces of texts: nothing that people read as one thing is cut, in any script.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { charactersOf } from "../characters";
import { areLongRuns, finePiecesOf, mayPart, piecesOf, runTogether } from "./words";

const parts = ["가나", "각", "bus", " ", "  ", "\n", "\r\n", "🚌", "👩🏽\u200d🚀", "🏽", "🇰🇷", "🇯", "e\u0301", "\u0301", "\u200d", "3\ufe0f\u20e3", "10:30", "₩12,000", ". ", "東京", "が", "か\u3099", "ไป", "ำ", "十時", "30分", "、", "\ufffc", "\u0600"];
const texts = fc.array(fc.constantFrom(...parts), { maxLength: 20 }).map((all) => all.join(""));

const boundaries = (all: readonly string[]) => {
  let at = 0;
  return all.map((one) => (at += one.length));
};

describe("the pieces of a text", () => {
  it("are all of it, and cut no character", () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const pieces of [piecesOf(text), finePiecesOf(text)]) {
          expect(pieces.join("")).toBe(text);
          const ends = new Set(boundaries(charactersOf(text)));
          // What stands for something that is no character is by itself, whatever follows it.
          const cut = boundaries(pieces).filter((at) => !ends.has(at) && text[at - 1] !== "\ufffc" && text[at] !== "\ufffc");
          expect(cut).toEqual([]);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["words with what stands at them", "Meet at ten, ok?", ["Meet", " ", "at", " ", "ten,", " ", "ok?"]],
    ["times and amounts", "10:30-11:00 ₩12,000", ["10:30-11:00", " ", "₩12,000"]],
    ["an address", "see https://a.b/c?d=1&e=2", ["see", " ", "https://a.b/c?d=1&e=2"]],
    ["lines", "a\r\nb\n\nc", ["a", "\r\n", "b", "\n", "\n", "c"]],
    ["Korean", "서울역에서 10시 30분", ["서울역에서", " ", "10시", " ", "30분"]],
    ["Japanese, with its times whole", "10時30分に東京へ", ["10時30分", "に", "東京", "へ"]],
    ["numbers in its own digits", "十時三十分に着く", ["十時三十分", "に", "着く"]],
    ["Chinese", "明天去北京，后天回上海。", ["明天", "去", "北京", "，", "后天", "回", "上海", "。"]],
    ["amounts", "¥1,200円、￥30", ["¥1,200円", "、", "￥30"]],
    ["other scripts within it", "東京でWi-Fiを使う", ["東京", "で", "Wi-Fi", "を", "使う"]],
    ["emoji", "東京👩🏽\u200d🚀へ", ["東京", "👩🏽\u200d🚀", "へ"]],
  ])("are %s", (_, text, pieces) => expect(piecesOf(text)).toEqual(pieces));

  it("are characters and numbers in what is longer than any word", () => {
    expect(finePiecesOf("가나1,200다👨‍👩‍👧")).toEqual(["가", "나", "1,200", "다", "👨‍👩‍👧"]);
    const long = "오늘은제주도에갑니다".repeat(5);
    expect(areLongRuns([long, "오늘", long])).toBe(true);
    for (const short of [["오늘", "내일"], [long, `${long} 갑니다`], [long, ""], [`https://${long}`, long]]) expect(areLongRuns(short)).toBe(false);
  });
});

describe("a text", () => {
  it("is parted neither within a number nor within a character", () => {
    expect(["1|0", "10|:30", "10|,000", "👩|🏽", "e|\u0301", "ab|\ud83d\ude8c"].map((text) => mayPart(text.replace("|", ""), text.indexOf("|")))).toEqual([false, false, false, false, false, true]);
  });

  it("runs together with another one where nothing is between their words", () => {
    expect(([["bus", "train"], ["버스", "기차"], ["10:30", "11:00"], ["(", "bus"], ["bus", ", late"], ["bus ", "train"], ["bus\n", "train"], ["いく。", "かえる"], ["", "bus"]] as const).map(([a, b]) => runTogether(a, b))).toEqual([true, true, true, false, false, false, false, false, false]);
  });
});
