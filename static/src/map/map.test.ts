// The map's pure parts: projection, fitting, clusters, and the shapes as the builder writes them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { cutLine, cutPolygon, encodeShapes, type Point } from "../../scripts/geometry";
import { clusters } from "./clusters";
import { boxOf, toLngLat, toPixel, viewOf } from "./mercator";
import { decodeShapes } from "./shapes";
import { layers, nameFeatures, schematicStyle, wayFeatures } from "./style";
import type { MapPin } from "./types";

const pin = (id: string, lng: number, lat: number, color = "#000000"): MapPin => ({
  id,
  lng,
  lat,
  color,
  label: id,
  title: id,
  day: "d1",
});
const EVEN = { top: 0, right: 0, bottom: 0, left: 0 };

describe("projection", () => {
  it("goes there and back", () => {
    const back = toLngLat(toPixel({ lng: 126.53, lat: 33.38 }, 9.3), 9.3);
    expect(back.lng).toBeCloseTo(126.53, 9);
    expect(back.lat).toBeCloseTo(33.38, 9);
  });

  it("fits a box into what the panels leave free", () => {
    const box = boxOf([
      { lng: 126.2, lat: 33.2 },
      { lng: 126.9, lat: 33.6 },
    ]);
    if (!box) throw new Error("no box");
    const padding = { top: 50, right: 400, bottom: 50, left: 50 };
    const view = viewOf(box, 1000, 600, padding, 18);
    const center = toPixel({ lng: view.c[0], lat: view.c[1] }, view.z);
    const corners = [
      [box.west, box.north],
      [box.east, box.south],
    ].map(([lng = 0, lat = 0]) => toPixel({ lng, lat }, view.z));
    const xs = corners.map(({ x }) => x - center.x + 500);
    const ys = corners.map(({ y }) => y - center.y + 300);
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(49.9);
    expect(Math.max(...xs)).toBeLessThanOrEqual(600.1);
    expect(Math.min(...ys)).toBeGreaterThanOrEqual(49.9);
    expect(Math.max(...ys)).toBeLessThanOrEqual(550.1);
  });

  it("fits points on both sides of the 180th meridian the short way round", () => {
    const box = boxOf([
      { lng: 177.4, lat: -17.7 },
      { lng: -179.9, lat: -16.5 },
    ]);
    const view = box && viewOf(box, 800, 600, EVEN, 13);
    expect(view?.z).toBeGreaterThan(6);
    expect(view?.c[0]).toBeCloseTo(178.75, 2);
    const beyond = boxOf([
      { lng: 179, lat: 0 },
      { lng: -177, lat: 0 },
    ]);
    expect(beyond && viewOf(beyond, 800, 600, EVEN, 13).c[0]).toBeCloseTo(-179, 6);
  });

  it("fits one point at the closest allowed zoom", () => {
    const box = boxOf([{ lng: 1, lat: 2 }]);
    expect(box && viewOf(box, 500, 500, EVEN, 13).z).toBe(13);
    expect(boxOf([])).toBeNull();
  });
});

describe("clusters", () => {
  it("join what would cover each other, and part when the map comes closer", () => {
    const pins = [
      pin("a", 126.5, 33.5, "#ff0000"),
      pin("b", 126.501, 33.5, "#0000ff"),
      pin("c", 127.5, 33.5, "#ff0000"),
    ];
    expect(clusters(pins, 8, null).map(({ pins: members }) => members.map(({ id }) => id))).toEqual([
      ["a", "b"],
      ["c"],
    ]);
    expect(clusters(pins, 8, null)[0]?.colors).toEqual([
      { color: "#ff0000", share: 0.5 },
      { color: "#0000ff", share: 0.5 },
    ]);
    expect(clusters(pins, 16, null)).toHaveLength(3);
  });

  it("join over the 180th meridian, and stand between their pins there", () => {
    for (const zoom of [1, 4, 8]) {
      const half = 5 / 2 ** zoom;
      const [cluster, ...others] = clusters([pin("a", 180 - half, 0), pin("b", -180 + half / 2, 0)], zoom, null);
      expect(others).toEqual([]);
      expect(cluster?.pins).toHaveLength(2);
      expect(Math.abs(cluster?.lng ?? 0)).toBeGreaterThan(180 - half);
    }
  });

  it("leave the selected pin alone", () => {
    const pins = ["a", "b", "c"].map((id) => pin(id, 126.5, 33.5));
    expect(clusters(pins, 8, "b").map(({ pins: members }) => members.map(({ id }) => id))).toEqual([
      ["a", "c"],
      ["b"],
    ]);
  });

  it("are made by looking at the neighbours of each pin, however many pins there are", () => {
    const pins = Array.from({ length: 2_000 }, (_, i) => pin(String(i), 120 + (i % 50) / 5, 30 + i / 400));
    const apart = vi.spyOn(Math, "hypot");
    for (const zoom of [3, 6, 9, 12]) {
      apart.mockClear();
      clusters(pins, zoom, null);
      // Nine cells, in each of which four may stand.
      expect(apart.mock.calls.length, `zoom ${zoom}`).toBeLessThanOrEqual(36 * pins.length);
    }
    apart.mockRestore();
  });
});

