// Claims about the bottom sheet.
import { describe, expect, it } from "vitest";
import { settle, stops } from "./sheet";

describe("settle", () => {
  it("goes to the nearest stop after a slow drag", () => {
    expect(settle(800, 150, 0)).toBe("peek");
    expect(settle(800, 380, 0.1)).toBe("half");
    expect(settle(800, 700, 0)).toBe("full");
  });
  it("goes on in the direction of a throw", () => {
    expect(settle(800, 200, 1)).toBe("half");
    expect(settle(800, 420, 1)).toBe("full");
    expect(settle(800, 420, -1)).toBe("half");
  });
  it("stays at the end that it was thrown beyond", () =>
    expect(settle(800, stops(800).full, 2)).toBe("full"));
});
