// Claims about what counts as the same text to somebody who searches.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparable, findMatch, fold, foldLetters, initials, isInitials, needle } from "./fold";

const fits = (text: string, query: string) => needle(query)?.fits(comparable(text)) ?? null;

describe("folding", () => {
  it.each([
    ["Diyarbakır", "diyarbakir"],
    ["DİYARBAKIR", "diyarbakir"],
    ["İstanbul", "istanbul"],
    ["Ｔｏｋｙｏ　１", "tokyo1"],
    ["São Paulo", "saopaulo"],
    ["Großglockner", "grossglockner"],
    ["STRAẞE", "strasse"],
    ["Ærøskøbing", "aeroskobing"],
    ["Œuvre", "oeuvre"],
    ["Łódź", "lodz"],
    ["Þingvellir", "thingvellir"],
    ["Reyðarfjörður", "reydarfjordur"],
    ["Đà Nẵng", "danang"],
    ["Thành phố Hồ Chí Minh", "thanhphohochiminh"],
    ["Oʻahu", "oahu"],
    ["Mġarr", "mgarr"],
    ["Ħamrun", "hamrun"],
    ["Gəncə", "gence"],
    ["Αθήνας", "αθηνασ"],
    ["ΑΘΗΝΑΣ", "αθηνασ"],
    ["Королёв", "королев"],
    ["القاهِرة", "القاهره"],
    ["أبو ظبي", "ابوظبي"],
    ["ﾄｳｷｮｳ", "トウキョウ"],
    ["とうきょう", "トウキョウ"],
    ["がっこう", "ガッコウ"],
    ["กรุงเทพฯ", "กรุงเทพฯ"],
    ["दिल्ली", "दिल्ली"],
    ["東京", "東京"],
    ["제주 도", "제주도"],
    ["제주".normalize("NFD"), "제주"],
    ["zero\u200bwidth\ufeff", "zerowidth"],
    ["ﬁne", "fine"],
    ["Rock ’n’ Roll!", "rocknroll"],
  ])("%s is %s", (text, folded) => expect(fold(text)).toBe(folded));

  it("is done after one time, and does not care how a text is composed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 12 }), (text) => {
        expect(fold(fold(text))).toBe(fold(text));
        expect(fold(text.normalize("NFD"))).toBe(fold(text.normalize("NFC")));
      }),
    );
  });
  it("takes Hangul apart into letters, and into initials", () => {
    expect(foldLetters("제주 도")).toBe("ㅈㅔㅈㅜㄷㅗ");
    expect(foldLetters("São Paulo")).toBe("saopaulo");
    expect(initials("제주도 a")).toBe("ㅈㅈㄷ");
    expect(initials("제주도".normalize("NFD"))).toBe("ㅈㅈㄷ");
    expect([isInitials("ㅈㅈ"), isInitials("ㅈ ㅈ"), isInitials("제ㅈ"), isInitials("")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("a needle", () => {
  it("tells how well a text fits", () => {
    expect(fits("Café", "cafe")).toBe("whole");
    expect(fits("Café de Flore", "CAFE")).toBe("start");
    expect(fits("New York City", "york")).toBe("word");
    expect(fits("New York City", "ork")).toBe("inside");
    expect(fits("Café", "bar")).toBeNull();
  });
  it("fits a syllable that is half typed", () => {
    expect(fits("제주도", "젲")).toBe("start");
    expect(fits("애월 카페거리", "카ㅍ")).toBe("word");
  });
  it("fits initials, also beside other letters", () => {
    expect(fits("성산 일출봉", "ㅅㅅㅇㅊㅂ")).toBe("whole");
    expect(fits("N서울타워", "ㅅㅇ")).toBe("start");
    expect(fits("ㅋㅋㅋ", "ㅋㅋ")).toBe("start");
  });
  it("looks for a sign where nothing else was typed", () => {
    expect(fits("🍜 국수", "🍜")).toBe("start");
    expect(fits("국수", "🍜")).toBeNull();
    expect(needle("  ")).toBeNull();
  });
});

describe("a match", () => {
  it("is where it is seen, whatever folding makes of the letters before it", () => {
    expect(findMatch("New York City", "york")).toEqual([4, 8]);
    expect(findMatch("후시미 이나리 신사", "시미이")).toEqual([1, 5]);
    expect(findMatch("Straße Café", "cafe")).toEqual([7, 11]);
    expect(findMatch("İstanbul", "stan")).toEqual([1, 5]);
    expect(findMatch("东京", "東京")).toBeNull();
  });
});
