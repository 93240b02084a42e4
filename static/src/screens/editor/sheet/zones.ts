// The time zones that a person may choose from, from west to east, each with its offset on the date in question.
import type { Language } from "../../../ui/text.svelte";
import { offsetAt, offsetText } from "../../../time/zones";
import { zoneName } from "../state/when";

export interface ZoneOption {
  value: string;
  label: string;
}

/** Lists that were asked for lately: a sheet asks for the same one at each edit. */
const MAX_LISTS = 8;
const lists = new Map<string, ZoneOption[]>();

/** All zones that the browser knows, by their offset at `wall`; `chosen` is in it even if the browser does not know it. */
export function zones(chosen: string, language: Language, wall: string): ZoneOption[] {
  const key = `${language} ${chosen} ${wall}`;
  const known = lists.get(key);
  if (known !== undefined) return known;
  const names = [...new Set([chosen, ...Intl.supportedValuesOf("timeZone")])];
  const options = names
    .map((value) => ({ value, name: zoneName(value, language), offset: offsetAt(wall, value) ?? 0 }))
    .sort((a, b) => a.offset - b.offset || (a.name < b.name ? -1 : 1))
    .map(({ value, name }) => ({ value, label: `${name} (${offsetText(wall, value)})` }));
  if (lists.size >= MAX_LISTS) lists.delete(lists.keys().next().value ?? "");
  lists.set(key, options);
  return options;
}
