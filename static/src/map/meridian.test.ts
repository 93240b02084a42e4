// Claims about longitudes on both sides of the 180th meridian.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { legs, near, span, wrapped } from "./meridian";

const lng = fc.double({ min: -180, max: 179.999, noNaN: true });

describe("longitudes", () => {
  it("are wrapped into one turn", () => {
    expect([wrapped(180), wrapped(-180), wrapped(181), wrapped(-181), wrapped(540), wrapped(0)]).toEqual([
      -180, -180, -179, 179, -180, 0,
    ]);
  });
  it("are near to another one the short way round", () => {
    expect(near(-179, 179)).toBe(181);
    expect(near(179, -179)).toBe(-181);
    expect(near(10, 20)).toBe(10);
    fc.assert(fc.property(lng, fc.double({ min: -700, max: 700, noNaN: true }), (one, other) => {
      expect(Math.abs(near(one, other) - other)).toBeLessThanOrEqual(180.000001);
    }));
  });
});

describe("a span", () => {
  it("goes over the 180th meridian where that is shorter", () => {
    const over = span([177.4, -179.9]);
    expect(over?.west).toBeCloseTo(177.4);
    expect(over?.east).toBeCloseTo(180.1);
    expect(span([-170, 10])).toEqual({ west: -170, east: 10 });
    expect(span([126.5])).toEqual({ west: 126.5, east: 126.5 });
    expect(span([180, -180])).toEqual({ west: -180, east: -180 });
    expect(span([])).toBeNull();
  });
  it("holds every longitude, is the same in any order, and never wider than the plain one", () => {
    fc.assert(fc.property(fc.array(lng, { minLength: 1, maxLength: 8 }), (lngs) => {
      const found = span(lngs);
      if (!found) throw new Error("no span");
      const width = found.east - found.west;
      for (const one of lngs) {
        const from = wrapped(one) - found.west;
        expect((from < -1e-9 ? from + 360 : from) - width).toBeLessThanOrEqual(1e-6);
      }
      expect(width).toBeLessThanOrEqual(Math.max(...lngs) - Math.min(...lngs) + 1e-9);
      expect(span([...lngs].reverse())).toEqual(found);
    }));
  });
});

describe("a way", () => {
  const at = (...pairs: [number, number][]) => pairs.map(([lng, lat]) => ({ lng, lat }));
  it("is cut where it crosses the 180th meridian, at the height at which it does", () => {
    expect(legs(at([170, 0], [-170, 10]))).toEqual([at([170, 0], [180, 5]), at([-180, 5], [-170, 10])]);
    expect(legs(at([-170, 10], [170, 0], [160, 0]))).toEqual([
      at([-170, 10], [-180, 5]),
      at([180, 5], [170, 0], [160, 0]),
    ]);
  });
  it("is whole elsewhere, and none with fewer than two points", () => {
    expect(legs(at([126, 33], [135, 34]))).toEqual([at([126, 33], [135, 34])]);
    expect([legs([]), legs(at([1, 2]))]).toEqual([[], []]);
  });
  it("stays on the map, and has no leg longer than half a turn, however often it goes round", () => {
    const point = fc.record({ lng, lat: fc.double({ min: -80, max: 80, noNaN: true }) });
    fc.assert(fc.property(fc.array(point, { maxLength: 12 }), (points) => {
      for (const part of legs(points)) {
        part.forEach((one, i) => {
          expect(Math.abs(one.lng)).toBeLessThanOrEqual(180);
          if (i > 0) expect(Math.abs(one.lng - (part[i - 1]?.lng ?? 0))).toBeLessThanOrEqual(180.000001);
        });
      }
    }));
  });
});
