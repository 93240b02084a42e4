// A claim about the sources: what people write is compared by `text/fold.ts` and nowhere by hand.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** Case, accents, width and order, each made by hand. */
const BY_HAND = /\.(?:to(?:Locale)?(?:Lower|Upper)Case|localeCompare|normalize)\(|Intl\.Collator/;

/** What people write, looked through as it stands. */
const LOOKED_THROUGH =
  /\b(?:title|name|names?|note|text|label|query|typed|written|addr|alt|desc|place|word|search|wanted)\b(?:\(\))?(?: \?\? ""\))?\??\.(?:includes|indexOf|lastIndexOf|startsWith|endsWith|search)\(/;

/** How often a file does so, and why it is no comparison of what people write. */
const REASONS: Readonly<Record<string, readonly [times: number, reason: string]>> = {
  "places/spots.ts": [3, "coordinates and codes have one spelling"],
  "places/gazetteer.ts": [4, "codes of airports and of areas, and the letters that a Hangul name is made of"],
  "places/haystack.ts": [1, "texts that are folded already"],
  "api/client.ts": [1, "the method of a request"],
  "ui/person.ts": [1, "one letter, to be shown"],
  "app/routes.ts": [1, "an id in an address"],
  "document/clamp.ts": [1, "a colour in hexadecimal"],
  "app/download.ts": [1, "the name of a file, to be written"],
  "screens/editor/state/keyboard.ts": [4, "keys of a keyboard"],
  "screens/account/checks.ts": [1, "the length of a password, as the server counts it"],
  "i18n/index.ts": [1, "a language tag of the browser"],
  "i18n/particles.ts": [2, "the last sound of a word, for the particle after it"],
  "document/merge-texts.ts": [1, "the same words at the same places, letter by letter"],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "generated" ? [] : sources(path);
    return /\.(ts|svelte)$/.test(entry.name) && !/\.(test|bench|test-support)\./.test(entry.name) ? [path] : [];
  });
}

/** The lines of a source that compare by hand, without comments. */
function found(path: string): string[] {
  const lines = readFileSync(path, "utf8").split("\n").map((line) => line.replace(/(^|\s)\/\/.*$/, ""));
  return lines.filter((line) => !/^\s*(\*|\/\*)/.test(line) && (BY_HAND.test(line) || LOOKED_THROUGH.test(line)));
}

const all = sources(ROOT)
  .map((path) => ({ file: relative(ROOT, path).split(sep).join("/"), lines: found(path) }))
  .filter(({ file, lines }) => file !== "text/fold.ts" && lines.length > 0);

describe("texts", () => {
  it("are compared by the one folding, but for what is named here with a reason", () => {
    const more = all.filter(({ file, lines }) => lines.length > (REASONS[file]?.[0] ?? 0));
    expect(more).toEqual([]);
  });

  it("need no reason that is named for nothing", () => {
    const counted = new Map(all.map(({ file, lines }) => [file, lines.length]));
    expect(Object.entries(REASONS).filter(([file, [times]]) => counted.get(file) !== times)).toEqual([]);
  });

  it.each([
    ['card.title.toLowerCase().includes(query)', true],
    ['a.name.localeCompare(b.name)', true],
    ['card.title.includes(query)', true],
    ['(card.place ?? "").startsWith(typed)', true],
    ['text.normalize("NFC")', true],
    ['SWITCHES.includes(target.type)', false],
    ['comparable(card.title)', false],
  ])("are found when they are compared by hand: %s", (line, is) => {
    expect(BY_HAND.test(line) || LOOKED_THROUGH.test(line)).toBe(is);
  });
});
