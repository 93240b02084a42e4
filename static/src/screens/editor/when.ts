// The time of a card in words, and the edits of its parts: wall time and zone stay together.
import type { When } from "../../document/types";

/** "10:00", "10:00–11:30", "" for a whole day: the wall time where it happens. */
export function clockText(when: When): string {
  const start = timeOf(when.s);
  if (start === null) return "";
  const end = when.e === null ? null : timeOf(when.e);
  return end === null ? start : `${start}–${end}${overnight(when) ? "⁺¹" : ""}`;
}

/** The zone's city, where it is another than the trip's. */
export function zoneText(when: When, tripZone: string | null): string {
  if (when.stz === null || when.stz === tripZone) return "";
  return (when.stz.split("/").at(-1) ?? "").replaceAll("_", " ");
}

export function timeOf(stamp: string): string | null {
  return stamp.length > 10 ? stamp.slice(11, 16) : null;
}

export function dateOf(stamp: string): string {
  return stamp.slice(0, 10);
}

function overnight(when: When): boolean {
  return when.e !== null && dateOf(when.e) > dateOf(when.s);
}

const NOTHING: Omit<When, "s"> = { stz: null, e: null, etz: null, allDay: false, lock: false };

/** Sets the start time ("" takes the whole time away). `date` and `zone` serve where there was no time yet. */
export function withStart(when: When | null, time: string, date: string, zone: string | null): When | null {
  if (time === "") return null;
  const base = when ?? { ...NOTHING, stz: zone };
  const day = when === null ? date : dateOf(when.s);
  return inOrder({ ...base, s: `${day}T${time}`, allDay: false });
}

/** Sets the end time ("" takes it away); an end before the start means the day after. */
export function withEnd(when: When, time: string): When {
  if (time === "" || timeOf(when.s) === null) return { ...when, e: null, etz: null };
  return inOrder({ ...when, e: `${dateOf(when.s)}T${time}` });
}

export function withDate(when: When, date: string): When {
  const start = timeOf(when.s);
  const end = when.e === null ? null : timeOf(when.e);
  const moved = { ...when, s: start === null ? date : `${date}T${start}` };
  return inOrder({ ...moved, e: end === null ? null : `${date}T${end}` });
}

/** Turns a whole day on or off. */
export function withAllDay(when: When | null, on: boolean, date: string, zone: string | null): When | null {
  const base: When = when ?? { ...NOTHING, s: date, stz: zone };
  if (on) return { ...base, s: dateOf(base.s), e: null, etz: null, allDay: true };
  return { ...base, s: `${dateOf(base.s)}T10:00`, allDay: false };
}

function inOrder(when: When): When {
  const end = when.e === null ? null : timeOf(when.e);
  const start = timeOf(when.s);
  if (end === null || start === null) return when;
  const day = end < start ? after(dateOf(when.s)) : dateOf(when.s);
  return { ...when, e: `${day}T${end}` };
}

function after(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
