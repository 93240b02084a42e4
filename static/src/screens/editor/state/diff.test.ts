// Claims about what parts two states of a trip.
import { describe, expect, it } from "vitest";
import { difference, type DiffTrip } from "./diff";

const trip = (days: Record<string, string[]>, tray: string[] = []): DiffTrip => ({
  days: Object.entries(days).map(([id, cards]) => ({ id, cards: cards.map((card) => ({ id: card })) })),
  tray: tray.map((id) => ({ id })),
});
const marks = (before: DiffTrip, after: DiffTrip) => Object.fromEntries(difference(before, after).marks);

describe("difference", () => {
  it("is nothing between equal states", () => {
    expect(marks(trip({ d1: ["a", "b"] }, ["c"]), trip({ d1: ["a", "b"] }, ["c"]))).toEqual({});
  });
  it("tells added from removed", () => {
    expect(marks(trip({ d1: ["a", "b"] }), trip({ d1: ["a", "c"] }))).toEqual({ b: "removed", c: "added" });
  });
  it("marks only the card that was carried, not those that made room for it", () => {
    expect(marks(trip({ d1: ["a", "b", "c", "d"] }), trip({ d1: ["d", "a", "b", "c"] }))).toEqual({
      d: "moved",
    });
  });
  it("marks a card on another day as moved", () => {
    expect(marks(trip({ d1: ["a", "b"], d2: [] }), trip({ d1: ["b"], d2: ["a"] }))).toEqual({ a: "moved" });
  });
  it("does not take the date of its day for a change of an unlocked time, but that of a locked one", () => {
    const when = (s: string, lock: boolean) => ({ s, stz: null, e: null, etz: null, allDay: false, lock });
    const on = (s: string, lock: boolean): DiffTrip => ({
      days: [{ id: "d1", cards: [{ id: "a", when: when(s, lock) }] }],
      tray: [],
    });
    expect(marks(on("2026-12-24T10:00", false), on("2027-01-01T10:00", false))).toEqual({});
    expect(marks(on("2026-12-24T10:00", false), on("2026-12-24T11:00", false))).toEqual({ a: "edited" });
    expect(marks(on("2026-12-24T10:00", true), on("2027-01-01T10:00", true))).toEqual({ a: "edited" });
    expect(marks(on("2026-12-24T10:00", false), on("2026-12-24T10:00", true))).toEqual({ a: "edited" });
  });
  it("marks a card whose content changed as edited", () => {
    const before: DiffTrip = { days: [], tray: [{ id: "a", title: "old" } as { id: string }] };
    const after: DiffTrip = { days: [], tray: [{ id: "a", title: "new" } as { id: string }] };
    expect(difference(before, after).counts).toEqual({ added: 0, removed: 0, moved: 0, edited: 1 });
  });
});
