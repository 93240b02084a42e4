// Which pins stand for themselves at a zoom, and which are drawn as one. Pure.
import { toPixel, worldSize } from "./mercator";
import { near as nearer, wrapped } from "./meridian";
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
  const grid = gridOf(worldSize(step));
  const groups: { x: number; y: number; pins: MapPin[] }[] = [];
  const cells = new Map<string, (typeof groups)[number][]>();
  for (const pin of pins) {
    const { x, y } = toPixel({ lng: wrapped(pin.lng), lat: pin.lat }, step);
    const near = pin.id === selected ? undefined : nearest(cells, x, y, grid);
    if (near) {
      near.pins.push(pin);
      continue;
    }
    const group = { x, y, pins: [pin] };
    groups.push(group);
    if (pin.id === selected) continue;
    const key = `${Math.floor(x / grid.cell)}:${Math.floor(y / grid.cell)}`;
    cells.set(key, [...(cells.get(key) ?? []), group]);
  }
  return groups.map(({ pins: members }) => clusterOf(members));
}

/** Cells at least as wide as the radius, a whole number of them around the globe. */
interface Grid {
  readonly world: number;
  readonly columns: number;
  readonly cell: number;
}

function gridOf(world: number): Grid {
  const columns = Math.floor(world / RADIUS);
  return { world, columns, cell: world / columns };
}

function nearest<T extends { x: number; y: number }>(
  cells: ReadonlyMap<string, readonly T[]>,
  x: number,
  y: number,
  { world, columns, cell }: Grid,
): T | undefined {
  const [column, row] = [Math.floor(x / cell), Math.floor(y / cell)];
  for (const dx of [0, -1, 1]) {
    for (const dy of [0, -1, 1]) {
      const found = cells
        .get(`${(column + dx + columns) % columns}:${row + dy}`)
        ?.find((each) => {
          const apart = Math.abs(each.x - x);
          return Math.hypot(Math.min(apart, world - apart), each.y - y) < RADIUS;
        });
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
  // The mean of 179° and -179° is not 0°.
  const [first] = pins;
  const lng = wrapped(mean((pin) => nearer(pin.lng, first?.lng ?? 0)));
  return { id: first?.id ?? "", lng, lat: mean(({ lat }) => lat), pins, colors };
}