describe("shapes", () => {
  it("read as they were written", () => {
    const ring: Point[] = [
      [126.1, 33.2],
      [126.9, 33.2],
      [126.5, 33.6],
      [126.1, 33.2],
    ];
    const shapes = decodeShapes(
      encodeShapes({
        precision: 1000,
        polygons: [{ code: "410", rings: [ring] }],
        lines: [
          [
            [-1, -2],
            [3, 4],
          ],
        ],
      }),
    );
    expect(shapes.land.features[0]).toMatchObject({
      properties: { code: "410" },
      geometry: { coordinates: [ring] },
    });
    expect(shapes.borders.geometry.coordinates).toEqual([
      [
        [-1, -2],
        [3, 4],
      ],
    ]);
  });

  it("are cut at the 180th meridian", () => {
    const siberia: Point[] = [
      [170, 60],
      [-170, 60],
      [-170, 70],
      [170, 70],
      [170, 60],
    ];
    const parts = cutPolygon([siberia]);
    expect(parts).toHaveLength(2);
    const lngs = parts.map(([ring = []]) => [
      Math.min(...ring.map(([lng]) => lng)),
      Math.max(...ring.map(([lng]) => lng)),
    ]);
    expect(lngs.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))).toEqual([
      [-180, -170],
      [170, 180],
    ]);
    expect(
      cutLine([
        [170, 1],
        [179, 1],
        [-179, 1],
        [-170, 1],
      ]),
    ).toHaveLength(2);
  });

  it.each(["generated/world.bin", "generated/fine.bin", "../../data/detail.bin"])(
    "of %s stay on the map and cross no seam",
    (file) => {
      const { land } = decodeShapes(new Uint8Array(readFileSync(join(import.meta.dirname, file))));
      expect(land.features.length).toBeGreaterThan(200);
      for (const { geometry } of land.features) {
        const lngs = geometry.coordinates[0]?.map(([lng = 0]) => lng) ?? [];
        const lats = geometry.coordinates[0]?.map(([, lat = 0]) => lat) ?? [];
        expect(Math.max(...lngs.map(Math.abs))).toBeLessThanOrEqual(180);
        expect(Math.max(...lats.map(Math.abs))).toBeLessThanOrEqual(90);
        const jump = lngs.some((lng, i) => Math.abs(lng - (lngs[i - 1] ?? lng)) > 180);
        // Antarctica's lower edge alone runs along the whole map.
        expect(jump && Math.min(...lats) > -80).toBe(false);
      }
    },
  );
});

describe("the style", () => {
  it("draws the way of a day over the 180th meridian and not around the globe", () => {
    const points = [
      { lng: 177.4, lat: -17.7 },
      { lng: -179.9, lat: -16.5 },
    ];
    const [way] = wayFeatures([{ id: "d1", color: "#000000", points }]).features;
    const parts = way?.geometry.type === "MultiLineString" ? way.geometry.coordinates : [];
    expect(parts.map((part) => part.map(([lng]) => lng))).toEqual([
      [177.4, 180],
      [-180, expect.closeTo(-179.9, 6)],
    ]);
  });

  it("has the same layers in light and dark, so that a change of theme changes paint alone", () => {
    expect(layers("dark").map(({ id }) => id)).toEqual(layers("light").map(({ id }) => id));
    expect(schematicStyle("light", {}).glyphs).toBeUndefined();
  });

  it("shows a metropolis earlier than a village", () => {
    const features = nameFeatures([
      { name: "서울", lng: 127, lat: 37.5, kind: "capital", weight: 23 },
      { name: "면", lng: 127, lat: 37, kind: "town", weight: 10 },
    ]).features.map(({ properties }) => properties?.["from"] as number);
    expect(features[0]).toBeLessThan(features[1] ?? 0);
  });
});
