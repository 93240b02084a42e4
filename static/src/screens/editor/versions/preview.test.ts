// Claims about the preview of a version.
import { describe, expect, it } from "vitest";
import type { Card, Projection } from "../../../document/types";
import { preview } from "./preview";

const card = (id: string): Card => ({
  id,
  kind: "place",
  title: id,
  note: "",
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
const trip = (days: Record<string, string[]>, tray: string[] = []): Projection => ({
  v: 1,
  title: "",
  desc: "",
  start: null,
  tz: null,
  cur: null,
  cover: null,
  color: null,
  days: Object.entries(days).map(([id, cards]) => ({
    id,
    date: null,
    title: "",
    note: "",
    cards: cards.map(card),
  })),
  tray: tray.map(card),
});
const drawn = (now: Projection, version: Projection) =>
  preview(now, version).columns.map((column) =>
    column.cards.map(({ card: { id }, mark }) => (mark === undefined ? id : `${id}:${mark}`)),
  );

describe("preview", () => {
  it("shows what restoring would bring back and take away", () => {
    expect(drawn(trip({ d1: ["a", "new"] }), trip({ d1: ["a", "old"] }))).toEqual([
      [],
      ["a", "old:added", "new:removed"],
    ]);
  });
  it("shows cards of a day that the version does not have in the tray", () => {
    expect(drawn(trip({ d1: [], d2: ["x"] }), trip({ d1: [] }))).toEqual([["x:removed"], []]);
  });
});
