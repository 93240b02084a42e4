// Calendar dates as "YYYY-MM-DD" of the years 0000 to 9999, without clocks and zones. Pure.
import { Temporal } from "temporal-polyfill";

const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

/** Whether the text is a day of the calendar. */
export function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  try {
    Temporal.PlainDate.from(text);
    return true;
  } catch {
    return false;
  }
}

/** `date` moved by whole days; null beyond the years 0000 to 9999. */
export function addDays(date: string, days: number): string | null {
  const moved = Temporal.PlainDate.from(date).add({ days }).toString();
  return DATE.test(moved) ? moved : null;
}

/** How many days `to` is after `from`. */
export function daysBetween(from: string, to: string): number {
  if (from === to) return 0;
  return Temporal.PlainDate.from(from).until(to, { largestUnit: "day" }).days;
}

/** The calendar date where this person is. */
export function today(now = new Date()): string {
  return new Temporal.PlainDate(now.getFullYear(), now.getMonth() + 1, now.getDate()).toString();
}
