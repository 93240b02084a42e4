// Versions by the day on which they were made, newest first.
import type { Version } from "../../../api";

export interface VersionDay {
  /** The calendar day where the reader is, as a key. */
  day: string;
  versions: Version[];
}

export function byDay(versions: readonly Version[], dayOf: (instant: string) => string): VersionDay[] {
  const days: VersionDay[] = [];
  for (const version of versions) {
    const day = dayOf(version.at);
    const last = days.at(-1);
    if (last?.day === day) last.versions.push(version);
    else days.push({ day, versions: [version] });
  }
  return days;
}
