// Claims about finding cards.
import { describe, expect, it } from "vitest";
import type { Card } from "../../../document/types";
import { searchCards } from "./search";

const card = (title: string, note = ""): Card => ({
  id: title,
  kind: "place",
  title,
  note,
  place: null,
  to: null,
  when: null,
  dur: null,
  status: "plan",
  link: null,
  est: null,
  icon: null,
  color: null,
  alt: null,
  lost: false,
});
const trip = {
  days: [
    {
      id: "d1",
      date: null,
      title: "",
      note: "",
      cards: [card("작은 시장"), card("시장 골목"), card("바다", "시장에서 장보기")],
    },
  ],
  tray: [],
};

describe("searchCards", () => {
  it("puts beginnings first and notes last", () =>
    expect(searchCards(trip, "시장").map((hit) => hit.card.title)).toEqual([
      "시장 골목",
      "작은 시장",
      "바다",
    ]));
  it("finds Hangul typed as separate jamo", () =>
    expect(searchCards(trip, "바다".normalize("NFD"))).toHaveLength(1));
  it("finds what is written with accents, in another width, or begun with initials", () => {
    const titled = (...titles: string[]) => ({ days: [], tray: titles.map((title) => card(title)) });
    const found = (title: string, query: string) => searchCards(titled(title), query).length;
    expect([found("Café", "cafe"), found("cafe", "CAFÉ"), found("Diyarbakır", "diyarbakir")]).toEqual([1, 1, 1]);
    expect([found("Tokyo", "Ｔｏｋｙｏ"), found("성산 일출봉", "ㅅㅅㅇ"), found("성산 일출봉", "산일ㅊ")]).toEqual([1, 1, 1]);
    expect([found("🍜 점심", "🍜"), found("점심", "🍜"), found("점심", "저녁")]).toEqual([1, 0, 0]);
  });
  it("finds a place by its other name and its address", () => {
    const place = { src: "", id: "", name: "도쿄", alt: "東京", lat: 0, lng: 0, addr: "千代田区", cc: "", tz: "" };
    const trip = { days: [], tray: [{ ...card("여행"), place }] };
    expect(["東京", "도쿄", "千代田"].map((query) => searchCards(trip, query).length)).toEqual([1, 1, 1]);
  });
  it("finds nothing for nothing", () => expect(searchCards(trip, "  ")).toEqual([]));
});
