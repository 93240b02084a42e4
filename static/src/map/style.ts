// The schematic map as a MapLibre style: background, land by level, borders, ways of the days, names without a glyph server. Pure.
import type { FeatureCollection, Point } from "geojson";
import type {
  FontFacesSpecification,
  GeoJSONSourceSpecification,
  LayerSpecification,
  StyleSpecification,
} from "maplibre-gl";
import type { PlaceLabel } from "../places";
import type { Level } from "./basemap";
import { PALETTES, type Palette, type Theme } from "./palette";
import { legs } from "./meridian";
import type { MapLine } from "./types";

/** The program's own font, by its files (fonts.ts); the browser's fonts where that has no such letter. */
const FONT = [
  "Pretendard Variable",
  "Apple SD Gothic Neo",
  "Malgun Gothic",
  "Noto Sans CJK KR",
  "Noto Sans KR",
  "sans-serif",
];
/** From here on the finer shapes are drawn. */
export const FINE_ZOOM = 4.5;
export const DETAIL_ZOOM = 5.5;
const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };
const SETTLED = ["in", ["get", "group"], ["literal", ["city", "town"]]];

export function schematicStyle(theme: Theme, fonts: FontFacesSpecification): StyleSpecification {
  const source = (maxzoom: number): GeoJSONSourceSpecification => ({
    type: "geojson",
    data: EMPTY,
    maxzoom,
    buffer: 256,
    tolerance: 0.3,
  });
  return {
    version: 8,
    "font-faces": fonts,
    sources: {
      grid: { type: "geojson", data: graticule() },
      world: source(6),
      fine: source(10),
      detail: source(13),
      borders: source(8),
      ways: { ...source(16), buffer: 64 },
      names: { ...source(12), buffer: 64 },
    },
    layers: layers(theme),
  };
}

/** All layers from back to front; the same ids for each theme, so that a change of theme changes paint alone. */
export function layers(theme: Theme): LayerSpecification[] {
  const palette = PALETTES[theme];
  return [
    { id: "sea", type: "background", paint: { "background-color": palette.sea } },
    {
      id: "grid",
      type: "line",
      source: "grid",
      maxzoom: 7,
      paint: { "line-color": palette.grid, "line-width": 0.8 },
    },
    ...(["world", "fine", "detail"] as const).map((level) => shoal(level, palette)),
    ...(["world", "fine", "detail"] as const).flatMap((level) => land(level, palette)),
    {
      id: "borders",
      type: "line",
      source: "borders",
      paint: {
        "line-color": palette.border,
        "line-width": ["interpolate", ["linear"], ["zoom"], 2, 0.6, 8, 1.4],
        "line-dasharray": [3, 2],
      },
    },
    ...overlays(theme),
    ...names(palette),
  ];
}

/** What is drawn over any base map, also over own tiles. */
export function overlays(theme: Theme): LayerSpecification[] {
  const palette = PALETTES[theme];
  const layout = { "line-cap": "round", "line-join": "round" } as const;
  return [
    {
      id: "way-casing",
      type: "line",
      source: "ways",
      layout,
      paint: {
        "line-color": palette.wayCasing,
        "line-width": 5.5,
        "line-opacity": 0.75,
      },
    },
    {
      id: "way",
      type: "line",
      source: "ways",
      layout,
      paint: {
        "line-color": ["get", "color"],
        "line-width": 2.6,
        "line-opacity": 0.9,
        "line-dasharray": [0.2, 1.9],
      },
    },
  ];
}

/** A soft rim of shallow water, under the land: only its seaward half is seen. */
function shoal(level: Level, palette: Palette): LayerSpecification {
  return {
    id: `${level}-shoal`,
    type: "line",
    source: level,
    layout: { "line-join": "round" },
    paint: {
      "line-color": palette.shoal,
      "line-width": ["interpolate", ["linear"], ["zoom"], 1, 3, 6, 12, 12, 26],
      "line-blur": ["interpolate", ["linear"], ["zoom"], 1, 2, 6, 6, 12, 10],
    },
  };
}

function land(level: Level, palette: Palette): LayerSpecification[] {
  return [
    {
      id: `${level}-land`,
      type: "fill",
      source: level,
      paint: { "fill-color": palette.land, "fill-antialias": false },
    },
    {
      id: `${level}-coast`,
      type: "line",
      source: level,
      layout: { "line-join": "round" },
      paint: {
        "line-color": palette.coast,
        "line-width": ["interpolate", ["linear"], ["zoom"], 2, 0.5, 8, 1, 13, 1.6],
      },
    },
  ];
}

