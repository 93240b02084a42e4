// The time of a card in words: wall times where it happens, and the zones' cities where they tell something.
import { daysLong, timeOf } from "../../../time/when";
import type { When } from "../../../document/types";
import type { Language } from "../../../ui/text.svelte";

/** "10:00", "10:00–11:30", "" for a whole day: the wall times where it starts and where it ends. */
export function clockText(when: When): string {
  const start = timeOf(when.s);
  if (start === null) return "";
  const end = when.e === null ? null : timeOf(when.e);
  return end === null ? start : `${start}–${end}${raised(daysLong(when))}`;
}

/** The zone's name, where it is another than the trip's; both names where it ends in another zone. */
export function zoneText(when: When, tripZone: string | null, language: Language): string {
  const end = when.e === null ? null : (when.etz ?? when.stz);
  if (when.stz !== null && end !== null && end !== when.stz) return `${zoneName(when.stz, language)} → ${zoneName(end, language)}`;
  return when.stz === null || when.stz === tripZone ? "" : zoneName(when.stz, language);
}

/** What Korean calls the zones that the browser knows. */
const inKorean = new Map<string, string>();

/** "New York" of "America/New_York", "뉴욕" in Korean; a zone of a whole country is called by that: "대한민국". */
export function zoneName(zone: string, language: Language): string {
  return (language === "ko" ? koreanName(zone) : null) ?? (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

/** The browser's own word for the place of a zone; null for a zone that it does not know. */
function koreanName(zone: string): string | null {
  const known = inKorean.get(zone);
  if (known !== undefined) return known;
  try {
    const parts = new Intl.DateTimeFormat("ko", { timeZone: zone, timeZoneName: "shortGeneric" }).formatToParts();
    const name = parts.find(({ type }) => type === "timeZoneName")?.value.replace(/ 시간$/, "") ?? null;
    if (name !== null) inKorean.set(zone, name);
    return name;
  } catch {
    return null;
  }
}

/** "⁺¹", "⁻¹": on which day after the start; "" on the same. */
function raised(days: number): string {
  const digits = [...String(Math.abs(days))].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(Number(digit)));
  return days === 0 ? "" : `${days < 0 ? "⁻" : "⁺"}${digits.join("")}`;
}
