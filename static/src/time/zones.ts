// What the clocks of a zone show on a date: its offset then, and times that a change of the clocks skips or repeats. Pure.
import { Temporal } from "temporal-polyfill";

/** Wall time "YYYY-MM-DDTHH:MM", or "YYYY-MM-DD" for a whole day. */
type Wall = string;

/** How far a zone is ahead of UTC at that wall time, in seconds; null for a zone that is not known here. */
export function offsetAt(wall: Wall, zone: string): number | null {
  const at = zoned(wall, zone);
  return at === null ? null : at.offsetNanoseconds / 1e9;
}

/** "GMT+2", "GMT+5:45", "GMT": the offset of a zone at that wall time; "?" for a zone that is not known here. */
export function offsetText(wall: Wall, zone: string): string {
  const seconds = offsetAt(wall, zone);
  if (seconds === null) return "?";
  if (seconds === 0) return "GMT";
  const whole = Math.abs(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  while (parts.at(-1) === "00") parts.pop();
  return `GMT${seconds < 0 ? "-" : "+"}${[Math.floor(whole / 3600), ...parts].join(":")}`;
}

/** "skipped": no clock of the zone shows this time that day; "repeated": they show it twice. */
export function clockChange(wall: Wall, zone: string): "skipped" | "repeated" | null {
  if (!isTimed(wall)) return null;
  const early = zoned(wall, zone, "earlier");
  const late = zoned(wall, zone, "later");
  if (early === null || late === null || early.epochMilliseconds === late.epochMilliseconds) return null;
  return late.toPlainDateTime().equals(wall) ? "repeated" : "skipped";
}

/** Minutes from one wall time to another, each in its zone; by the walls alone where a zone is not known. */
export function minutesBetween(
  from: Wall,
  to: Wall,
  fromZone: string | null,
  toZone: string | null,
): number {
  const [a, b] = fromZone === null || toZone === null ? [null, null] : [zoned(from, fromZone), zoned(to, toZone)];
  const [start, end] = a === null || b === null ? [utc(from), utc(to)] : [a, b];
  return (end.epochMilliseconds - start.epochMilliseconds) / 60_000;
}

/** A whole day counts as its noon: no zone changes its clocks then. */
function zoned(
  wall: Wall,
  zone: string,
  disambiguation: "compatible" | "earlier" | "later" = "compatible",
): Temporal.ZonedDateTime | null {
  try {
    return plain(wall).toZonedDateTime(zone, { disambiguation });
  } catch {
    return null;
  }
}

function utc(wall: Wall): Temporal.ZonedDateTime {
  return plain(wall).toZonedDateTime("UTC");
}

function plain(wall: Wall): Temporal.PlainDateTime {
  return Temporal.PlainDateTime.from(isTimed(wall) ? wall : `${wall}T12:00`);
}

function isTimed(wall: Wall): boolean {
  return wall.length > 10;
}
