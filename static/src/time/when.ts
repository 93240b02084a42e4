// The time of a card: what it is on the day that the card lies on, and the edits of its parts. Pure.
import type { When } from "../api/projection";
import { addDays, daysBetween } from "./calendar";
import { minutesBetween } from "./zones";

const DAY_MINUTES = 1_440;
const NOTHING: Omit<When, "s"> = { stz: null, e: null, etz: null, allDay: false, lock: false };

export function timeOf(stamp: string): string | null {
  return stamp.length > 10 ? stamp.slice(11, 16) : null;
}

export function dateOf(stamp: string): string {
  return stamp.slice(0, 10);
}

/** Reading rule 6: the time of an unlocked card is on the date of its day; a locked one keeps its dates. */
export function onDay(when: When, date: string | null): When {
  return when.lock || date === null ? when : withDate(when, date);
}

/** Moved to another date; the end keeps its distance in days. An end beyond the calendar is dropped. */
export function withDate(when: When, date: string): When {
  const from = dateOf(when.s);
  if (from === date) return when;
  const end = when.e === null ? null : addDays(date, daysBetween(from, dateOf(when.e)));
  return { ...when, s: stamp(date, timeOf(when.s)), e: end === null ? null : stamp(end, timeOf(when.e ?? "")) };
}

/** How many days after its start it ends; 0 without an end. */
export function daysLong(when: When): number {
  return when.e === null ? 0 : daysBetween(dateOf(when.s), dateOf(when.e));
}

/** Whether its end is before its start, each on the clocks of its zone. */
export function isBackwards(when: When): boolean {
  return when.e !== null && minutesLong(when) < 0;
}

/** What an edit needs to know about the card around the time. */
export interface Around {
  /** Where there was no time yet: the date of the day, … */
  readonly date: string;
  /** … the zone of where it starts, … */
  readonly zone: string | null;
  /** … and of where it ends. */
  readonly endZone: string | null;
  /** A stay is measured in nights: its days are only ever changed by hand. */
  readonly nights: boolean;
}

/** Sets the start time ("" takes the whole time away). The end stays where it is, as long as that can be. */
export function withStart(when: When | null, time: string, around: Around): When | null {
  if (time === "") return null;
  const base = when ?? { ...NOTHING, s: around.date, stz: around.zone };
  return settled(when, { ...base, s: stamp(dateOf(base.s), time), allDay: false }, around.nights);
}

/** Sets the end time ("" takes the end away): the first such time after the start, unless its date was chosen. */
export function withEnd(when: When, time: string, around: Around): When {
  if (time === "" || timeOf(when.s) === null) return { ...when, e: null, etz: null };
  const etz = when.e === null ? (around.endZone ?? when.stz) : when.etz;
  const date = dateOf(when.e ?? when.s);
  return settled(when, { ...when, e: stamp(date, time), etz }, around.nights);
}

/** Sets the date on which it ends ("" takes the end away). */
export function withEndDate(when: When, date: string): When {
  if (date === "") return { ...when, e: null, etz: null };
  const time = when.e === null ? timeOf(when.s) : timeOf(when.e);
  return { ...when, e: stamp(date, when.allDay ? null : time) };
}

/** Sets on which day after its start it ends: 1 is the next day, -1 the day before (across the date line). */
export function withDaysLong(when: When, days: number): When {
  const date = addDays(dateOf(when.s), days);
  return date === null ? when : withEndDate(when, date);
}

/** Sets the zone of the start; that of the end follows if it was the same. */
export function withZone(when: When, stz: string, nights: boolean): When {
  const follows = when.e !== null && (when.etz === null || when.etz === when.stz);
  return settled(when, { ...when, stz, etz: follows ? stz : when.etz }, nights);
}

/** Sets the zone of the end. */
export function withEndZone(when: When, etz: string, nights: boolean): When {
  return settled(when, { ...when, etz }, nights);
}

/** Turns a whole day on or off; several days stay several days. */
export function withAllDay(when: When | null, on: boolean, around: Around): When {
  const base: When = when ?? { ...NOTHING, s: around.date, stz: around.zone };
  const end = base.e !== null && daysLong(base) > 0 ? dateOf(base.e) : null;
  if (on) return { ...base, s: dateOf(base.s), e: end, etz: end === null ? null : base.etz, allDay: true };
  const time = around.nights ? "15:00" : "10:00";
  const until = end === null ? null : stamp(end, around.nights ? "11:00" : time);
  return { ...base, s: stamp(dateOf(base.s), time), e: until, allDay: false };
}

/** The zones of a card's places, where they are known. */
export interface PlaceZones {
  readonly start: string | null;
  readonly end: string | null;
}

/** After a card got another place: a zone that was that of the old place (or of the trip) becomes that of the new one. */
export function followPlaces(when: When, before: PlaceZones, now: PlaceZones, nights: boolean): When {
  let next = when;
  if (now.start !== null && now.start !== before.start && (next.stz === null || next.stz === before.start)) {
    next = withZone(next, now.start, nights);
  }
  const own = next.etz ?? next.stz;
  const followed = own === before.end || own === next.stz;
  if (next.e !== null && now.end !== null && now.end !== before.end && followed) {
    next = withEndZone(next, now.end, nights);
  }
  return next;
}

/**
 * Where the end is after another part was edited. Until its date is chosen by hand, it is the first such time after
 * the start; a longer time, and the nights of a stay, are kept.
 */
function settled(before: When | null, next: When, nights: boolean): When {
  const time = next.e === null ? null : timeOf(next.e);
  if (next.e === null || time === null || timeOf(next.s) === null) return next;
  const was = before === null || before.e === null ? null : minutesLong(before);
  const long = minutesLong(next);
  const kept = nights ? was !== null && daysLong(next) > 0 : was !== null && was >= DAY_MINUTES;
  if (kept && long >= 0) return next;
  const least = nights ? 1 : -2; // across the date line, the clocks go back by more than a day
  for (let days = least; days <= 2; days++) {
    const date = addDays(dateOf(next.s), days);
    const tried = date === null ? null : { ...next, e: stamp(date, time) };
    if (tried !== null && minutesLong(tried) >= 0) return tried;
  }
  return next;
}

function minutesLong(when: When): number {
  const end = when.e ?? when.s;
  // A date alone ends with its day, whenever that began.
  if (timeOf(end) === null || timeOf(when.s) === null) return daysLong(when) * DAY_MINUTES;
  return minutesBetween(when.s, end, when.stz, when.etz ?? when.stz);
}

function stamp(date: string, time: string | null): string {
  return time === null ? date : `${date}T${time}`;
}
