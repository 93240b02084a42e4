// The place search on the real data: Hangul, initials, half-typed syllables, Latin, nearness, speed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { fastest } from "../fastest.test-support";
import { Gazetteer } from "./gazetteer";
import { findMatch, fold, initials, isInitials } from "./text";

let places: Gazetteer;

beforeAll(() => {
  places = new Gazetteer(readFileSync(join(import.meta.dirname, "generated/gazetteer.txt"), "utf8"));
});

const labels = (
  query: string,
  near: { lng: number; lat: number } | null = null,
  language: "ko" | "en" = "ko",
) => places.search(query, { language, near }).map(({ label }) => label);

const OSAKA = { lng: 135.5, lat: 34.69 };
const JEJU = { lng: 126.53, lat: 33.38 };

describe("search", () => {
  it("holds the settlements that the design asks for", () => {
    expect(places.size).toBeGreaterThan(25_000);
  });

  it.each([
    ["제주", "제주"],
    ["제주도", "제주도"],
    ["ㅈㅈㄷ", "제주도"],
    ["성산", "성산일출봉"],
    ["젲", "제주도"],
    ["오사카", "오사카"],
    ["오사카성", "오사카성"],
    ["파리", "파리"],
    ["뉴욕", "뉴욕"],
    ["Paris", "파리"],
    ["osaka", "오사카"],
    ["Zurich", "취리히"],
    ["Zürich", "취리히"],
    ["道頓堀", "도톤보리"],
    ["fushimi", "후시미 이나리 신사"],
    ["ㅅㅅㅇㅊㅂ", "성산일출봉"],
    ["불국사", "불국사"],
  ])("%s finds %s first", (query, label) => {
    expect(labels(query)[0]).toBe(label);
  });

  it("puts what is near before what is far", () => {
    expect(labels("난", OSAKA)[0]).toBe("난바역");
    expect(labels("공항", JEJU)[0]).toBe("제주국제공항");
    expect(labels("공항", OSAKA)[0]).toMatch(/간사이국제공항|오사카 이타미공항/);
  });

  it("answers in the language of the person, with the other name beside it", () => {
    const [first] = places.search("osaka castle", { language: "en" });
    expect(first).toMatchObject({
      label: "Osaka Castle",
      kind: "palace",
      place: { src: "moim", id: "osaka-castle", alt: "大阪城", cc: "JP", tz: "Asia/Tokyo" },
    });
    expect(first?.detail).toBe("大阪城 · Osaka · Japan");
  });

  it("marks what was typed", () => {
    const [first] = places.search("ㅇㅊㅂ", { language: "ko" });
    expect(first?.label.slice(...(first.marks[0] ?? [0, 0]))).toBe("일출봉");
    expect(findMatch("New York City", "york")).toEqual([4, 8]);
    expect(findMatch("후시미 이나리 신사", "시미이")).toEqual([1, 5]);
  });

  it("gives nothing for nothing", () => {
    expect(labels("")).toEqual([]);
    expect(labels("  ")).toEqual([]);
    expect(labels("qqqqzzzz")).toEqual([]);
  });

  it("takes less than 20 ms a keystroke", () => {
    const queries = ["ㅈ", "ㅈㅈ", "제", "제주", "a", "sa", "san", "s", "서울특별시", "new york"];
    for (const query of queries) expect(fastest(10, () => void labels(query, JEJU))).toBeLessThan(20);
  });
});

describe("a click on the map", () => {
  const zone = () => "Asia/Seoul";

  it("near a sight means the sight", () => {
    expect(places.at(126.943, 33.4583, "ko", zone)).toMatchObject({ name: "성산일출봉", src: "moim" });
  });

  it("elsewhere gives country and zone without a name", () => {
    expect(places.at(126.6, 33.3, "ko", zone)).toEqual({
      src: "map",
      id: "",
      name: "",
      alt: "",
      lat: 33.3,
      lng: 126.6,
      addr: "",
      cc: "KR",
      tz: "Asia/Seoul",
    });
    expect(places.at(-30, 0, "ko", () => "Etc/GMT+2").cc).toBe("");
  });
});

describe("texts", () => {
  it("fold Hangul to letters and Latin without accents", () => {
    expect(fold("제주 도")).toBe("ㅈㅔㅈㅜㄷㅗ");
    expect(fold("São Paulo")).toBe("saopaulo");
    expect(initials("제주도 a")).toBe("ㅈㅈㄷ");
    expect([isInitials("ㅈㅈ"), isInitials("제ㅈ"), isInitials("")]).toEqual([true, false, false]);
  });
});
