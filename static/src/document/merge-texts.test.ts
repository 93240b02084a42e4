// The merge of two texts that came from one: nothing that somebody typed is lost, no word of it is cut or mixed with another.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { charactersOf } from "../characters";
import { applyAll } from "./hunks";
import { mergeTexts } from "./merge-texts";

const words = fc.array(fc.constantFrom("가나", "bus", " ", "\n", "🚌", "e\u0301", "10:30", ". ", "東京", "へ"), { maxLength: 40 }).map((all) => all.join(""));
const merge = (base: string | null, mine: string, theirs: string) => applyAll(theirs, mergeTexts(base, mine, theirs));

describe("the merge of texts", () => {
  it("has what both typed", () => {
    expect(merge("one two three", "zero one two three", "one two! three")).toBe("zero one two! three");
  });

  it("does not say twice what both sides have already", () => {
    const [base, mine] = ["one two three", "one and two three"];
    expect(mergeTexts(base, mine, mine)).toEqual([]);
    const theirs = "one and two three, four";
    expect(merge(base, mine, theirs)).toBe(theirs);
  });

  // Each has gone wrong in some editor, notebook or list that is used offline.
  it.each([
    ["an insertion that begins like the next word", "I was touring", "I was here touring", "I was into touring", "I was into here touring"],
    ["emoji in another order", "🌟 🌈 🚀 🎉", "🎉 🚀 🌟 🌈", "🌟 🌈 🚀 🎉 !", "🎉 🚀 🌟 🌈 !"],
    ["the same correction by both", "hello", "Hello", "Hello", "Hello"],
    ["an emoji in front of one that shares half of its code", "🐈 sleeps", "😎🐈 sleeps", "🐈 sleeps now", "😎🐈 sleeps now"],
    ["emoji at both ends of one", "🐈", "😎🐈", "🐈🟢", "🐈🟢 😎🐈"],
    ["a line that one deleted, and another that the other changed", "a\nb\nc\nd\n", "a\nc\nd\n", "a\nb\nc\nd changed\n", "a\nc\nd changed\n"],
    ["the first line of a list, and nothing of the others", "- Original content\n  - sub 1\n  - sub 2\n", "- Change1 content\n  - sub 1\n  - sub 2\n", "- Change2 content\n  - sub 1\n  - sub 2\n", "- Change2 Change1 content\n  - sub 1\n  - sub 2\n"],
    ["an item that one checked, and one that the other added", "- [ ] milk\n- [ ] bread\n", "- [x] milk\n- [ ] bread\n", "- [ ] milk\n- [ ] bread\n- [ ] eggs\n", "- [x] milk\n- [ ] bread\n- [ ] eggs\n"],
    ["two items, checked by one each", "- [ ] milk\n- [ ] bread\n", "- [x] milk\n- [ ] bread\n", "- [ ] milk\n- [x] bread\n", "- [x] milk\n- [x] bread\n"],
    ["an item added by each", "- [ ] milk", "- [ ] milk\n- [ ] bread", "- [ ] milk\n- [ ] eggs", "- [ ] milk\n- [ ] eggs\n- [ ] bread"],
    ["an item that both checked", "- [ ] milk\n", "- [x] milk\n", "- [x] milk!\n", "- [x] milk!\n"],
    ["a sentence written anew by both", "In the beginning.", "At first.", "When it all began.", "When it all began. At first."],
    ["a sentence emptied by one, and written anew by the other", "In the beginning.", "", "When it all began.", "When it all began."],
    ["line ends of two systems", "a b\nc d\ne f\n", "a b\nc d now\ne f\n", "a b\r\nc d\r\ne f\r\n", "a b\r\nc d now\r\ne f\r\n"],
    ["a paragraph that one moved", "one two\nthree four\nfive six\n", "three four\nfive six\none two\n", "one two\nthree four\nfive SIX\n", "three four\nfive SIX\none two\n"],
    ["lines that one indented", "a\nb\nc\n", "  a\n  b\n  c\n", "a\nb new\nc\n", "  a\n  b new\n  c\n"],
    ["lines that one swapped", "a\nb\n", "b\na\n", "a\nb\nc\n", "b\nc\na\n"],
    ["a paragraph that both have added", "a\n", "a\nmeet at ten\n", "a\nmeet at ten\n", "a\nmeet at ten\n"],
    ["a paragraph that both have added, and one more", "a\n", "a\nmeet at ten\nbring water\n", "a\nmeet at ten\n", "a\nmeet at ten\nbring water\n"],
    ["quotation marks", "say hello", "say “hello”", "say goodbye", "say goodbye “hello”"],
    ["a line end at the end", "a", "a\n", "a b", "a b\n"],
    ["two capitals", "seoul station", "Seoul station", "seoul Station", "Seoul Station"],
    ["two rows of a table", "| a | 10 |\n| b | 20 |\n", "| a | 15 |\n| b | 20 |\n", "| a | 10 |\n| b | 25 |\n", "| a | 15 |\n| b | 25 |\n"],
    ["two cells of a row", "| a | 10 | 20 |\n", "| a | 15 | 20 |\n", "| a | 10 | 25 |\n", "| a | 15 | 25 |\n"],
    ["a date", "on 2026-12-24 we", "on 2026-12-25 we", "on 2027-12-24 we", "on 2027-12-24 2026-12-25 we"],
    ["a telephone number", "call 010-1234-5678", "call 010-1234-9999", "call 010-8888-5678", "call 010-8888-5678 010-1234-9999"],
    ["Hebrew", "ירושלים היום", "ירושלים מחר", "תל אביב היום", "תל אביב מחר"],
    ["Thai", "พรุ่งนี้ไปกรุงเทพ", "พรุ่งนี้ไปภูเก็ต", "วันนี้ไปกรุงเทพ", "วันนี้ไปภูเก็ต"],
  ])("is what people expect: %s", (_, base, mine, theirs, wanted) => expect(merge(base, mine, theirs)).toBe(wanted));

  it.each([
    ["a word that both changed", "go by bus", "go by train", "go by tram", "go by tram train"],
    ["a word, typed at both ends", "the bus now", "the minibus now", "the buses now", "the buses minibus now"],
    ["a time", "at 10:30 sharp", "at 10:45 sharp", "at 11:30 sharp", "at 11:30 10:45 sharp"],
    ["a time of two words", "at 10시 30분", "at 10시 45분", "at 11시 30분", "at 11시 30분 10시 45분"],
    ["half of a day and an hour", "오전 10시 출발", "오후 10시 출발", "오전 11시 출발", "오전 11시 오후 10시 출발"],
    ["an amount", "₩12,000 each", "₩12,500 each", "₩13,000 each", "₩13,000 ₩12,500 each"],
    ["an amount and its unit", "pay 12,000 KRW now", "pay 15,000 KRW now", "pay 12,000 JPY now", "pay 12,000 JPY 15,000 KRW now"],
    ["a number that one typed on", "room 1", "room 12", "room 1 or 3", "room 12 or 3"],
    ["numbers typed at one place", "room ", "room 12", "room 1", "room 1 12"],
    ["Korean", "학교에서 만나요", "학교에서는 만나요", "학교까지 만나요", "학교까지 학교에서는 만나요"],
    ["a Japanese time", "10時30分に着く", "10時45分に着く", "11時30分に着く", "11時30分 10時45分に着く"],
    ["two words of a Chinese sentence", "明天去北京，后天回上海。", "明天去南京，后天回上海。", "明天去北京，后天回广州。", "明天去南京，后天回广州。"],
    ["one word of a Chinese sentence", "明天去北京。", "明天去南京。", "明天去广州。", "明天去广州 南京。"],
    ["emoji", "hello 👩🏽 there", "hello 👩🏿 there", "hello 👩🏻 there", "hello 👩🏻 👩🏿 there"],
    ["a flag", "🇰🇷", "🇰🇵", "🇯🇵", "🇯🇵 🇰🇵"],
    ["an address", "https://a.b/c?d=1", "https://a.b/c?d=2", "https://a.b/x?d=1", "https://a.b/x?d=1 https://a.b/c?d=2"],
  ])("keeps both whole: %s", (_, base, mine, theirs, wanted) => expect(merge(base, mine, theirs)).toBe(wanted));

  it.each([
    ["at the end", "list", "list milk", "list bread", "list bread milk"],
    ["in between", "a z", "a mine z", "a theirs z", "a theirs mine z"],
    ["in an empty text", "", "milk", "bread", "bread milk"],
    ["in an empty text, of lines", "", "milk\neggs", "bread", "bread\nmilk\neggs"],
    ["lines", "list\n", "list\n- milk\n", "list\n- bread\n", "list\n- bread\n- milk\n"],
    ["lines at the end", "list", "list\n- milk", "list\n- bread", "list\n- bread\n- milk"],
    ["the same", "list", "list milk", "list milk", "list milk"],
    ["words that begin alike", "take ", "take Bus", "take Business class", "take Business class Bus"],
    ["one within what the other writes", "", "milk", "bread\nmilk\neggs", "bread\nmilk\neggs"],
    ["what the other writes within it", "", "bread\nmilk\neggs", "milk", "bread\nmilk\neggs"],
    ["the same, and one goes on", "list", "list milk and eggs", "list milk", "list milk and eggs"],
    ["the same, and the other goes on", "list", "list milk", "list milk and eggs", "list milk and eggs"],
    ["before a word that the other changed", "go by bus", "go by the bus", "go by train", "go by the train"],
    ["in Japanese", "東京。", "東京へ行く。", "東京から帰る。", "東京から帰る へ行く。"],
    ["what stands there already", "very good", "very very good", "very good indeed", "very very good indeed"],
  ])("keeps apart and in order what both insert at one place: %s", (_, base, mine, theirs, wanted) => expect(merge(base, mine, theirs)).toBe(wanted));

  it.each([
    ["the other's words stay, on a line of their own", "one\nmeet at the station\nlast", "one\nmeet at the north station\nlast", "one\nlast", "one\nnorth \nlast"],
    ["a changed word stays", "one\ntake the red bus\nlast", "one\ntake the red train\nlast", "one\nlast", "one\ntrain\nlast"],
    ["what one deleted goes, but for what the other typed", "one\nmeet at the station\nlast", "one\nlast", "one\nmeet at the north station\nlast", "one\nnorth \nlast"],
    ["a text that is written anew", "meet at the station", "meet at the station at 10:30", "cancelled, sorry", "cancelled, sorry at 10:30"],
    ["both delete it", "one\ntwo\nthree", "one\nthree", "one\nthree", "one\nthree"],
    ["both delete it, and the other goes on", "a b c d", "a c d", "a c", "a c"],
    ["words beside it do not run together", "a b c", "a c", "a B c", "a B c"],
  ])("takes away what one deleted, and leaves what the other typed in it: %s", (_, base, mine, theirs, wanted) => expect(merge(base, mine, theirs)).toBe(wanted));

  it("merges within what is longer than any word, where somebody writes without blanks", () => {
    const [first, second] = ["오늘은제주도에갑니다내일은".repeat(2), "부산에서배를타고돌아옵니다".repeat(2)];
    expect(merge(first + second, `${first}꼭${second}`, `${first}${second}안녕`)).toBe(`${first}꼭${second}안녕`);
    expect(merge(`${first}10:30${second}`, `${first}10:45${second}`, `${first}11:30${second}`)).toBe(`${first}11:3010:45${second}`);
  });

  it("loses no word that is written within the same word", () => {
    expect(merge("bus", "b<a bus >us", "b{}us")).toBe("b{}us b<a bus >us");
    expect(merge("東京へ", "東(東京)京へ", "東{}京へ")).toContain("東(東京)京");
    expect(merge("go by bus", "go by the bus now", "go by tram")).toBe("go by the tram now");
    expect(merge("東京へ", "「東京」へ", "京都へ")).toBe("「京都」へ");
  });

  it("does not mix a sentence that both wrote anew", () => {
    const merged = merge(" a962.3. 가가가가  a962.4. 가가가가  a962.12.  ", " a962.3. 가가가가  a962.4. 가가가가  a962.12.   a962.13.   a962.16. 가가  a962.22. 가가가가 ", " a962.35. 가가가가가  a962.44. 가가가가가  b962.58. 가가가 ");
    for (const word of ["a962.13.", "a962.16.", "a962.22.", "a962.35.", "a962.44.", "b962.58."]) expect(merged.split(/\s+/)).toContain(word);
    expect(merge("we go by bus to Busan today", "they drive to Jeju for a week", "all of us fly to Seoul and stay")).toBe("all of us fly to Seoul and stay they drive to Jeju for a week");
  });

  it("keeps what stands for something that is no character", () => {
    expect(merge("see \ufffcmap now", "see \ufffcplan now", "see \ufffcmap now!")).toBe("see \ufffcplan now!");
  });

  it("says without a base what either says, and each once", () => {
    expect(merge(null, "see the inn", "see the sea")).toBe("see the sea inn");
    expect(merge(null, "at 10:30", "at 10:45")).toBe("at 10:45 10:30");
    expect(merge(null, "Bus", "Business class")).toBe("Business class Bus");
    expect(merge(null, "Bus", "Bus or train")).toBe("Bus or train");
    expect(merge(null, "Bus or train", "Bus")).toBe("Bus or train");
    expect(merge(null, "東京へ", "大阪へ")).toBe("大阪 東京へ");
    expect(merge(null, "towels", "near the sea")).toBe("near the sea towels");
  });

  it("takes nothing away where nobody knows what was there before", () => {
    fc.assert(
      fc.property(words, words, (mine, theirs) => {
        const merged = merge(null, mine, theirs);
        expect(mergeTexts(null, mine, theirs).every(({ remove }) => remove === 0)).toBe(true);
        expect(isWithin(theirs, merged)).toBe(true);
        expect(isWithin(mine, merged)).toBe(true);
      }),
    );
  });

  it("loses no insertion of either side, whatever the other did", () => {
    fc.assert(
      fc.property(words, words, words, fc.nat(), fc.nat(), (base, x, y, i, j) => {
        const at = (text: string, n: number, add: string) => {
          const cut = [...text].slice(0, n % (text.length + 1)).join("");
          return cut + add + text.slice(cut.length);
        };
        const [mine, theirs] = [at(base, i, `<${x}>`), at(base, j, `{${y}}`)];
        const merged = merge(base, mine, theirs);
        expect(isWithin(`<${x}>`, merged)).toBe(true);
        expect(isWithin(`{${y}}`, merged)).toBe(true);
      }),
    );
  });

  it("has every word that either wrote, whole, whatever both did", () => {
    const word = fc.constantFrom("bus", "가나", "10:30", "12,000", "👩🏽", "e\u0301", "a", "b", "c");
    const texts = fc.array(fc.tuple(word, fc.constantFrom(" ", "  ", "\n")), { maxLength: 30 }).map((all) => all.flat().join(""));
    fc.assert(
      fc.property(texts, texts, texts, (base, mine, theirs) => {
        const merged = wordsOf(merge(base, mine, theirs));
        const known = [mine, theirs].flatMap(wordsOf);
        for (const one of known) if (!wordsOf(base).includes(one)) expect(merged).toContain(one);
        for (const one of merged) expect(known).toContain(one);
      }),
      { numRuns: 1_000 },
    );
  });

  it("cuts no character of the text that it changes", () => {
    fc.assert(
      fc.property(fc.option(words, { freq: 4 }), words, words, (base, mine, theirs) => {
        const ends = new Set([0]);
        let at = 0;
        for (const character of charactersOf(theirs)) ends.add((at += character.length));
        for (const { index, remove } of mergeTexts(base, mine, theirs)) for (const end of [index, index + remove]) expect(ends).toContain(end);
      }),
    );
  });
});

const wordsOf = (text: string) => text.split(/\s+/u).filter((word) => word !== "");

/** Whether all characters of a text are in another one, in their order. */
function isWithin(text: string, whole: string): boolean {
  let at = 0;
  for (const unit of whole) if (unit === [...text][at]) at += 1;
  return at >= [...text].length;
}
