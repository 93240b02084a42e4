// What the form of a trip's dates makes of what is typed into it.
import { describe, expect, it } from "vitest";
import { daysOf, endFor, firstDates, isPossible, type DatesForm } from "./dates-form";

function form(fields: Partial<DatesForm> = {}): DatesForm {
  return { kind: "dated", start: "2026-05-01", end: "2026-05-03", count: "2", ...fields };
}

describe("the form of dates", () => {
  it("begins with the trip's own, or two weeks from now", () => {
    expect(firstDates("2026-05-01", 3, "2026-01-01")).toEqual({ start: "2026-05-01", end: "2026-05-03" });
    expect(firstDates(null, 3, "2026-02-20")).toEqual({ start: "2026-03-06", end: "2026-03-08" });
    expect(firstDates(null, 0, "2026-02-20").end).toBe("2026-03-06");
  });

  it("counts both days, over months and clock changes", () => {
    expect(daysOf(form())).toBe(3);
    expect(daysOf(form({ start: "2026-03-28", end: "2026-04-01" }))).toBe(5);
    expect(daysOf(form({ kind: "undated", count: "12" }))).toBe(12);
  });

  it.each([
    [form({ end: "" }), false],
    [form({ end: "2026-04-30" }), false],
    [form({ end: "2026-04-01" }), false],
    [form({ kind: "undated", count: "" }), false],
    [form({ kind: "undated", count: "1.5" }), false],
    [form({ kind: "undated", count: "x" }), false],
    [form({ kind: "undated", count: "366" }), true],
    [form({ kind: "undated", count: "367" }), false],
    [form({ start: "2026-01-01", end: "2027-01-01" }), true],
    [form({ start: "2026-01-01", end: "2027-01-02" }), false],
  ])("%o is possible: %s", (given, possible) => expect(isPossible(daysOf(given))).toBe(possible));

  it("keeps the length where the first day is another", () => {
    expect(endFor(form(), "2026-06-10")).toBe("2026-06-12");
    expect(endFor(form({ end: "2026-04-01" }), "2026-06-10")).toBe("2026-06-10");
    expect(endFor(form(), "")).toBe("2026-05-03");
    expect(endFor(form({ start: "" }), "2026-06-10")).toBe("2026-05-03");
  });
});
