// The types of the REST interface come from the server's description: they are current, and nobody writes one by hand.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { restTypes } from "../../scripts/rest-types";
import { readAll, Source, told, type Breach } from "./source";

const API = join(import.meta.dirname, "../../src/api");
const description = JSON.parse(readFileSync(join(API, "openapi.json"), "utf8")) as {
  components: { schemas: Record<string, unknown> };
};
const names = Object.keys(description.components.schemas);

/** Names that mean something of the client's own, and where. */
const OTHERS: readonly (readonly [string, string])[] = [
  ["src/map/plain-engine.ts", "Projection"],
  ["src/sync/machine.ts", "Problem"],
];

/** A shape that the description has is taken from it, under whichever name. */
function handmade(source: Source): Breach[] {
  const declared = /\b(?:interface\s+(\w+)|type\s+(\w+)(?:<[^>]*>)?\s*=\s*([^;]*))/g;
  return [...source.text.matchAll(declared)].flatMap((found) => {
    const [, byInterface, byType, shape = ""] = found;
    const name = byInterface ?? byType ?? "";
    const isOwn = OTHERS.some(([path, other]) => path === source.path && other === name);
    if (!names.includes(name) || isOwn || /\bSchemas\[|\brest\./.test(shape)) return [];
    const line = source.text.slice(0, found.index).split("\n").length;
    return [source.breach(line, `\`${name}\` is a shape of the server's description: take it from there`)];
  });
}

/** Who asks the server by another way than the client of `api/` has no types for it. */
function asksItself(source: Source): Breach[] {
  if (source.path.startsWith("src/api/") || source.isTest) return [];
  return source.text.split("\n").flatMap((text, at) =>
    /["'`]\/?api\/v1/.test(text) ? [source.breach(at + 1, "REST is asked through `api/` alone")] : [],
  );
}

const sources = readAll("src");

describe("the types of the REST interface", () => {
  it("are those of the description (npm run types)", async () => {
    expect(readFileSync(join(API, "generated/rest.ts"), "utf8")).toBe(await restTypes());
  });

  it("are written by nobody", () => {
    expect(sources.flatMap(handmade).map(told).join("\n")).toBe("");
    const made = (text: string) => handmade(new Source("src/app/a.ts", text)).map(({ line }) => line);
    expect(made("\nexport interface Ticket {\n  token: string;\n}")).toEqual([2]);
    expect(made('type Role = "owner" | "editor";')).toEqual([1]);
    expect(made('export type Role = Schemas["Role"];\nimport type { Ticket } from "../api";')).toEqual([]);
  });

  it("cannot be got round: no other code asks the server", () => {
    expect(sources.flatMap(asksItself).map(told).join("\n")).toBe("");
    const asks = (text: string) => asksItself(new Source("src/app/a.ts", text)).map(({ line }) => line);
    expect(asks('\nfetch("/api/v1/trips")')).toEqual([2]);
  });

  it("names that mean something else are still there", () => {
    for (const [path, name] of OTHERS)
      expect(sources.find((source) => source.path === path)?.text).toMatch(new RegExp(`type ${name}\\b`));
  });
});
