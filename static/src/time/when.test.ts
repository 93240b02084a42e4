// Claims about the time of a card: on its day, and under edits of its parts.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { When } from "../api/projection";
import { addDays } from "./calendar";
import {
  daysLong,
  followPlaces,
  isBackwards,
  onDay,
  withAllDay,
  withDate,
  withDaysLong,
  withEnd,
  withEndDate,
  withEndZone,
  withStart,
  withZone,
  type Around,
} from "./when";

const SEOUL = "Asia/Seoul";
const LOS_ANGELES = "America/Los_Angeles";
const at = (s: string, e: string | null = null, etz: string | null = e === null ? null : SEOUL): When => ({
  s,
  e,
  stz: SEOUL,
  etz,
  allDay: false,
  lock: false,
});
const around = (over: Partial<Around> = {}): Around => ({
  date: "2026-12-24",
  zone: SEOUL,
  endZone: null,
  nights: false,
  ...over,
});
const HOTEL = around({ nights: true });

describe("on its day", () => {
  it("takes the day's date, and keeps the distance of its end and the end's zone", () => {
    expect(onDay(at("2026-12-24T11:00"), "2026-12-25")).toEqual(at("2026-12-25T11:00"));
    expect(onDay(at("2026-02-27T15:00", "2026-03-02T11:00"), "2028-02-28")).toEqual(
      at("2028-02-28T15:00", "2028-03-02T11:00"),
    );
    expect(onDay(at("2026-12-25", "2026-12-24", "Pacific/Honolulu"), "2027-01-01")).toEqual(
      at("2027-01-01", "2026-12-31", "Pacific/Honolulu"),
    );
  });
  it("keeps its dates if it is locked, or if the day has none", () => {
    const locked = { ...at("2026-12-24T11:00"), lock: true };
    expect(onDay(locked, "2026-12-25")).toBe(locked);
    const free = at("2026-12-24T11:00");
    expect(onDay(free, null)).toBe(free);
  });
  it("drops an end beyond the calendar", () =>
    expect(onDay(at("2026-12-24T11:00", "2026-12-25T11:00"), "9999-12-31").e).toBeNull());
  it("is the same there and back, on any day", () => {
    const date = fc.integer({ min: 0, max: 100_000 }).map((days) => addDays("1900-01-01", days) ?? "");
    fc.assert(
      fc.property(date, date, fc.integer({ min: -2, max: 60 }), (from, to, long) => {
        const when = at(`${from}T10:00`, `${addDays(from, long) ?? ""}T09:00`);
        const moved = onDay(when, to);
        expect(daysLong(moved)).toBe(long);
        expect(onDay(moved, from)).toEqual(when);
      }),
    );
  });
});

describe("the start", () => {
  it("begins on the day of the column, in the zone of the place", () => {
    expect(withStart(null, "09:30", around({ zone: "Asia/Tokyo" }))).toEqual({
      s: "2026-12-24T09:30",
      stz: "Asia/Tokyo",
      e: null,
      etz: null,
      allDay: false,
      lock: false,
    });
  });
  it("takes the whole time away with it", () =>
    expect(withStart(at("2026-12-24T10:00"), "", around())).toBeNull());
  it("leaves three nights three nights, and one night one, however it changes", () => {
    for (const [from, until] of [
      ["2026-12-24T15:00", "2026-12-27T11:00"],
      ["2026-12-24T15:00", "2026-12-25T11:00"],
    ] as const) {
      for (const time of ["16:00", "10:00", "11:00", "00:00", "23:59"]) {
        expect(withStart(at(from, until), time, HOTEL)?.e).toBe(until);
      }
    }
  });
  it("leaves several days of anything else what they are", () =>
    expect(withStart(at("2026-12-24T09:00", "2026-12-26T17:00"), "18:00", around())?.e).toBe(
      "2026-12-26T17:00",
    ));
  it("brings an end of the day after back to the day, if it was there for the clock alone", () => {
    const late = withEnd(at("2026-12-31T22:00"), "01:00", around());
    expect(late.e).toBe("2027-01-01T01:00");
    expect(withStart(late, "00:30", around())?.e).toBe("2026-12-31T01:00");
    expect(withStart(late, "23:00", around())?.e).toBe("2027-01-01T01:00");
  });
});

describe("the end", () => {
  it("is the first such time after the start", () => {
    expect(withEnd(at("2026-12-24T10:00"), "12:00", around()).e).toBe("2026-12-24T12:00");
    expect(withEnd(at("2026-12-24T10:00"), "10:00", around()).e).toBe("2026-12-24T10:00");
    expect(withEnd(at("2026-12-24T10:00"), "09:00", around()).e).toBe("2026-12-25T09:00");
    expect(withEnd(at("2026-12-24T10:00", "2026-12-25T09:00"), "11:00", around()).e).toBe("2026-12-24T11:00");
  });
  it("of a stay is on another day, and keeps its nights", () => {
    expect(withEnd(at("2026-12-24T15:00"), "18:00", HOTEL).e).toBe("2026-12-25T18:00");
    expect(withEnd(at("2026-12-24T15:00", "2026-12-27T11:00"), "10:00", HOTEL).e).toBe("2026-12-27T10:00");
    expect(withEnd(at("2026-12-24T15:00", "2026-12-25T11:00"), "16:00", HOTEL).e).toBe("2026-12-25T16:00");
  });
  it("goes with its zone", () =>
    expect(withEnd(at("2026-12-24T10:00", "2026-12-24T12:00"), "", around())).toEqual(at("2026-12-24T10:00")));
  it("on a date that was chosen stays there when its time changes", () =>
    expect(withEnd(at("2026-12-24T10:00", "2026-12-27T12:00"), "08:00", around()).e).toBe("2026-12-27T08:00"));
  it("can be put on any date", () => {
    expect(withEndDate(at("2026-12-24T10:00", "2026-12-24T12:00"), "2026-12-26").e).toBe("2026-12-26T12:00");
    expect(withDaysLong(at("2026-12-24T10:00", "2026-12-24T12:00"), 1).e).toBe("2026-12-25T12:00");
    const whole = { ...at("2026-12-24"), allDay: true };
    expect(withEndDate(whole, "2026-12-26").e).toBe("2026-12-26");
    expect(withEndDate(whole, "").e).toBeNull();
    expect(isBackwards(withEndDate(at("2026-12-24T10:00", "2026-12-24T12:00"), "2026-12-23"))).toBe(true);
  });
});

