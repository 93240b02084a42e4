// Claims about the time of a card in words.
import { describe, expect, it } from "vitest";
import { clockText, zoneText } from "./when";

const at = (s: string, e: string | null = null, etz: string | null = null) => ({
  s,
  e,
  stz: "Asia/Seoul",
  etz,
  allDay: false,
  lock: false,
});

describe("words", () => {
  it("shows wall times, whatever the zone of the reader", () =>
    expect(clockText(at("2026-12-24T10:00", "2026-12-24T11:30"))).toBe("10:00–11:30"));
  it("marks on which day after the start it ends", () => {
    expect(clockText(at("2026-12-24T23:00", "2026-12-25T00:30"))).toBe("23:00–00:30⁺¹");
    expect(clockText(at("2026-12-24T15:00", "2027-01-05T11:00"))).toBe("15:00–11:00⁺¹²");
    expect(clockText(at("2026-12-25T09:30", "2026-12-24T23:50", "Pacific/Honolulu"))).toBe("09:30–23:50⁻¹");
  });
  it("names the zone only where it is not the trip's", () => {
    expect(zoneText({ ...at("2026-12-24T10:00"), stz: "America/New_York" }, "Asia/Seoul", "en")).toBe("New York");
    expect(zoneText(at("2026-12-24T10:00"), "Asia/Seoul", "en")).toBe("");
    expect(zoneText(at("2026-12-24T10:00", "2026-12-24T11:00", "Asia/Seoul"), "Asia/Seoul", "en")).toBe("");
  });
  it("names both zones where it ends in another", () => {
    const flight = at("2026-12-24T21:00", "2026-12-24T15:30", "America/Los_Angeles");
    expect(zoneText(flight, "Asia/Seoul", "en")).toBe("Seoul → Los Angeles");
    expect(zoneText(flight, "Asia/Seoul", "ko")).toBe("대한민국 → 로스앤젤레스");
  });
});
