// Claims about the time of a card that is moved, copied, shifted and taken back in an open trip.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Hub, join, settle } from "./hub.test-support";
import type { OpenTrip } from "./trip";
import type { When } from "./types";

let trip: OpenTrip;
let other: OpenTrip;
let hub: Hub;

beforeEach(async () => {
  hub = new Hub();
  [trip, other] = [join(hub, "a", () => 1_000_000), join(hub, "b", () => 1_000_000)];
  await settle();
  trip.days.setDates("2026-12-24", "2026-12-27");
});

afterEach(async () => {
  await trip.close();
  await other.close();
});

const time = (s: string, over: Partial<When> = {}): When => ({
  s,
  stz: "Asia/Seoul",
  e: null,
  etz: null,
  allDay: false,
  lock: false,
  ...over,
});
const whenOf = (id: string, of = trip) => of.view.get().cards.get(id)?.card.when ?? null;
const add = (when: When, day: string | null = "d1") =>
  trip.cards.add({ kind: "place", title: "섬", when, at: { day, after: "end" } });

describe("the time of a card", () => {
  it("follows it to another day, and back by undo", async () => {
    const id = add(time("2026-12-24T11:00", { e: "2026-12-25T01:00", etz: "Asia/Seoul" }));
    trip.cards.move(id, { day: "d3", after: "end" });
    expect(whenOf(id)).toMatchObject({ s: "2026-12-26T11:00", e: "2026-12-27T01:00" });
    await settle();
    expect(whenOf(id, other)?.s).toBe("2026-12-26T11:00");
    trip.history.undo();
    expect(whenOf(id)).toMatchObject({ s: "2026-12-24T11:00", e: "2026-12-25T01:00" });
  });

  it("stays on its date while it is locked, and follows once it is not", () => {
    const id = add(time("2026-12-24T11:00", { lock: true }));
    trip.cards.move(id, { day: "d2", after: "end" });
    expect(whenOf(id)?.s).toBe("2026-12-24T11:00");
    trip.cards.set(id, { when: { ...time("2026-12-24T11:00"), lock: false } });
    expect(whenOf(id)?.s).toBe("2026-12-25T11:00");
    trip.cards.set(id, { when: { ...time("2026-12-25T11:00"), lock: true } });
    trip.cards.move(id, { day: "d1", after: "end" });
    expect(whenOf(id)?.s).toBe("2026-12-25T11:00");
  });

  it("follows a trip that begins on another day, and days in another order", () => {
    const id = add(time("2026-12-25T11:00"), "d2");
    trip.days.shift("2027-02-28");
    expect(whenOf(id)?.s).toBe("2027-03-01T11:00");
    trip.days.move("d2", null);
    expect(whenOf(id)?.s).toBe("2027-02-28T11:00");
    trip.days.pin("d2", "2028-02-29");
    expect(whenOf(id)?.s).toBe("2028-02-29T11:00");
  });

  it("follows a copy, and a card that comes back from the trash", () => {
    const id = add(time("2026-12-24T11:00"));
    trip.cards.move(id, { day: "d2", after: "end" });
    const copy = trip.cards.duplicate(id) ?? "";
    expect(whenOf(copy)?.s).toBe("2026-12-25T11:00");
    trip.cards.trash(id);
    trip.cards.restore(id);
    expect(whenOf(id)?.s).toBe("2026-12-25T11:00");
  });

  it("that a peer sets while the card is moved is on the new day", async () => {
    const id = add(time("2026-12-24T11:00"));
    await settle();
    hub.up = false;
    hub.cut();
    trip.cards.move(id, { day: "d2", after: "end" });
    other.cards.set(id, { when: time("2026-12-24T14:00") });
    hub.up = true;
    trip.reconnect();
    other.reconnect();
    await settle();
    expect([whenOf(id)?.s, whenOf(id, other)?.s]).toEqual(["2026-12-25T14:00", "2026-12-25T14:00"]);
  });

  it("is not written by an edit that changes nothing of what is shown", () => {
    const id = add(time("2026-12-24T11:00"));
    trip.cards.move(id, { day: "d2", after: "end" });
    const before = trip.encode();
    trip.cards.set(id, { when: whenOf(id) });
    expect(trip.encode()).toEqual(before);
  });

  it("keeps its identity while nothing about it changes", () => {
    const id = add(time("2026-12-24T11:00"), "d2");
    const before = trip.view.get().cards.get(id)?.card;
    trip.cards.add({ kind: "note", title: "x", at: { day: "d2", after: "end" } });
    expect(trip.view.get().cards.get(id)?.card).toBe(before);
  });
});