describe("two zones", () => {
  const flight = withEnd(at("2026-12-24T21:00"), "15:30", around({ endZone: LOS_ANGELES }));
  it("a flight across the Pacific lands on the date on which it left", () => {
    expect(flight).toEqual(at("2026-12-24T21:00", "2026-12-24T15:30", LOS_ANGELES));
    expect(isBackwards(flight)).toBe(false);
  });
  it("keeps that when its start changes by an hour", () =>
    expect(withStart(flight, "22:00", around())).toEqual(
      at("2026-12-24T22:00", "2026-12-24T15:30", LOS_ANGELES),
    ));
  it("lands the day before, over the date line", () => {
    const auckland = { ...at("2026-12-25T00:30"), stz: "Pacific/Kiritimati" };
    expect(withEnd(auckland, "23:50", around({ endZone: "Pacific/Midway" })).e).toBe("2026-12-23T23:50");
    expect(withEnd(auckland, "02:30", around({ endZone: "Pacific/Midway" })).e).toBe("2026-12-24T02:30");
  });
  it("lands the day after, the other way", () => {
    const out = { ...at("2026-12-24T11:00"), stz: LOS_ANGELES };
    expect(withEnd(out, "17:30", around({ endZone: SEOUL })).e).toBe("2026-12-25T17:30");
  });
  it("the zones of the ends can be chosen one by one", () => {
    const local = withEnd(at("2026-12-24T21:00"), "15:30", around());
    expect(local).toEqual(at("2026-12-24T21:00", "2026-12-25T15:30"));
    expect(withEndZone(local, LOS_ANGELES, false)).toEqual(flight);
    expect(withZone(local, "Asia/Tokyo", false)).toMatchObject({ stz: "Asia/Tokyo", etz: "Asia/Tokyo" });
    expect(withZone(flight, "Asia/Tokyo", false)).toMatchObject({ stz: "Asia/Tokyo", etz: LOS_ANGELES });
  });
  it("follow the places, but not where another was chosen", () => {
    const local = withEnd(at("2026-12-24T21:00"), "15:30", around());
    const seoul = { start: SEOUL, end: null };
    expect(followPlaces(local, seoul, { start: SEOUL, end: LOS_ANGELES }, false)).toEqual(flight);
    const chosen = withEndZone(local, "America/Denver", false);
    expect(followPlaces(chosen, seoul, { start: SEOUL, end: LOS_ANGELES }, false).etz).toBe("America/Denver");
    expect(
      followPlaces(flight, { start: SEOUL, end: LOS_ANGELES }, { start: SEOUL, end: "Asia/Tokyo" }, false).etz,
    ).toBe("Asia/Tokyo");
    const lunch = at("2026-12-24T12:00", "2026-12-24T13:00");
    expect(
      followPlaces(lunch, { start: SEOUL, end: SEOUL }, { start: "Europe/Paris", end: "Europe/Paris" }, false),
    ).toEqual({ ...lunch, stz: "Europe/Paris", etz: "Europe/Paris" });
    expect(followPlaces(lunch, seoul, { start: null, end: null }, false)).toEqual(lunch);
  });
  it("that nobody knows are compared by their walls", () =>
    expect(withEnd({ ...at("2026-12-24T21:00"), stz: "Mars/Olympus_Mons" }, "15:30", around()).e).toBe(
      "2026-12-25T15:30",
    ));
});

describe("the date", () => {
  it("carries start and end together", () => {
    expect(withDate(at("2026-12-24T10:00", "2026-12-24T12:00"), "2026-12-26")).toMatchObject({
      s: "2026-12-26T10:00",
      e: "2026-12-26T12:00",
    });
    expect(withDate(at("2026-12-24T15:00", "2026-12-27T11:00"), "2027-02-27").e).toBe("2027-03-02T11:00");
  });
});

describe("a whole day", () => {
  it("drops clock times", () => {
    expect(withAllDay(at("2026-12-24T10:00", "2026-12-24T12:00"), true, around())).toMatchObject({
      s: "2026-12-24",
      e: null,
      allDay: true,
    });
  });
  it("keeps several days, there and back", () => {
    const days = withAllDay(at("2026-12-24T15:00", "2026-12-27T11:00"), true, HOTEL);
    expect(days).toMatchObject({ s: "2026-12-24", e: "2026-12-27", allDay: true });
    expect(withAllDay(days, false, HOTEL)).toMatchObject({
      s: "2026-12-24T15:00",
      e: "2026-12-27T11:00",
      allDay: false,
    });
  });
});
