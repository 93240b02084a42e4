// Claims about the timeline of versions.
import { describe, expect, it } from "vitest";
import type { Version } from "../../../api";
import { byDay } from "./timeline";

const version = (id: string, at: string): Version => ({
  id,
  document: "trip:x",
  name: null,
  cause: "saved",
  by: { user: "u", name: "U", color: "#000000" },
  at,
  counts: { days: 0, cards: 0, places: 0 },
});

describe("byDay", () => {
  it("keeps the order and opens a group where the day changes", () => {
    const versions = [
      version("c", "2026-11-21T09:00"),
      version("b", "2026-11-21T08:00"),
      version("a", "2026-11-20T23:00"),
    ];
    expect(byDay(versions, (at) => at.slice(0, 10)).map((day) => day.versions.map((one) => one.id))).toEqual([
      ["c", "b"],
      ["a"],
    ]);
  });
});
