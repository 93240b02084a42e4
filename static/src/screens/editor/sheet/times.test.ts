// What the fields of a card's time show, and what another date does.
import { describe, expect, it } from "vitest";
import type { Card, Day, When } from "../../../document/types";
import { durationsFor, redated, timeView, type Surroundings } from "./times";

const SEOUL = "Asia/Seoul";
const NEW_YORK = "America/New_York";

function day(id: string, date: string | null): Day {
  return { id, date, title: "", note: "", cards: [] };
}

function time(fields: Partial<When> = {}): When {
  return { s: "2026-05-01T09:00", stz: null, e: null, etz: null, allDay: false, lock: false, ...fields };
}

function card(fields: Partial<Card> = {}): Card {
  return {
    id: "c",
    kind: "place",
    title: "",
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
    ...fields,
  };
}

function place(tz: string): NonNullable<Card["place"]> {
  return { src: "", id: "", name: "", alt: "", lat: 0, lng: 0, addr: "", cc: "", tz };
}

function around(fields: Partial<Surroundings> = {}): Surroundings {
  const trip = { start: "2026-05-01", tz: SEOUL, days: [day("d1", "2026-05-01"), day("d2", "2026-05-02")] };
  return { trip, date: "2026-05-01", today: "2026-01-01", deviceZone: "Europe/Paris", ...fields };
}

describe("the zone of a time", () => {
  it.each([
    ["its own", card({ when: time({ stz: NEW_YORK }), place: place("Asia/Tokyo") }), around(), NEW_YORK],
    ["else that of its place", card({ when: time(), place: place("Asia/Tokyo") }), around(), "Asia/Tokyo"],
    ["else the trip's, also where the place's is unknown", card({ place: place("") }), around(), SEOUL],
    ["else this device's", card(), around({ trip: { start: null, tz: null, days: [] } }), "Europe/Paris"],
  ])("is %s", (_, given, where, zone) => expect(timeView(given, where).zone).toBe(zone));

  it("of the end of a move is that of where it leads", () => {
    const move = card({ kind: "move", to: place(NEW_YORK) });
    expect(timeView(move, around()).around).toEqual({ date: "2026-05-01", zone: SEOUL, endZone: NEW_YORK, nights: false });
    expect(timeView({ ...move, kind: "place" }, around()).around.endZone).toBeNull();
    expect(timeView(card({ kind: "stay" }), around()).around.nights).toBe(true);
  });
});

describe("what is shown of a time", () => {
  it("its clock times, and nothing where there is none", () => {
    const view = timeView(card({ when: time({ e: "2026-05-01T10:30" }) }), around());
    expect([view.start, view.end, view.endApart]).toEqual(["09:00", "10:30", false]);
    expect([timeView(card(), around()).start, timeView(card(), around()).end]).toEqual(["", ""]);
  });

  it("a date where it has a day or is a booking", () => {
    expect(timeView(card({ when: time() }), around()).dated).toBe(true);
    expect(timeView(card({ when: time() }), around({ date: null })).dated).toBe(false);
    expect(timeView(card({ when: time({ lock: true }) }), around({ date: null })).dated).toBe(true);
  });

  it("that it is on another date than its column", () => {
    expect(timeView(card({ when: time() }), around({ date: "2026-05-02" })).elsewhere).toBe(true);
    expect(timeView(card({ when: time() }), around({ date: null })).elsewhere).toBe(false);
  });

  it("an end of its own where it is on another day or in another zone, and for moves and stays", () => {
    const ends = (when: Partial<When>, kind: Card["kind"] = "place") =>
      timeView(card({ kind, when: time(when) }), around()).endApart;
    expect(ends({ e: "2026-05-02T10:00" })).toBe(true);
    expect(ends({ e: "2026-05-01T10:00", etz: NEW_YORK })).toBe(true);
    expect([ends({}, "move"), ends({}, "stay"), ends({}, "note")]).toEqual([true, true, false]);
  });

  it("that it ends before it starts, by the zones of both", () => {
    const isBackwards = (when: Partial<When>) => timeView(card({ when: time(when) }), around()).backwards;
    expect(isBackwards({ e: "2026-05-01T08:00" })).toBe(true);
    expect(isBackwards({ e: "2026-05-01T08:00", etz: NEW_YORK })).toBe(false);
  });

  it("that a clock is put forward then, at its start or at its end", () => {
    const change = (when: Partial<When>) => timeView(card({ when: time(when) }), around()).change;
    expect(change({})).toBeNull();
    expect(change({ s: "2026-03-08T02:30", stz: NEW_YORK })).not.toBeNull();
    expect(change({ s: "2026-03-08T02:30", e: "2026-03-08T02:30", etz: NEW_YORK })).not.toBeNull();
  });
});

describe("another date", () => {
  const { days } = around().trip;
  it("is nothing where it is the same, empty, or there is no time", () => {
    for (const [when, value] of [[time(), "2026-05-01"], [time(), ""], [null, "2026-05-02"]] as const)
      expect(redated(when, value, days)).toEqual({ is: "same" });
  });

  it("moves an unlocked card to that day", () => {
    expect(redated(time(), "2026-05-02", days)).toEqual({ is: "moved", day: "d2" });
  });

  it("makes a booking of it where the trip has no such day", () => {
    const when = time({ s: "2026-06-01T09:00", lock: true });
    expect(redated(time(), "2026-06-01", days)).toEqual({ is: "locked", when });
  });

  it("is only written where it is a booking", () => {
    const when = time({ s: "2026-05-02T09:00", lock: true });
    expect(redated(time({ lock: true }), "2026-05-02", days)).toEqual({ is: "written", when });
  });
});

it("a duration of one's own is offered in its place", () => {
  expect(durationsFor(null)).toEqual(durationsFor(60));
  expect(durationsFor(50).slice(2, 5)).toEqual([45, 50, 60]);
});
