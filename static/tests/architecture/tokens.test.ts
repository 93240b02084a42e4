// Sizes and colours only from tokens, held against every style of the client.
import { describe, expect, it } from "vitest";
import { readAll, Source, told } from "./source";
import { namesSet, namesUsed, rawValues, TOKENS } from "./tokens";

const sources = readAll("src").filter(({ isTest }) => !isTest);
const styled = sources.filter(({ path }) => /\.(svelte|css)$/.test(path));
const tokens = new Set(styled.filter(({ path }) => path === TOKENS).flatMap(namesSet));

/** The lines of a made-up style that are raw. */
function raw(css: string): number[] {
  return rawValues(new Source("src/ui/a.css", css)).map(({ line }) => line);
}

describe("styles", () => {
  it("take sizes and colours from tokens", () => {
    expect(styled.flatMap(rawValues).map(told).join("\n")).toBe("");
  });

  it("name only tokens that are there, or what some component sets", () => {
    const set = new Set([...tokens, ...sources.flatMap(namesSet)]);
    const unknown = styled.flatMap((source) =>
      namesUsed(source).flatMap(([line, name]) => (set.has(name) ? [] : [source.breach(line, `nothing sets ${name}`)])),
    );
    expect(unknown.map(told).join("\n")).toBe("");
  });

  it("use every token", () => {
    const used = new Set(sources.flatMap(namesUsed).map(([, name]) => name));
    expect([...tokens].filter((name) => !used.has(name))).toEqual([]);
  });
});

describe("a raw value", () => {
  it.each([
    "a { padding: 6px; }",
    "a { padding: 0 -0.4rem; }",
    "a { margin: calc(100% + 2em); }",
    "a { transition: opacity 160ms; }",
    "a { animation: turn 1.1s; }",
    "a { color: #fff; }",
    "a { color: rgb(0 0 0 / 10%); }",
    "a { background: color-mix(in oklab, var(--day) 55%, white); }",
    "a { fill: oklch(0.2 0.02 220); }",
    "a { z-index: 3; }",
    "a { --pad: 0.25rem; }",
  ])("%s", (css) => {
    expect(raw(css)).toEqual([1]);
    expect(raw(`@media (max-width: 720px) {\n  /* 6px */\n  ${css}\n}`)).toEqual([3]);
  });

  it("is found in a component, in its style and in its markup", () => {
    const text = '<!-- What it shows. -->\n<p style="width: 3rem">a</p>\n<Skeleton height="14rem" radius="var(--r-l)" />\n<style>\n  p {\n    gap: 5px;\n  }\n</style>\n';
    expect(rawValues(new Source("src/ui/A.svelte", text)).map(({ line }) => line)).toEqual([6, 2, 3]);
  });

  it.each([
    "a { margin: 0; border: 1px solid var(--line); bottom: -1px; }",
    "a { width: 50%; flex: 1 1 0; line-height: 1.5; opacity: 0.35; font-weight: 640; }",
    "a { height: 100dvh; max-width: min(var(--w6), 40vw); grid-template-columns: 1fr auto; }",
    "a { background: color-mix(in oklab, currentColor 35%, transparent); transform: rotate(-45deg); }",
    "a:hover > b::after { padding: var(--s1) calc(-1 * var(--s2)); z-index: var(--z-1); white-space: nowrap; }",
    "@container (min-width: 20rem) { a { gap: var(--s1); } }",
  ])("is not: %s", (css) => expect(raw(css)).toEqual([]));
});
