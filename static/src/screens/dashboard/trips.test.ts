// Claims about the dashboard's order.
import { describe, expect, it } from "vitest";
import type { Trip } from "../../api";
import type { NoticeKind } from "../../events/wire";
import { changesList, nextTrip } from "./trips";

const trip = (id: string, start: string | null, end: string | null = start): Trip => ({
  id,
  title: id,
  status: "active",
  role: "owner",
  start,
  end,
  counts: { days: 1, cards: 0, places: 0 },
  cover: null,
  color: null,
  created: "",
  touched: "",
  here: 0,
  members: [],
  memberCount: 1,
});

describe("nextTrip", () => {
  it("prefers the trip under way to one that begins today", () => {
    const trips = [
      trip("next", "2026-11-22"),
      trip("now", "2026-11-20", "2026-11-25"),
      trip("past", "2026-10-01"),
    ];
    expect(nextTrip(trips, "2026-11-21")?.id).toBe("now");
  });
  it("takes the nearest of those ahead", () => {
    expect(nextTrip([trip("far", "2027-01-01"), trip("near", "2026-12-24")], "2026-11-21")?.id).toBe("near");
  });
  it("is none when all are past or undated", () => {
    expect(nextTrip([trip("past", "2026-10-01"), trip("some day", null)], "2026-11-21")).toBeNull();
  });
});

describe("changesList", () => {
  const notice = (kind: NoticeKind) => ({
    seq: 1,
    at: "2026-11-25T15:40:00Z",
    kind,
    trip: { id: "trip:01A", title: "Jeju" },
    by: { id: "u1", name: "Jiu" },
    role: null,
  });
  it("knows what concerns the list from what concerns a trip's inside", () => {
    const kinds: NoticeKind[] = ["joined", "left", "role_changed", "removed", "trashed", "untrashed"];
    expect(kinds.map(notice).every(changesList)).toBe(true);
    expect(changesList(notice("version_restored"))).toBe(false);
    expect(changesList(notice("began_anew"))).toBe(false);
  });
});
