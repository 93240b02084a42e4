// How values of a document that anybody may have written become values of the right type and size. Pure.
import { cut, cutUnits } from "../characters";
import { isDate } from "../time/calendar";
import type { CardKind, CardStatus, Estimate, Place, When } from "../api/projection";

export const MAX = {
  title: 120,
  desc: 4_000,
  dayTitle: 120,
  dayNote: 4_000,
  cardTitle: 200,
  cardNote: 20_000,
  name: 300,
  text: 200,
  link: 2_000,
  minutes: 525_600,
} as const;

type Fields = Readonly<Record<string, unknown>>;

/** The first `max` characters, as people count them. */
export function clampText(text: string, max: number): string {
  return cut(text, max);
}

/** As much of it as people may type (`characters`), and as a server takes (`units`). */
export function clampShared(text: string, characters: number, units: number): string {
  return cutUnits(cut(text, characters), units);
}

/**
 * A JSON object; not a list, not bytes. Only its own keys: a hostile "__proto__" key becomes the
 * prototype when Yjs decodes it, and must not lend its fields.
 */
export function asFields(value: unknown): Fields | null {
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return null;
  return Object.assign(Object.create(null) as Fields, value);
}

export function asText(value: unknown, max: number = MAX.text): string | null {
  return typeof value === "string" ? clampText(value, max) : null;
}

export function asKind(value: unknown): CardKind | null {
  return value === "place" || value === "move" || value === "stay" || value === "note" ? value : null;
}

export function asStatus(value: unknown): CardStatus {
  return value === "idea" || value === "booked" || value === "done" || value === "skip" ? value : "plan";
}

export function asColor(value: unknown): string | null {
  return typeof value === "string" && /^#[0-9a-fA-F]{6}$/.test(value) ? value.toLowerCase() : null;
}

export function asLink(value: unknown): string | null {
  if (typeof value !== "string") return null;
  return value.startsWith("http://") || value.startsWith("https://") ? clampText(value, MAX.link) : null;
}

export function asMinutes(value: unknown): number | null {
  if (typeof value !== "number" || !Number.isInteger(value)) return null;
  return value >= 0 && value <= MAX.minutes ? value + 0 : null; // + 0: no negative zero
}

export function asDate(value: unknown): string | null {
  return typeof value === "string" && isDate(value) ? value : null;
}

export function asPlace(value: unknown): Place | null {
  const fields = asFields(value);
  if (!fields) return null;
  const lat = asDegrees(fields["lat"], 90);
  const lng = asDegrees(fields["lng"], 180);
  if (lat === null || lng === null) return null;
  return {
    src: asText(fields["src"]) ?? "",
    id: asText(fields["id"]) ?? "",
    name: asText(fields["name"], MAX.name) ?? "",
    alt: asText(fields["alt"], MAX.name) ?? "",
    lat,
    lng,
    addr: asText(fields["addr"], MAX.name) ?? "",
    cc: asText(fields["cc"]) ?? "",
    tz: asText(fields["tz"]) ?? "",
  };
}

export function asWhen(value: unknown): When | null {
  const fields = asFields(value);
  const s = fields && asMoment(fields["s"]);
  if (!fields || !s) return null;
  return {
    s,
    stz: asText(fields["stz"]),
    e: asMoment(fields["e"]),
    etz: asText(fields["etz"]),
    allDay: fields["allDay"] === true,
    lock: fields["lock"] === true,
  };
}

export function asEstimate(value: unknown): Estimate | null {
  const fields = asFields(value);
  const amt = fields?.["amt"];
  if (!fields || typeof amt !== "number" || !Number.isFinite(amt)) return null;
  return { amt: amt + 0, cur: asText(fields["cur"]) ?? "" };
}

/** `at` of a card: its day and its key; a card without a proper place lies in the tray, first. */
export function asAt(value: unknown): { day: string | null; key: string } {
  if (Array.isArray(value) && value.length === 2) {
    const [day, key] = value as unknown[];
    if ((day === null || typeof day === "string") && typeof key === "string") return { day, key };
  }
  return { day: null, key: "" };
}

function asDegrees(value: unknown, max: number): number | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  return Math.abs(value) <= max ? value + 0 : null;
}

/** "YYYY-MM-DD" or "YYYY-MM-DDTHH:MM", of the calendar. */
function asMoment(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const timed = /^(.{10})T([01][0-9]|2[0-3]):[0-5][0-9]$/.exec(value);
  return isDate(timed?.[1] ?? value) ? value : null;
}
