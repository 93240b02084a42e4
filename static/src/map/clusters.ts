// Which pins stand for themselves at a zoom, and which are drawn as one. Pure.
import { toPixel } from "./mercator";
import type { MapPin } from "./types";

export interface Cluster {
  /** Steady while its first pin stays the first. */
  readonly id: string;
  readonly lng: number;
  readonly lat: number;
  readonly pins: readonly MapPin[];
  /** Colours of its days with their shares, largest first. */
  readonly colors: readonly { readonly color: string; readonly share: number }[];
}

/** Pins closer than this would cover each other's numbers. */
const RADIUS = 22;

/** The selected pin always stands alone. Zoom is taken in halves, so that clusters do not flicker while zooming. */
export function clusters(pins: readonly MapPin[], zoom: number, selected: string | null): Cluster[] {
  const step = Math.round(zoom * 2) / 2;
  const groups: { x: number; y: number; pins: MapPin[] }[] = [];
  const cells = new Map<string, (typeof groups)[number][]>();
  for (const pin of pins) {
    const { x, y } = toPixel(pin, step);
    const near = pin.id === selected ? undefined : nearest(cells, x, y);
    if (near) {
      near.pins.push(pin);
      continue;
    }
    const group = { x, y, pins: [pin] };
    groups.push(group);
    if (pin.id === selected) continue;
    const key = `${Math.floor(x / RADIUS)}:${Math.floor(y / RADIUS)}`;
    cells.set(key, [...(cells.get(key) ?? []), group]);
  }
  return groups.map(({ pins: members }) => clusterOf(members));
}

function nearest<T extends { x: number; y: number }>(
  cells: ReadonlyMap<string, readonly T[]>,
  x: number,
  y: number,
): T | undefined {
  const [column, row] = [Math.floor(x / RADIUS), Math.floor(y / RADIUS)];
  for (const dx of [0, -1, 1]) {
    for (const dy of [0, -1, 1]) {
      const found = cells
        .get(`${column + dx}:${row + dy}`)
        ?.find((each) => Math.hypot(each.x - x, each.y - y) < RADIUS);
      if (found) return found;
    }
  }
  return undefined;
}

function clusterOf(pins: readonly MapPin[]): Cluster {
  const mean = (of: (pin: MapPin) => number) => pins.reduce((sum, pin) => sum + of(pin), 0) / pins.length;
  const counts = new Map<string, number>();
  for (const { color } of pins) counts.set(color, (counts.get(color) ?? 0) + 1);
  const colors = [...counts]
    .map(([color, count]) => ({ color, share: count / pins.length }))
    .sort((a, b) => b.share - a.share);
  return { id: pins[0]?.id ?? "", lng: mean(({ lng }) => lng), lat: mean(({ lat }) => lat), pins, colors };
}
