// Claims about calendar dates.
import { describe, expect, it } from "vitest";
import { addDays, daysBetween, isDate, today } from "./calendar";

describe("calendar dates", () => {
  it("cross months, years and leap days", () => {
    expect(addDays("2026-12-30", 3)).toBe("2027-01-02");
    expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
    expect(addDays("2100-02-28", 1)).toBe("2100-03-01");
    expect(addDays("2026-01-01", -1)).toBe("2025-12-31");
    expect(daysBetween("2026-03-28", "2026-03-30")).toBe(2);
    expect(daysBetween("2026-03-30", "2026-03-28")).toBe(-2);
  });
  it("end with the years 0000 and 9999", () => {
    expect(addDays("9999-12-30", 1)).toBe("9999-12-31");
    expect(addDays("9999-12-31", 1)).toBeNull();
    expect(addDays("0000-01-01", -1)).toBeNull();
    expect(daysBetween("0000-01-01", "9999-12-31")).toBe(3_652_424);
  });
  it("are told from what looks like one", () => {
    const ok = ["2026-02-28", "2028-02-29", "0000-01-01", "9999-12-31"];
    const bad = ["2026-02-30", "2026-13-01", "2026-00-10", "26-2-3", "2026-02-28T10:00", "+002026-02-28", "2026-02-28\n", ""];
    expect(ok.filter(isDate)).toEqual(ok);
    expect(bad.filter(isDate)).toEqual([]);
  });
  it("are today's by the clock on the wall, not by UTC", () => {
    expect(today(new Date(2026, 10, 21, 0, 5))).toBe("2026-11-21");
    expect(today(new Date(2026, 10, 21, 23, 55))).toBe("2026-11-21");
  });
});
