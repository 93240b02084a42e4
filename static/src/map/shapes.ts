// Reads the compact shapes of the base map (scripts/geometry.ts writes them) into GeoJSON. Pure.
//
// Form, in varints: steps per degree; number of polygons, each: three characters of country code, number of rings, rings;
// number of lines; a ring or line is its number of points, then zigzag differences of longitude and latitude.
import type { Feature, FeatureCollection, MultiLineString, Polygon, Position } from "geojson";

export interface Shapes {
  readonly land: FeatureCollection<Polygon, { readonly code: string }>;
  readonly borders: Feature<MultiLineString>;
}

export function decodeShapes(bytes: Uint8Array): Shapes {
  const reader = new Reader(bytes);
  const steps = reader.uint();
  const features: Feature<Polygon, { code: string }>[] = [];
  for (let count = reader.uint(); count > 0; count--) {
    const code = reader.text(3).trim();
    const coordinates = Array.from({ length: reader.uint() }, () => reader.ring(steps));
    features.push({ type: "Feature", properties: { code }, geometry: { type: "Polygon", coordinates } });
  }
  const lines = Array.from({ length: reader.uint() }, () => reader.ring(steps));
  return {
    land: { type: "FeatureCollection", features },
    borders: { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } },
  };
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  uint(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  text(length: number): string {
    const start = this.#at;
    this.#at += length;
    return String.fromCharCode(...this.#bytes.subarray(start, this.#at));
  }

  ring(steps: number): Position[] {
    let [x, y] = [0, 0];
    return Array.from({ length: this.uint() }, () => {
      x += this.#int();
      y += this.#int();
      return [x / steps, y / steps];
    });
  }

  #int(): number {
    const value = this.uint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }
}
