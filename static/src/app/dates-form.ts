// The form of a trip's dates, where one is made and where they are changed: from and to, or a number of days. Pure.
import { addDays, daysBetween, isDate } from "../time/calendar";

/** As the server takes them at most. */
export const MOST_DAYS = 366;
/** A trip without dates begins so many days from now in the form. */
const AHEAD = 14;

export interface DatesForm {
  readonly kind: "dated" | "undated";
  readonly start: string;
  readonly end: string;
  /** As it is typed. */
  readonly count: string;
}

/** What the form begins with: the trip's own dates and days, or some two weeks from now. */
export function firstDates(first: string | null, days: number, today: string): Pick<DatesForm, "start" | "end"> {
  const start = first ?? addDays(today, AHEAD) ?? today;
  return { start, end: addDays(start, Math.max(0, days - 1)) ?? start };
}

/** How many days it asks for; 0 or no whole number: it is not filled in. */
export function daysOf({ kind, start, end, count }: DatesForm): number {
  if (kind === "undated") return Number(count);
  return isDate(start) && isDate(end) ? daysBetween(start, end) + 1 : 0;
}

export function isPossible(days: number): boolean {
  return Number.isInteger(days) && days >= 1 && days <= MOST_DAYS;
}

/** Another first day takes the last one along: the trip stays as long as it was. */
export function endFor({ start, end }: Pick<DatesForm, "start" | "end">, begin: string): string {
  if (!isDate(start) || !isDate(end) || !isDate(begin)) return end;
  return addDays(begin, Math.max(0, daysBetween(start, end))) ?? begin;
}
