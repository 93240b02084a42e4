// Which cards name the same place twice: same source and id, or the same normalised name within 50 m. Coordinates alone never. Pure.
import { fold } from "../text/fold";
import type { Card, Place } from "../api/projection";

const NEAR_M = 50;
const EARTH_M = 6_371_000;

/** Groups of at least two card ids, in the order of the cards. */
export function duplicatesOf(cards: Iterable<Card>): string[][] {
  const groups: { places: Place[]; ids: string[] }[] = [];
  const byKey = new Map<string, (typeof groups)[number][]>();
  for (const { id, place } of cards) {
    if (!place) continue;
    const keys = keysOf(place);
    const group = keys
      .flatMap((key) => byKey.get(key) ?? [])
      .find((each) => each.places.some((other) => same(place, other)));
    const home = group ?? { places: [], ids: [] };
    if (!group) groups.push(home);
    home.places.push(place);
    home.ids.push(id);
    for (const key of keys) {
      const there = byKey.get(key);
      if (!there) byKey.set(key, [home]);
      else if (!there.includes(home)) there.push(home);
    }
  }
  return groups.filter(({ ids }) => ids.length > 1).map(({ ids }) => ids);
}

function keysOf(place: Place): string[] {
  const name = fold(place.name);
  return [
    ...(place.src && place.id ? [`id:${place.src}:${place.id}`] : []),
    ...(name ? [`name:${name}`] : []),
  ];
}

function same(a: Place, b: Place): boolean {
  if (a.src !== "" && a.id !== "" && a.src === b.src && a.id === b.id) return true;
  const name = fold(a.name);
  return name !== "" && name === fold(b.name) && metresBetween(a, b) <= NEAR_M;
}


type Point = Pick<Place, "lat" | "lng">;

export function metresBetween(a: Point, b: Point): number {
  const rad = Math.PI / 180;
  const dLat = (b.lat - a.lat) * rad;
  const dLng = (b.lng - a.lng) * rad;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(dLng / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
