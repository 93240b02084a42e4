// What the time of a card says and how it is changed: which parts are shown, which zone and day they are in. Pure.
import type { Card, Projection, When } from "../../../document/types";
import { dateOf, daysLong, isBackwards, timeOf, withDate, type Around } from "../../../time/when";
import { clockChange } from "../../../time/zones";

/** What is offered, in minutes. */
const DURATIONS: readonly number[] = [15, 30, 45, 60, 90, 120, 150, 180, 240, 300, 360, 480, 720];

/** Where a card stands while its time is edited. */
export interface Surroundings {
  readonly trip: Pick<Projection, "start" | "tz" | "days">;
  /** The date of its column, or null. */
  readonly date: string | null;
  readonly today: string;
  /** Of this device. */
  readonly deviceZone: string;
}

export interface TimeView {
  readonly start: string;
  readonly end: string;
  /** Of the start, and of the end. */
  readonly zone: string;
  readonly endZone: string;
  readonly around: Around;
  /** A time without a day and without a booking has no date yet. */
  readonly dated: boolean;
  /** It says another date than its column. */
  readonly elsewhere: boolean;
  /** Its end is on another day or in another zone, or would often be: that is asked without being called for. */
  readonly endApart: boolean;
  /** It ends before it starts. */
  readonly backwards: boolean;
  /** A clock that is put forward or back makes it unclear. */
  readonly change: ReturnType<typeof clockChange>;
}

export function timeView(card: Card, { trip, date, today, deviceZone }: Surroundings): TimeView {
  const { when, kind } = card;
  const zone = when?.stz ?? (card.place?.tz || trip.tz || deviceZone);
  const endZone = when?.etz ?? zone;
  const isApart = when !== null && when.e !== null && (daysLong(when) !== 0 || endZone !== zone);
  return {
    start: when === null ? "" : (timeOf(when.s) ?? ""),
    end: when?.e == null ? "" : (timeOf(when.e) ?? ""),
    zone,
    endZone,
    around: {
      date: date ?? trip.start ?? today,
      zone,
      endZone: (kind === "move" && card.to?.tz) || null,
      nights: kind === "stay",
    },
    dated: date !== null || when?.lock === true,
    elsewhere: when !== null && date !== null && dateOf(when.s) !== date,
    endApart: isApart || kind === "move" || kind === "stay",
    backwards: when !== null && isBackwards({ ...when, stz: zone }),
    change: when === null ? null : (clockChange(when.s, zone) ?? (when.e === null ? null : clockChange(when.e, endZone))),
  };
}

/** What another date means. */
export type Redated =
  | { readonly is: "same" }
  /** A booking is on whatever date it is on. */
  | { readonly is: "written"; readonly when: When }
  /** An unlocked time belongs to its day: another date is another day. */
  | { readonly is: "moved"; readonly day: string }
  /** The trip has no such day: it becomes a booking there. */
  | { readonly is: "locked"; readonly when: When };

export function redated(when: When | null, value: string, days: Projection["days"]): Redated {
  if (when === null || value === "" || value === dateOf(when.s)) return { is: "same" };
  if (when.lock) return { is: "written", when: withDate(when, value) };
  const home = days.find((day) => day.date === value);
  if (home !== undefined) return { is: "moved", day: home.id };
  return { is: "locked", when: { ...withDate(when, value), lock: true } };
}

/** The durations to choose from, and the card's own where it is another. */
export function durationsFor(own: number | null): readonly number[] {
  return [...new Set([...DURATIONS, ...(own === null ? [] : [own])])].sort((a, b) => a - b);
}
