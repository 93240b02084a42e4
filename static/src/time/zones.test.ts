// Claims about offsets on a date and about times that the clocks skip or repeat.
import { describe, expect, it } from "vitest";
import { clockChange, minutesBetween, offsetText } from "./zones";

describe("the offset", () => {
  it.each([
    ["2026-07-10T12:00", "Europe/Paris", "GMT+2"],
    ["2026-01-10T12:00", "Europe/Paris", "GMT+1"],
    ["2026-07-10", "Europe/Paris", "GMT+2"],
    ["2026-07-10T12:00", "America/New_York", "GMT-4"],
    ["2026-12-10T12:00", "America/New_York", "GMT-5"],
    ["2026-01-10T12:00", "Australia/Lord_Howe", "GMT+11"],
    ["2026-07-10T12:00", "Australia/Lord_Howe", "GMT+10:30"],
    ["2026-07-10T12:00", "Asia/Kathmandu", "GMT+5:45"],
    ["2026-07-10T12:00", "America/St_Johns", "GMT-2:30"],
    ["2026-01-10T12:00", "Europe/London", "GMT"],
    ["2300-07-10T12:00", "Europe/Paris", "GMT+2"],
    ["9999-12-31T23:59", "Europe/Paris", "GMT+1"],
    ["1900-01-01T12:00", "Asia/Seoul", "GMT+8:27:52"],
    ["2026-07-10T12:00", "Mars/Olympus_Mons", "?"],
  ])("at %s in %s is %s", (wall, zone, offset) => expect(offsetText(wall, zone)).toBe(offset));
});

describe("a change of the clocks", () => {
  it.each([
    ["2026-03-29T02:30", "Europe/Paris", "skipped"],
    ["2026-10-25T02:30", "Europe/Paris", "repeated"],
    ["2026-10-25T03:00", "Europe/Paris", null],
    ["2026-10-04T02:15", "Australia/Lord_Howe", "skipped"],
    ["2026-04-05T01:45", "Australia/Lord_Howe", "repeated"],
    ["2011-12-30T12:00", "Pacific/Apia", "skipped"],
    ["2026-03-29T02:30", "Asia/Seoul", null],
    ["2026-03-29", "Europe/Paris", null],
    ["2026-03-29T02:30", "Mars/Olympus_Mons", null],
  ])("%s in %s: %s", (wall, zone, change) => expect(clockChange(wall, zone)).toBe(change));

  it("counts as long as it is", () => {
    const paris = "Europe/Paris";
    expect(minutesBetween("2026-03-29T00:00", "2026-03-29T12:00", paris, paris)).toBe(11 * 60);
    expect(minutesBetween("2026-12-24T21:00", "2026-12-24T15:30", "Asia/Seoul", "America/Los_Angeles")).toBe(
      11.5 * 60,
    );
  });
});
