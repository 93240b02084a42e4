// Claims about what Enter takes.
import { describe, expect, it } from "vitest";
import { preselect } from "./preselect";

describe("preselect", () => {
  it("takes a place that goes on from what was typed", () => {
    expect(preselect("성산", ["성산일출봉", "성산포항"])).toBe(0);
    expect(preselect("jeju", ["Cheju", "Jeju City"])).toBe(1);
  });
  it("leaves a title alone that only resembles a place", () =>
    expect(preselect("카페", ["카펠러안덴에이설", "애월 카페거리"])).toBe(-1));
  it("takes the best for initial consonants, which are no title", () =>
    expect(preselect("ㅅㅅㅇㅊㅂ", ["성산일출봉"])).toBe(0));
  it("takes nothing where nothing is suggested", () => expect(preselect("성산", [])).toBe(-1));
});
