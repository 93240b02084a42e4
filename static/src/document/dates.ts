// Calendar dates as "YYYY-MM-DD", without clocks and zones. Pure.

const DAY_MS = 86_400_000;

/** `date` moved by whole days; null beyond the years 0000 to 9999. */
export function addDays(date: string, days: number): string | null {
  const text = new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString();
  return text.length === 24 ? text.slice(0, 10) : null;
}

/** Whole days from `from` to `to`. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

/** Today where the person is. */
export function today(now = new Date()): string {
  const month = String(now.getMonth() + 1).padStart(2, "0");
  return `${now.getFullYear()}-${month}-${String(now.getDate()).padStart(2, "0")}`;
}
