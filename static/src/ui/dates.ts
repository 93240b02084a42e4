// Calendar dates as people read them: "YYYY-MM-DD" in, Korean or English words out, by Intl and never by a bare UTC clock.

import type { Language } from "../i18n";
import { daysBetween } from "../time/calendar";

export { addDays, daysBetween, isDate, today } from "../time/calendar";

export type { Language };

/** Midnight UTC of a calendar date: only for Intl with timeZone UTC. */
function utc(date: string): Date {
  return new Date(`${date}T00:00:00Z`);
}

function formatter(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(language === "ko" ? "ko-KR" : "en-GB", { timeZone: "UTC", ...options });
}

/** "12/25 금" or "Fri 25 Dec": the date in a column's head. */
export function shortDate(date: string, language: Language): string {
  const weekday = formatter(language, { weekday: "short" }).format(utc(date));
  if (language === "ko") return `${Number(date.slice(5, 7))}/${Number(date.slice(8))} ${weekday}`;
  return `${weekday} ${formatter(language, { day: "numeric", month: "short" }).format(utc(date))}`;
}

/** "2026년 12월 24일 – 28일": a trip's dates with the year. */
export function dateRange(start: string, end: string, language: Language): string {
  const long = formatter(language, {
    year: "numeric",
    month: language === "ko" ? "long" : "short",
    day: "numeric",
  });
  return start === end ? long.format(utc(start)) : long.formatRange(utc(start), utc(end));
}

export type Countdown =
  | { phase: "before"; days: number }
  | { phase: "now"; day: number; of: number }
  | { phase: "past"; days: number };

/** Where a trip stands on a given day: days to go, the day of it, or days since. */
export function countdown(start: string, end: string, on: string): Countdown {
  const before = daysBetween(on, start);
  if (before > 0) return { phase: "before", days: before };
  const after = daysBetween(end, on);
  if (after > 0) return { phase: "past", days: after };
  return { phase: "now", day: 1 - before, of: daysBetween(start, end) + 1 };
}

/** "오후 3:20" or "3:20 pm" of an instant, where this person is. */
export function clock(instant: string, language: Language): string {
  return new Intl.DateTimeFormat(language === "ko" ? "ko-KR" : "en-GB", {
    hour: "numeric",
    minute: "2-digit",
    hour12: language === "ko",
  }).format(new Date(instant));
}

/** "11월 21일 토요일" of an instant, where this person is. */
export function dayOf(instant: string, language: Language): string {
  return new Intl.DateTimeFormat(language === "ko" ? "ko-KR" : "en-GB", {
    month: "long",
    day: "numeric",
    weekday: "long",
  }).format(new Date(instant));
}

/** "2026년 11월 21일 토요일 오후 3:20": an instant in full, where this person is. */
export function moment(instant: string, language: Language): string {
  return new Intl.DateTimeFormat(language === "ko" ? "ko-KR" : "en-GB", {
    dateStyle: "full",
    timeStyle: "short",
  }).format(new Date(instant));
}

/** Less than a minute ago. What browsers say of it ("지금", "now") reads as if it were still going on. */
const JUST_NOW: Record<Language, string> = { ko: "방금", en: "just now" };

/** "3분 전", "yesterday", "방금": how long ago an instant was. */
export function ago(instant: string, now: Date, language: Language): string {
  const seconds = Math.round((new Date(instant).getTime() - now.getTime()) / 1000);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ["year", 31_536_000],
    ["month", 2_592_000],
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  for (const [unit, length] of units) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return JUST_NOW[language];
}
