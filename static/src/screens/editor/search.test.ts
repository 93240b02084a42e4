// Claims about finding cards.
import { describe, expect, it } from "vitest";
import type { Card } from "../../document/types";
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
  it("finds nothing for nothing", () => expect(searchCards(trip, "  ")).toEqual([]));
});
