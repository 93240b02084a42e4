// The place search on the real data: Hangul, initials, half-typed syllables, Latin, nearness, and how much of it a keystroke looks at.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Gazetteer } from "./gazetteer";
import { Haystack } from "./haystack";
import { KEYSTROKES } from "./keystrokes.test-support";

let places: Gazetteer;

afterEach(() => {
  vi.restoreAllMocks();
});

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
    // Folded letters and widths.
    ["diyarbakir", "디야르바키르"],
    ["DİYARBAKIR", "디야르바키르"],
    ["Ｔｏｋｙｏ", "도쿄"],
    ["Łódź", "우치"],
    ["lodz", "우치"],
    ["da nang", "다낭"],
    ["Đà Nẵng", "다낭"],
    ["muenchen", "뮌헨"],
    ["münchen", "뮌헨"],
    ["koeln", "쾰른"],
    ["Zuerich", "취리히"],
    // Names of other scripts, languages and times.
    ["東京", "도쿄"],
    ["东京", "도쿄"],
    ["北京", "베이징"],
    ["パリ", "파리"],
    ["ぱり", "파리"],
    ["ﾊﾟﾘ", "파리"],
    ["Москва", "모스크바"],
    ["Αθήνα", "아테네"],
    ["firenze", "피렌체"],
    ["Venezia", "베네치아"],
    ["cologne", "쾰른"],
    ["saigon", "호찌민"],
    ["동경", "도쿄"],
    ["북경", "베이징"],
    ["이스탄불", "이스탄불"],
    ["비잔티움", "이스탄불"],
    ["Constantinople", "이스탄불"],
    ["키예프", "키이우"],
    // Airports.
    ["KIX", "간사이국제공항"],
    ["kix", "간사이국제공항"],
    ["PUS", "김해국제공항"],
    ["김해공항", "김해국제공항"],
    ["김해 공항", "김해국제공항"],
    ["인천공항", "인천국제공항"],
    ["LAX", "로스앤젤레스국제공항"],
    ["대구공항", "대구국제공항"],
    ["ㄱㅎㄱㅎ", "김해국제공항"],
    ["heathrow", "히스로공항"],
    ["ist", "이스탄불"],
    ["ber", "베를린"],
    ["BER", "베를린 브란덴부르크공항"],
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
  });

  it("calls cities what they are called today, first", () => {
    expect(labels("피렌체")[0]).toBe("피렌체");
    expect(labels("베니스")[0]).toBe("베네치아");
    expect(labels("상트")[0]).toBe("상트페테르부르크");
  });

  it("says by which other name it was found", () => {
    const detail = (query: string) => places.search(query, { language: "ko" })[0]?.detail;
    expect(detail("東京")).toBe("東京 · Tokyo · 일본");
    expect(detail("KIX")).toBe("KIX · 関西国際空港 · 오사카 · 일본");
  });

  it("tells what goes on from what was typed from what only resembles it", () => {
    const goesOn = (query: string, label: string) =>
      places.search(query, { language: "ko", limit: 30 }).find((one) => one.label === label)?.goesOn;
    expect(goesOn("이스탄불", "이스탄불")).toBe(true);
    expect(goesOn("istan", "이스탄불")).toBe(true);
    expect(goesOn("東", "도쿄")).toBe(true);
    expect(goesOn("ㅅㅅㅇㅊㅂ", "성산일출봉")).toBe(true);
    expect(goesOn("카페", "애월 카페거리")).toBe(false);
    expect(places.search("카페", { language: "ko" }).some((one) => one.goesOn)).toBe(false);
  });

  it("gives nothing for nothing", () => {
    expect(labels("")).toEqual([]);
    expect(labels("  ")).toEqual([]);
    expect(labels("qqqqzzzz")).toEqual([]);
  });

  it("looks through all names once a keystroke, and only at those that have what was typed", () => {
    const real = Haystack.prototype.find;
    const looked = new Set<number>();
    const find = vi.spyOn(Haystack.prototype, "find").mockImplementation(function (this: Haystack, wanted, tell) {
      real.call(this, wanted, (owner, fit) => {
        looked.add(owner);
        tell(owner, fit);
      });
    });
    const away = vi.spyOn(Math, "hypot");
    for (const query of KEYSTROKES) {
      [find, away].forEach((spy) => spy.mockClear());
      looked.clear();
      labels(query, JEJU);
      expect(find.mock.calls.length, query).toBeLessThanOrEqual(2);
      expect(new Set(find.mock.contexts).size, query).toBe(find.mock.calls.length);
      // How far away: once of each that is found, and a few times of those that are shown.
      expect(away.mock.calls.length, query).toBeLessThanOrEqual(looked.size + 100);
    }
  });
});

describe("what is understood without its name", () => {
  const find = (query: string) => places.find(query, { language: "ko", near: JEJU }, () => "Asia/Seoul");

  it("is a spot by its coordinates, at exactly these", () => {
    expect(find("33.45, 126.57")).toEqual([
      {
        place: {
          ...{ src: "map", id: "", name: "", alt: "", lat: 33.45, lng: 126.57, addr: "", cc: "KR" },
          tz: "Asia/Seoul",
        },
        kind: "spot",
        label: "33.45000, 126.57000",
        detail: "대한민국",
        marks: [],
        goesOn: true,
      },
    ]);
  });
  it("goes by the sight that is there, or by the name in the link", () => {
    expect(find("33.4582, 126.9426")[0]).toMatchObject({
      label: "성산일출봉",
      place: { src: "map", id: "", name: "성산일출봉", lat: 33.4582, lng: 126.9426 },
    });
    expect(find("https://map.kakao.com/link/map/우리%20숙소,33.45,126.57")[0]?.label).toBe("우리 숙소");
  });
  it("is a plus code, also a short one with a place behind it", () => {
    const [spot] = find("FH6F+FQ 서울");
    expect(spot?.kind).toBe("spot");
    expect(Math.abs((spot?.place.lat ?? 0) - 37.56) + Math.abs((spot?.place.lng ?? 0) - 126.97)).toBeLessThan(1);
  });
  it("is nothing where a link says nothing, and a name where it is none of these", () => {
    expect(find("https://naver.me/abc")).toEqual([]);
    expect(find("제주도")[0]?.label).toBe("제주도");
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
