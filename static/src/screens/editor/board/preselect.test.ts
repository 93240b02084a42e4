// Claims about what Enter takes.
import { describe, expect, it } from "vitest";
import { preselect } from "./preselect";

describe("preselect", () => {
  it("takes the first place that goes on from what was typed", () =>
    expect(preselect([{ goesOn: false }, { goesOn: true }, { goesOn: true }])).toBe(1));
  it("leaves a title alone that only resembles a place", () =>
    expect(preselect([{ goesOn: false }, { goesOn: false }])).toBe(-1));
  it("takes nothing where nothing is suggested", () => expect(preselect([])).toBe(-1));
});
