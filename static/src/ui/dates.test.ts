// Claims about dates as people read them.
import { describe, expect, it } from "vitest";
import { addDays, ago, countdown, dateRange, daysBetween, isDate, moment, shortDate, today } from "./dates";

describe("calendar arithmetic", () => {
  it("crosses months, years and leap days", () => {
    expect(addDays("2026-12-30", 3)).toBe("2027-01-02");
    expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
    expect(daysBetween("2026-03-28", "2026-03-30")).toBe(2);
  });
  it("knows a date from something that looks like one", () => {
    expect(isDate("2026-02-28")).toBe(true);
    expect(isDate("2026-02-30")).toBe(false);
    expect(isDate("26-2-3")).toBe(false);
  });
  it("takes today from the clock on the wall, not from UTC", () => {
    expect(today(new Date(2026, 10, 21, 0, 5))).toBe("2026-11-21");
  });
});

describe("words", () => {
  it("heads a column in the way of each language", () => {
    expect(shortDate("2026-12-25", "ko")).toBe("12/25 금");
    expect(shortDate("2026-12-25", "en")).toBe("Fri 25 Dec");
  });
  it("says the month and the year of a range once", () => {
    expect(dateRange("2026-12-24", "2026-12-28", "ko")).toMatch(/^2026년 12월 24일\s?[~–]\s?28일$/);
    expect(dateRange("2026-12-24", "2026-12-24", "ko")).toBe("2026년 12월 24일");
  });
  it("says an instant in full, with the year", () => {
    expect(moment("2026-11-21T12:20:00Z", "ko")).toMatch(/^2026년 11월 2[12]일 .요일 .*:\d\d$/);
    expect(moment("2026-11-21T12:20:00Z", "en")).toMatch(/day,? 2[12] November 2026.*:\d\d$/);
  });
  it("says yesterday and minutes", () => {
    const now = new Date("2026-11-21T10:00:00Z");
    expect(ago("2026-11-21T09:57:00Z", now, "ko")).toBe("3분 전");
    expect(ago("2026-11-20T09:00:00Z", now, "ko")).toBe("어제");
    expect(ago("2026-11-21T09:59:30Z", now, "ko")).toBe("방금");
    expect(ago("2026-11-21T09:59:30Z", now, "en")).toBe("just now");
  });
});

describe("countdown", () => {
  it("counts down to the first day", () =>
    expect(countdown("2026-12-24", "2026-12-28", "2026-11-21")).toEqual({ phase: "before", days: 33 }));
  it("numbers the days of a trip under way, both ends included", () => {
    expect(countdown("2026-12-24", "2026-12-28", "2026-12-24")).toEqual({ phase: "now", day: 1, of: 5 });
    expect(countdown("2026-12-24", "2026-12-28", "2026-12-28")).toEqual({ phase: "now", day: 5, of: 5 });
  });
  it("counts the days since it ended", () =>
    expect(countdown("2026-12-24", "2026-12-28", "2026-12-30")).toEqual({ phase: "past", days: 2 }));
});
