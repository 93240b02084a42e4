// Styles for the operator's own tiles: a raster template or a .pmtiles archive.
import type { StyleSpecification } from "maplibre-gl";
import { LOAD_MS, REQUEST_MS, within } from "../deadline";
import { PALETTES, type Theme } from "./palette";
import type { MapSource } from "./types";

export async function tileStyle(source: MapSource, theme: Theme): Promise<StyleSpecification> {
  switch (source.kind) {
    case "raster":
      return rasterStyle({ tiles: [source.url], maxzoom: DEEPEST }, theme);
    case "pmtiles":
      return pmtilesStyle(source, theme);
  }
}

/** The deepest zoom that servers of pictures commonly have; an archive says its own. */
const DEEPEST = 19;

type RasterFrom = { readonly tiles: string[]; readonly maxzoom: number } | { readonly url: string };

function rasterStyle(from: RasterFrom, theme: Theme): StyleSpecification {
  const dim = theme === "dark" ? { "raster-brightness-max": 0.75, "raster-saturation": -0.3 } : {};
  return {
    version: 8,
    sources: { tiles: { type: "raster", tileSize: 256, ...from } },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": PALETTES[theme].sea } },
      { id: "tiles", type: "raster", source: "tiles", paint: dim },
    ],
  };
}

/** An archive says itself whether it holds pictures or vectors; vectors are taken to be in Protomaps' schema. */
async function pmtilesStyle(source: MapSource, theme: Theme): Promise<StyleSpecification> {
  const { PMTiles, TileType } = await within(LOAD_MS, () => import("pmtiles"));
  const { tileType } = await within(REQUEST_MS, () => new PMTiles(source.url).getHeader());
  const url = `pmtiles://${new URL(source.url, location.href).href}`;
  if (tileType !== TileType.Mvt) return rasterStyle({ url }, theme);
  const palette = PALETTES[theme];
  const fill = (layer: string, color: string, opacity = 1) => ({
    id: `tiles-${layer}`,
    type: "fill" as const,
    source: "tiles",
    "source-layer": layer,
    paint: { "fill-color": color, "fill-opacity": opacity },
  });
  return {
    version: 8,
    sources: { tiles: { type: "vector", url } },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": palette.sea } },
      fill("earth", palette.land),
      fill("landuse", palette.sight, 0.12),
      fill("water", palette.sea),
      {
        id: "tiles-roads",
        type: "line",
        source: "tiles",
        "source-layer": "roads",
        paint: {
          "line-color": palette.border,
          "line-width": ["interpolate", ["linear"], ["zoom"], 6, 0.4, 14, 2.4],
        },
      },
      fill("buildings", palette.border, 0.5),
      {
        id: "tiles-borders",
        type: "line",
        source: "tiles",
        "source-layer": "boundaries",
        paint: { "line-color": palette.border, "line-dasharray": [3, 2] },
      },
    ],
  };
}
