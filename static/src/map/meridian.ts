// The globe has no edge: longitudes the short way round, and ways that cross the 180th meridian. Pure.
import type { LngLat } from "./types";

const TURN = 360;

/** The same meridian, from -180 up to but not including 180. */
export function wrapped(lng: number): number {
  if (lng >= -180 && lng < 180) return lng; // as it is, to the last digit
  const turned = (((lng + 180) % TURN) + TURN) % TURN;
  return turned - 180;
}

/** The same meridian, at most half a turn from `reference`; it may lie beyond 180 degrees. */
export function near(lng: number, reference: number): number {
  return Math.abs(lng - reference) <= TURN / 2 ? lng : reference + wrapped(lng - reference);
}

/** The narrowest span of longitudes that holds them all; `east` is at least `west`, and may lie beyond 180 degrees. */
export function span(lngs: readonly number[]): { readonly west: number; readonly east: number } | null {
  const sorted = lngs.map(wrapped).sort((a, b) => a - b);
  const [first] = sorted;
  if (first === undefined) return null;
  // What lies between two neighbours is left out where it is widest.
  let widest = { gap: first + TURN - (sorted.at(-1) ?? first), after: sorted.length - 1 };
  for (let i = 0; i + 1 < sorted.length; i++) {
    const gap = (sorted[i + 1] ?? 0) - (sorted[i] ?? 0);
    if (gap > widest.gap) widest = { gap, after: i };
  }
  const west = sorted[(widest.after + 1) % sorted.length] ?? first;
  const east = sorted[widest.after] ?? first;
  return { west, east: east < west ? east + TURN : east };
}

/** A way from point to point, each leg the short way round, cut where it crosses the 180th meridian. */
export function legs(points: readonly LngLat[]): LngLat[][] {
  const [first] = points;
  if (!first) return [];
  const parts: LngLat[][] = [];
  let part: LngLat[] = [{ lng: wrapped(first.lng), lat: first.lat }];
  let last: LngLat = part[0] ?? first;
  for (const point of points.slice(1)) {
    const lng = near(point.lng, last.lng);
    const edge = lng >= 180 ? 180 : lng < -180 ? -180 : null;
    if (edge === null) part.push({ lng, lat: point.lat });
    else {
      const at = (edge - last.lng) / (lng - last.lng);
      const lat = last.lat + (point.lat - last.lat) * at;
      part.push({ lng: edge, lat });
      parts.push(part);
      part = [
        { lng: -edge, lat },
        { lng: wrapped(lng), lat: point.lat },
      ];
    }
    last = { lng: wrapped(lng), lat: point.lat };
  }
  parts.push(part);
  return parts.filter(({ length }) => length > 1);
}
