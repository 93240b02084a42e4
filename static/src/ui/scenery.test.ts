// Claims about drawn covers.
import { describe, expect, it } from "vitest";
import { scenery, tripColour } from "./scenery";

describe("scenery", () => {
  it("is the same for the same trip and another for another", () => {
    expect(scenery("trip:01A")).toEqual(scenery("trip:01A"));
    expect(scenery("trip:01A")).not.toEqual(scenery("trip:01B"));
  });
  it("closes every ridge at the foot of the picture", () => {
    for (const ridge of scenery("x").ridges) expect(ridge).toMatch(/^M0 .*V200H0Z$/);
  });
});

describe("tripColour", () => {
  it("keeps a colour that somebody chose", () => expect(tripColour("#123456", "a")).toBe("#123456"));
  it("picks the same one for the same id", () =>
    expect(tripColour(null, "trip:01A")).toBe(tripColour(null, "trip:01A")));
});
