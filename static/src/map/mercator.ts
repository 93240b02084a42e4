// Web Mercator: between degrees and pixels at a zoom (512 px for the world at zoom 0, as MapLibre counts). Pure.
import { span, wrapped } from "./meridian";
import type { LngLat, MapView } from "./types";

const TILE = 512;
const MAX_LAT = 85.0511;

export interface Pixel {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

export interface Padding {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

export function toPixel({ lng, lat }: LngLat, zoom: number): Pixel {
  const size = TILE * 2 ** zoom;
  const bounded = Math.max(-MAX_LAT, Math.min(MAX_LAT, lat)) * (Math.PI / 180);
  return {
    x: size * ((lng + 180) / 360),
    y: size * (0.5 - Math.log(Math.tan(Math.PI / 4 + bounded / 2)) / (2 * Math.PI)),
  };
}

export function toLngLat({ x, y }: Pixel, zoom: number): LngLat {
  const size = TILE * 2 ** zoom;
  const lat = 2 * Math.atan(Math.exp((0.5 - y / size) * 2 * Math.PI)) - Math.PI / 2;
  return { lng: (x / size) * 360 - 180, lat: (lat * 180) / Math.PI };
}

/** The smallest box around the points, the short way round the globe: `east` may lie beyond 180; null for none. */
export function boxOf(points: readonly LngLat[]): Box | null {
  const lngs = span(points.map(({ lng }) => lng));
  if (!lngs) return null;
  const lats = points.map(({ lat }) => lat);
  return { ...lngs, south: Math.min(...lats), north: Math.max(...lats) };
}

/** Pixels of the whole turn at a zoom. */
export function worldSize(zoom: number): number {
  return TILE * 2 ** zoom;
}

/** The closest view that holds the box inside the padding. */
export function viewOf(box: Box, width: number, height: number, padding: Padding, maxZoom: number): MapView {
  const a = toPixel({ lng: box.west, lat: box.north }, 0);
  const b = toPixel({ lng: box.east, lat: box.south }, 0);
  const room = {
    x: Math.max(40, width - padding.left - padding.right),
    y: Math.max(40, height - padding.top - padding.bottom),
  };
  const zoom = Math.min(
    maxZoom,
    Math.log2(Math.min(room.x / Math.max(b.x - a.x, 1e-9), room.y / Math.max(b.y - a.y, 1e-9))),
  );
  const scale = 2 ** zoom;
  // The padding is seldom even: the middle of the free part is not the middle of the map.
  const middle = {
    x: ((a.x + b.x) / 2) * scale + (padding.right - padding.left) / 2,
    y: ((a.y + b.y) / 2) * scale + (padding.bottom - padding.top) / 2,
  };
  const { lng, lat } = toLngLat(middle, zoom);
  return { c: [wrapped(lng), lat], z: zoom };
}
