// Builds the shapes of the base map from Natural Earth (world-atlas): a light one for the world, a fine one for closer views.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import type { MultiPolygon, Polygon as GeoPolygon } from "geojson";
import { cutLine, cutPolygon, encodeShapes, type Point, type Polygon, type Ring } from "./geometry";

const OUT = join(process.cwd(), "src/map/generated");
const ATLAS = join(process.cwd(), "node_modules/world-atlas");

type Atlas = Topology<{ countries: GeometryCollection<{ name: string }> }>;

await mkdir(OUT, { recursive: true });
await build("countries-50m.json", "world.bin", 100);
await build("countries-10m.json", "fine.bin", 1_000);

async function build(source: string, target: string, precision: number): Promise<void> {
  const atlas = JSON.parse(await readFile(join(ATLAS, source), "utf8")) as Atlas;
  const { countries } = atlas.objects;
  const polygons = feature(atlas, countries).features.flatMap(({ id, geometry }) =>
    polygonsOf(geometry as GeoPolygon | MultiPolygon | null)
      .flatMap(cutPolygon)
      .map((rings) => ({ code: String(id ?? "").padStart(3, "0"), rings })),
  );
  const borders = mesh(atlas, countries, (a, b) => a !== b).coordinates as unknown as Ring[];
  await writeFile(join(OUT, target), encodeShapes({ precision, polygons, lines: borders.flatMap(cutLine) }));
}

function polygonsOf(geometry: GeoPolygon | MultiPolygon | null): Polygon[] {
  if (!geometry) return [];
  const coordinates = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return coordinates as unknown as Point[][][];
}