function names(palette: Palette): LayerSpecification[] {
  const halo = { "text-halo-color": palette.halo, "text-halo-width": 1.4, "text-halo-blur": 0.4 } as const;
  const due = [">=", ["zoom"], ["get", "from"]];
  return [
    {
      id: "town-dots",
      type: "circle",
      source: "names",
      minzoom: 4,
      filter: ["all", due, SETTLED] as never,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 4, 1.6, 10, 2.6],
        "circle-color": palette.minor,
        "circle-stroke-color": palette.halo,
        "circle-stroke-width": 1,
      },
    },
    {
      id: "sight-dots",
      type: "circle",
      source: "names",
      minzoom: 8.5,
      filter: ["==", ["get", "group"], "sight"],
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 8.5, 1.8, 13, 3.4],
        "circle-color": palette.sight,
        "circle-stroke-color": palette.halo,
        "circle-stroke-width": 1.2,
      },
    },
    {
      id: "sight-names",
      type: "symbol",
      source: "names",
      minzoom: 9.5,
      filter: ["==", ["get", "group"], "sight"],
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"], 9.5, 10, 14, 12.5],
        "text-variable-anchor": ["left", "right", "top", "bottom"],
        "text-radial-offset": 0.55,
        "text-justify": "auto",
        "text-max-width": 8,
        "text-padding": 3,
        "symbol-sort-key": ["get", "order"],
      },
      paint: { "text-color": palette.sight, ...halo },
    },
    {
      id: "town-names",
      type: "symbol",
      source: "names",
      filter: ["all", due, SETTLED] as never,
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": [
          "interpolate",
          ["linear"],
          ["zoom"],
          3,
          ["interpolate", ["linear"], ["get", "order"], -22, 12.5, -16, 10],
          11,
          ["interpolate", ["linear"], ["get", "order"], -22, 17, -18, 14, -14, 11],
        ],
        "text-variable-anchor": ["top", "bottom", "right", "left"],
        "text-radial-offset": 0.45,
        "text-justify": "auto",
        "text-max-width": 8,
        "text-padding": 5,
        "symbol-sort-key": ["get", "order"],
      },
      paint: {
        "text-color": ["case", ["==", ["get", "group"], "city"], palette.label, palette.minor] as never,
        ...halo,
      },
    },
  ];
}

/** The zoom from which a name is worth its room. */
function dueZoom(weight: number): number {
  if (weight >= 21) return 2.5;
  if (weight >= 19.5) return 3.5;
  if (weight >= 18) return 5;
  if (weight >= 16.5) return 6.5;
  if (weight >= 15) return 7.5;
  return weight >= 13 ? 8.5 : 10;
}

export function nameFeatures(labels: readonly PlaceLabel[]): FeatureCollection<Point> {
  const settlements = new Set(["capital", "city", "town"]);
  return {
    type: "FeatureCollection",
    features: labels.map(({ name, lng, lat, kind, weight }) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [lng, lat] },
      properties: {
        name,
        group: !settlements.has(kind) ? "sight" : kind === "town" ? "town" : "city",
        from: dueZoom(weight),
        order: -weight,
      },
    })),
  };
}

export function wayFeatures(lines: readonly MapLine[]): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: lines
      .filter(({ points }) => points.length > 1)
      .map(({ id, color, points }) => ({
        type: "Feature",
        geometry: {
          type: "MultiLineString",
          coordinates: legs(points).map((part) => part.map(({ lng, lat }) => [lng, lat])),
        },
        properties: { id, color },
      })),
  };
}

/** Meridians and parallels, every 15 degrees: the open sea is not empty. */
function graticule(): FeatureCollection {
  const line = (coordinates: [number, number][]) => ({
    type: "Feature" as const,
    properties: {},
    geometry: { type: "LineString" as const, coordinates },
  });
  const steps = (from: number, to: number) =>
    Array.from({ length: (to - from) / 15 + 1 }, (_, i) => from + 15 * i);
  return {
    type: "FeatureCollection",
    features: [
      ...steps(-180, 180).map((lng) =>
        line([
          [lng, -85],
          [lng, 0],
          [lng, 85],
        ]),
      ),
      ...steps(-75, 75).map((lat) => line(steps(-180, 180).map((lng): [number, number] => [lng, lat]))),
    ],
  };
}
