// Which trip stands first on the dashboard, how a trip's time is said, and what makes the list out of date.
import type { Trip } from "../../api";
import type { Notice, NoticeKind } from "../../events/wire";
import { countdown, type Countdown } from "../../ui/dates";

/** The trip that is under way, or else the next to begin; null when none lies ahead. */
export function nextTrip(trips: readonly Trip[], today: string): Trip | null {
  const ahead = trips.filter((trip) => trip.start !== null && whenOf(trip, today)?.phase !== "past");
  ahead.sort((a, b) => byCode(a.start ?? "", b.start ?? "") || byCode(a.id, b.id));
  return ahead.find((trip) => whenOf(trip, today)?.phase === "now") ?? ahead[0] ?? null;
}

/** Dates and ids are written so that this is their order. */
function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function whenOf(trip: Pick<Trip, "start" | "end">, today: string): Countdown | null {
  return trip.start === null ? null : countdown(trip.start, trip.end ?? trip.start, today);
}

/** What changes a trip's inside alone. */
const INSIDE: ReadonlySet<NoticeKind> = new Set(["version_restored", "began_anew", "other"]);

/** Whether the list of trips is another after what this tells: who is in a trip, as what, and where the trip is. */
export function changesList(notice: Notice): boolean {
  return !INSIDE.has(notice.kind);
}
