// The time of a card in words: wall times where it happens, and the zones' cities where they tell something.
import { daysLong, timeOf } from "../../time/when";
import type { When } from "../../document/types";

/** "10:00", "10:00–11:30", "" for a whole day: the wall times where it starts and where it ends. */
export function clockText(when: When): string {
  const start = timeOf(when.s);
  if (start === null) return "";
  const end = when.e === null ? null : timeOf(when.e);
  return end === null ? start : `${start}–${end}${raised(daysLong(when))}`;
}

/** The zone's city, where it is another than the trip's; both cities where it ends in another zone. */
export function zoneText(when: When, tripZone: string | null): string {
  const end = when.e === null ? null : (when.etz ?? when.stz);
  if (when.stz !== null && end !== null && end !== when.stz) return `${cityOf(when.stz)} → ${cityOf(end)}`;
  return when.stz === null || when.stz === tripZone ? "" : cityOf(when.stz);
}

/** "New York" of "America/New_York". */
export function cityOf(zone: string): string {
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

/** "⁺¹", "⁻¹": on which day after the start; "" on the same. */
function raised(days: number): string {
  const digits = [...String(Math.abs(days))].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(Number(digit)));
  return days === 0 ? "" : `${days < 0 ? "⁻" : "⁺"}${digits.join("")}`;
}
