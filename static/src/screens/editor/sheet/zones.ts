// The time zones that a person may choose from, nearest to home first in the list's words.
import type { Language } from "../../../ui/text.svelte";

export interface ZoneOption {
  value: string;
  label: string;
}

const cache = new Map<string, ZoneOption[]>();

/** All zones that the browser knows, by their offset now; `chosen` is in it even if the browser does not know it. */
export function zones(chosen: string, language: Language, now = new Date()): ZoneOption[] {
  const key = `${language} ${chosen}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const names = [...new Set([chosen, ...Intl.supportedValuesOf("timeZone")])];
  const options = names
    .map((value) => ({ value, offset: offsetOf(value, now) }))
    .sort((a, b) => minutes(a.offset) - minutes(b.offset) || a.value.localeCompare(b.value))
    .map(({ value, offset }) => ({ value, label: `${cityOf(value)} (${offset})` }));
  cache.set(key, options);
  return options;
}

function cityOf(zone: string): string {
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

/** "GMT+9". */
function offsetOf(zone: string, now: Date): string {
  try {
    const parts = new Intl.DateTimeFormat("en", {
      timeZone: zone,
      timeZoneName: "shortOffset",
    }).formatToParts(now);
    return parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  } catch {
    return "?";
  }
}

function minutes(offset: string): number {
  const match = /GMT([+-])(\d+)(?::(\d+))?/.exec(offset);
  if (match === null) return 0;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0));
}
