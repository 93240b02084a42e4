// Claims about the list of time zones.
import { describe, expect, it } from "vitest";
import { zones } from "./zones";

const label = (zone: string, wall: string, language: "en" | "ko" = "en") =>
  zones(zone, language, wall).find(({ value }) => value === zone)?.label;

describe("zones", () => {
  it("goes from west to east", () => {
    const order = zones("Asia/Seoul", "ko", "2026-12-24T10:00").map((zone) => zone.value);
    expect(order.indexOf("America/New_York")).toBeLessThan(order.indexOf("Europe/Paris"));
    expect(order.indexOf("Europe/Paris")).toBeLessThan(order.indexOf("Asia/Seoul"));
  });
  it("says the offset on the date of the card, not that of today", () => {
    expect(label("Europe/Paris", "2026-07-10T10:00")).toBe("Paris (GMT+2)");
    expect(label("Europe/Paris", "2026-01-10T10:00")).toBe("Paris (GMT+1)");
    expect(label("Australia/Lord_Howe", "2026-07-10")).toBe("Lord Howe (GMT+10:30)");
  });
  it("calls each zone by its name in the language of the reader", () => {
    expect(label("Asia/Seoul", "2026-07-10", "ko")).toBe("대한민국 (GMT+9)");
    expect(label("America/Los_Angeles", "2026-07-10", "ko")).toBe("로스앤젤레스 (GMT-7)");
    const names = zones("Asia/Seoul", "ko", "2026-07-10").map((zone) => zone.label);
    expect(names.filter((name) => !/^[가-힣]/.test(name) && !/^(GMT|UTC)/.test(name))).toEqual([]);
    expect(new Set(names).size, "no two are called the same").toBe(names.length);
  });
  it("keeps a chosen zone that the browser does not know", () =>
    expect(label("Mars/Olympus_Mons", "2026-07-10", "ko")).toBe("Olympus Mons (?)"));
});
