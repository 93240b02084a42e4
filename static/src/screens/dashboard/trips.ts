// Which trip stands first on the dashboard, how a trip's time is said, and what makes the list out of date.
import type { Trip } from "../../api";
import type { Notice, NoticeKind } from "../../events/wire";
import { countdown, type Countdown } from "../../ui/dates";

/** The trip that is under way, or else the next to begin; null when none lies ahead. */
export function nextTrip(trips: readonly Trip[], today: string): Trip | null {
  const ahead = trips.filter((trip) => trip.start !== null && whenOf(trip, today)?.phase !== "past");
  ahead.sort((a, b) => (a.start ?? "").localeCompare(b.start ?? "") || a.id.localeCompare(b.id));
  return ahead.find((trip) => whenOf(trip, today)?.phase === "now") ?? ahead[0] ?? null;
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
