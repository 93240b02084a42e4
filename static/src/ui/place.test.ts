// Claims about where floating things go.
import { describe, expect, it } from "vitest";
import { place } from "./place";

const window = { width: 1000, height: 800 };
const size = { width: 200, height: 300 };

describe("place", () => {
  it("puts a menu under its button, edges in line", () => {
    const spot = place({ left: 100, top: 50, right: 140, bottom: 90 }, size, window, "below", "start");
    expect(spot).toMatchObject({ left: 100, top: 96 });
  });
  it("turns it over at the foot of the window", () => {
    const spot = place({ left: 100, top: 700, right: 140, bottom: 740 }, size, window, "below", "start");
    expect(spot.top).toBe(394);
  });
  it("never lets it leave the window at the right", () => {
    const spot = place({ left: 950, top: 50, right: 990, bottom: 90 }, size, window, "below", "start");
    expect(spot.left).toBe(792);
  });
  it("says how much room there is when neither side holds it whole", () => {
    const spot = place(
      { left: 0, top: 100, right: 40, bottom: 140 },
      { width: 100, height: 2000 },
      window,
      "below",
      "start",
    );
    expect(spot).toMatchObject({ top: 146, room: 646 });
  });
  it("stays in what is seen, wherever its anchor is and however little there is", () => {
    const seen = { left: 100, top: 200, width: 320, height: 240 };
    for (const side of ["below", "above", "right"] as const) {
      for (const top of [-500, 0, 205, 300, 435, 2_000]) {
        for (const height of [40, 300, 2_000]) {
          const anchor = { left: 390, top, right: 410, bottom: top + 20 };
          const spot = place(anchor, { width: 180, height }, seen, side, "end");
          const shown = Math.min(height, spot.room);
          expect(spot.left, `${side} ${top} ${height}`).toBeGreaterThanOrEqual(108);
          expect(spot.left + 180, `${side} ${top} ${height}`).toBeLessThanOrEqual(412);
          expect(spot.top, `${side} ${top} ${height}`).toBeGreaterThanOrEqual(208);
          expect(spot.top + shown, `${side} ${top} ${height}`).toBeLessThanOrEqual(432);
          expect(shown, `${side} ${top} ${height}`).toBeGreaterThanOrEqual(Math.min(height, 40));
        }
      }
    }
  });
});
