// The conventions of the client, held against its sources.
import { describe, expect, it } from "vitest";
import { readAll, told, type Breach, type Source } from "./source";
import {
  byPath,
  circles,
  firstSentence,
  importsOfPackage,
  layers,
  LAYERS,
  leadsNowhere,
  length,
  PACKAGES,
  packages,
  partOf,
  PURE,
  purity,
} from "./rules";

const own = readAll("src");
const files = byPath(own);
const all = [...own, ...readAll("tests", "scripts")];

function check(sources: readonly Source[], rule: (source: Source) => readonly Breach[]): void {
  expect(sources.flatMap(rule).map(told).join("\n")).toBe("");
}

describe("the client's sources", () => {
  it("import downwards only, and no screen another", () => check(own, (source) => layers(source, files)));
  it("have no import circle, among files or folders", () => expect(circles(own).map(told).join("\n")).toBe(""));
  it("import nothing that the rules cannot follow", () => check(own, (source) => leadsNowhere(source, files)));
  it("name packages only in the folders for them", () => check(own, packages));
  it("neither wait nor read a clock where they are pure", () => check(own, purity));
  it("open with a sentence on what lives there", () => check(all, firstSentence));
  it("are no longer than can be read", () => check(all, length));
});

/** A rule about what was renamed or removed would hold for ever and guard nothing. */
describe("each rule is about something that is there", () => {
  it.each(LAYERS.flat())("a part `%s`", (part) => {
    expect(own.some(({ path }) => partOf(path) === part)).toBe(true);
  });
  it.each(PACKAGES.flatMap(([name, places]) => places.map((place) => [name, place] as const)))(
    "`%s` in %s",
    (name, place) => {
      const there = own.filter(({ path, isTest }) => path.startsWith(place) && !isTest);
      expect(there.some((source) => importsOfPackage(source, name).length > 0)).toBe(true);
    },
  );
  it.each(PURE)("a file %s", (path) => expect(own.some((source) => source.path.startsWith(path))).toBe(true));
});
