// Writes shapes in the compact form that src/map/shapes.ts reads, and cuts polygons at the 180th meridian.

export type Point = readonly [lng: number, lat: number];
export type Ring = readonly Point[];
export type Polygon = readonly Ring[];

export interface ShapeSet {
  /** Steps per degree. */
  readonly precision: number;
  readonly polygons: readonly { readonly code: string; readonly rings: Polygon }[];
  readonly lines: readonly Ring[];
}

/** See src/map/shapes.ts for the form. */
export function encodeShapes({ precision, polygons, lines }: ShapeSet): Uint8Array {
  const out: number[] = [];
  const uint = (value: number) => {
    let rest = value;
    while (rest > 127) {
      out.push(rest % 128 | 128);
      rest = Math.floor(rest / 128);
    }
    out.push(rest);
  };
  const int = (value: number) => uint(value < 0 ? -2 * value - 1 : 2 * value);
  const ring = (points: readonly Point[]) => {
    uint(points.length);
    let [x, y] = [0, 0];
    for (const [px, py] of points) {
      int(px - x);
      int(py - y);
      [x, y] = [px, py];
    }
  };
  uint(precision);
  const whole = polygons.flatMap(({ code, rings }) => {
    const kept = rings.map((each) => quantise(each, precision, true)).filter((each) => each.length >= 4);
    return kept.length > 0 && kept[0] ? [{ code, rings: kept }] : [];
  });
  uint(whole.length);
  for (const { code, rings } of whole) {
    for (const character of code.padEnd(3)) out.push(character.charCodeAt(0));
    uint(rings.length);
    rings.forEach(ring);
  }
  const strokes = lines.map((line) => quantise(line, precision, false)).filter((line) => line.length >= 2);
  uint(strokes.length);
  strokes.forEach(ring);
  return Uint8Array.from(out);
}

function quantise(points: Ring, precision: number, closed: boolean): Point[] {
  const result: [number, number][] = [];
  for (const [lng, lat] of points) {
    const [x, y] = [Math.round(lng * precision), Math.round(lat * precision)];
    const last = result.at(-1);
    if (!last || last[0] !== x || last[1] !== y) result.push([x, y]);
  }
  return closed && result.length < 4 ? [] : result;
}

/** Polygons whose rings jump from 180° to -180° become parts on each side. */
export function cutPolygon(rings: Polygon): Polygon[] {
  if (!rings.some(jumps)) return [rings];
  const unwrapped = rings.map(unwrap);
  const parts: Polygon[] = [];
  for (const shift of [-360, 0, 360]) {
    const part = unwrapped
      .map((ring) => ring.map(([lng, lat]): Point => [lng + shift, lat]))
      .map((ring) => clip(clip(ring, -180, 1), 180, -1))
      .filter((ring) => ring.length >= 4);
    if (part.length > 0) parts.push(part);
  }
  return parts;
}

/** Lines are broken where they jump. */
export function cutLine(line: Ring): Ring[] {
  const parts: Point[][] = [[]];
  line.forEach((point, i) => {
    const before = line[i - 1];
    if (before && Math.abs(point[0] - before[0]) > 180) parts.push([]);
    // The seam itself is no coast.
    const onSeam = before && Math.abs(point[0]) === 180 && Math.abs(before[0]) === 180;
    if (onSeam) parts.push([]);
    parts.at(-1)?.push(point);
  });
  return parts.filter((part) => part.length > 1);
}

function jumps(ring: Ring): boolean {
  return ring.some((point, i) => Math.abs(point[0] - (ring[i - 1] ?? point)[0]) > 180);
}

function unwrap(ring: Ring): Ring {
  const result: Point[] = [];
  let turns = 0;
  ring.forEach(([lng, lat], i) => {
    const before = ring[i - 1];
    if (before) turns -= Math.round((lng - before[0]) / 360) * 360;
    result.push([lng + turns, lat]);
  });
  // Around a pole: close it along the edge of the map.
  const [first, last] = [result[0], result.at(-1)];
  if (first && last && Math.abs(first[0] - last[0]) > 180)
    result.push([last[0], -90], [first[0], -90], first);
  return result;
}

/** What lies on one side of a meridian (`side` 1: east of it), after Sutherland and Hodgman. */
function clip(ring: Ring, meridian: number, side: 1 | -1): Ring {
  const inside = ([lng]: Point) => (lng - meridian) * side >= 0;
  const result: Point[] = [];
  ring.forEach((point, i) => {
    const before = ring[(i + ring.length - 1) % ring.length] ?? point;
    if (inside(point) !== inside(before)) {
      const t = (meridian - before[0]) / (point[0] - before[0]);
      result.push([meridian, before[1] + t * (point[1] - before[1])]);
    }
    if (inside(point)) result.push(point);
  });
  const first = result[0];
  if (first) result.push(first);
  return result;
}
