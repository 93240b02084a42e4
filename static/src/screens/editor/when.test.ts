// Claims about the time of a card.
import { describe, expect, it } from "vitest";
import { clockText, withAllDay, withDate, withEnd, withStart, zoneText } from "./when";

const at = (s: string, e: string | null = null) => ({
  s,
  e,
  stz: "Asia/Seoul",
  etz: null,
  allDay: false,
  lock: false,
});

describe("words", () => {
  it("shows wall times, whatever the zone of the reader", () =>
    expect(clockText(at("2026-12-24T10:00", "2026-12-24T11:30"))).toBe("10:00–11:30"));
  it("marks an end on the day after", () =>
    expect(clockText(at("2026-12-24T23:00", "2026-12-25T00:30"))).toBe("23:00–00:30⁺¹"));
  it("names the zone only where it is not the trip's", () => {
    expect(zoneText({ ...at("2026-12-24T10:00"), stz: "America/New_York" }, "Asia/Seoul")).toBe("New York");
    expect(zoneText(at("2026-12-24T10:00"), "Asia/Seoul")).toBe("");
  });
});

describe("edits", () => {
  it("begins on the day of the column, in the zone of the place", () => {
    expect(withStart(null, "09:30", "2026-12-24", "Asia/Tokyo")).toEqual({
      s: "2026-12-24T09:30",
      stz: "Asia/Tokyo",
      e: null,
      etz: null,
      allDay: false,
      lock: false,
    });
  });
  it("takes the whole time away with the start", () =>
    expect(withStart(at("2026-12-24T10:00"), "", "2026-12-24", null)).toBeNull());
  it("reads an end before the start as the day after, and heals when the start moves", () => {
    const late = withEnd(at("2026-12-31T22:00"), "01:00");
    expect(late.e).toBe("2027-01-01T01:00");
    expect(withStart(late, "00:30", "", null)?.e).toBe("2026-12-31T01:00");
  });
  it("carries start and end to another date together", () => {
    expect(withDate(at("2026-12-24T10:00", "2026-12-24T12:00"), "2026-12-26")).toMatchObject({
      s: "2026-12-26T10:00",
      e: "2026-12-26T12:00",
    });
  });
  it("drops clock times for a whole day", () => {
    expect(withAllDay(at("2026-12-24T10:00", "2026-12-24T12:00"), true, "", null)).toMatchObject({
      s: "2026-12-24",
      e: null,
      allDay: true,
    });
  });
});
