// The conventions that matter in the client: layers, packages in their folders, purity, circles, first sentences, length.
import { dirname } from "node:path";
import { resolved, type Breach, type Source } from "./source";

/**
 * The parts of `src/` from the bottom up: folders, and single files that stand beside them. A part sees itself and the
 * layers below its own; parts of one layer don't see each other, and no screen sees another.
 */
export const LAYERS: readonly (readonly string[])[] = [
  ["bidi", "characters", "deadline", "ids", "signal", "text"],
  ["loading", "storage"],
  ["api", "protocol"],
  ["i18n", "sync", "time", "transport"],
  ["events", "places"],
  ["document", "map"],
  ["ui"],
  ["app"],
  ["screens"],
  ["main"],
];

/** Where a package may be named: nowhere but in files whose path begins like this. */
export const PACKAGES: readonly (readonly [string, readonly string[]])[] = [
  ["yjs", ["src/document/"]],
  ["y-protocols", ["src/document/"]],
  ["fractional-indexing-jittered", ["src/document/order.ts"]],
  ["lib0", ["src/document/", "src/protocol/"]],
  ["maplibre-gl", ["src/map/"]],
  ["pmtiles", ["src/map/"]],
  ["pluscodes", ["src/places/"]],
  ["@photostructure/tz-lookup", ["src/places/worker.ts"]],
  ["temporal-polyfill", ["src/time/"]],
  ["es-hangul", ["src/text/", "src/i18n/"]],
  ["@lucide/svelte", ["src/ui/", "src/app/", "src/screens/"]],
  ["svelte", ["src/map/", "src/ui/", "src/app/", "src/screens/", "src/main.ts"]],
];

/** Files that decide and nothing else: they wait for nothing, draw nothing and read no clock. */
export const PURE: readonly string[] = [
  "src/bidi.ts",
  "src/characters.ts",
  "src/signal.ts",
  "src/api/roles.ts",
  "src/text/",
  "src/protocol/",
  "src/sync/",
  "src/events/machine.ts",
  "src/events/wire.ts",
  "src/time/when.ts",
  "src/time/zones.ts",
  "src/app/routes.ts",
];

/** What pure files don't say. */
const IMPURE =
  /\b(?:await|async|Date\.now|performance\.|setTimeout|setInterval|fetch\(|new WebSocket|Math\.random|localStorage|indexedDB|window\.|navigator\.)/;

const LONGEST_FILE = 600;

/** The part of `src/` that a file belongs to: a folder there, or the file itself. */
export function partOf(path: string): string | null {
  const [, first] = /^src\/([^/.]+)/.exec(path) ?? [];
  return first ?? null;
}

/** `src/screens/editor/bar/Dates.svelte` is the editor's. */
export function screenOf(path: string): string | null {
  const [, screen] = /^src\/screens\/([^/]+)\//.exec(path) ?? [];
  return screen ?? null;
}

type Files = ReadonlyMap<string, Source>;

export function byPath(sources: readonly Source[]): Files {
  return new Map(sources.map((source) => [source.path, source]));
}

/** Parts import downwards only, and no screen another. */
export function layers(source: Source, files: Files): Breach[] {
  const own = partOf(source.path);
  if (own === null || source.isTest) return [];
  const layer = layerOf(own);
  if (layer < 0) return [source.breach(1, `\`${own}\` is in no layer: give it one in LAYERS`)];
  return source.imports.flatMap(({ line, specifier }) => {
    const target = resolved(source.path, specifier, files);
    const part = target === null ? null : partOf(target);
    if (target === null || part === null) return [];
    if (part !== own && layerOf(part) >= layer) return [source.breach(line, `\`${own}\` may not see \`${part}\``)];
    const [screen, other] = [screenOf(source.path), screenOf(target)];
    if (screen === null || other === null || screen === other) return [];
    return [source.breach(line, `the screen \`${screen}\` may not see the screen \`${other}\``)];
  });
}

function layerOf(part: string): number {
  return LAYERS.findIndex((parts) => parts.includes(part));
}

/** What begins with a dot leads to a file of ours, or to one that the build makes. */
export function leadsNowhere(source: Source, files: Files): Breach[] {
  return source.imports
    .filter(({ specifier }) => specifier.startsWith("."))
    .filter(({ specifier }) => !/\.(json|svg)$|\?url$|\?worker|\/generated\/|\/scripts\//.test(specifier))
    .filter(({ specifier }) => resolved(source.path, specifier, files) === null)
    .map(({ line, specifier }) => source.breach(line, `${specifier} is no file that the rules know`));
}

/** Packages stay in their folders. */
export function packages(source: Source): Breach[] {
  if (!source.path.startsWith("src/") || source.isTest) return [];
  return PACKAGES.flatMap(([name, places]) =>
    places.some((place) => source.path.startsWith(place))
      ? []
      : importsOfPackage(source, name).map((line) =>
          source.breach(line, `\`${name}\` may only be named in ${places.join(", ")}`),
        ),
  );
}

export function importsOfPackage(source: Source, name: string): number[] {
  const isNamed = (specifier: string) => specifier === name || specifier.startsWith(`${name}/`);
  return source.imports.filter(({ specifier }) => isNamed(specifier)).map(({ line }) => line);
}

/** Pure files neither wait nor look at a clock or the page. */
export function purity(source: Source): Breach[] {
  if (source.isTest || !PURE.some((path) => source.path.startsWith(path))) return [];
  return withoutComments(source.text).flatMap((text, at) => {
    const [word] = IMPURE.exec(text) ?? [];
    return word === undefined ? [] : [source.breach(at + 1, `a pure file says \`${word}\``)];
  });
}

function withoutComments(text: string): string[] {
  const blank = text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, (part) => part.replace(/[^\n]/g, " "));
  return blank.split("\n");
}

/** The first line of each file is a sentence that says what lives there. */
export function firstSentence(source: Source): Breach[] {
  const opening = source.path.endsWith(".svelte") ? "<!-- " : source.path.endsWith(".css") ? "/* " : "// ";
  const [first = ""] = source.text.split("\n", 1);
  const words = first.startsWith(opening) ? first.slice(opening.length).trim().split(/\s+/) : [];
  if (words.length >= 3) return [];
  return [source.breach(1, `the first line is no \`${opening}\` sentence on what lives here`)];
}

/** Files stay short enough to be read at once. */
export function length(source: Source): Breach[] {
  const lines = source.text.replace(/\n$/, "").split("\n").length;
  return lines <= LONGEST_FILE ? [] : [source.breach(lines, `${lines} lines, ${LONGEST_FILE} at most: split it`)];
}

/** No file imports itself by way of others, and no folder either; types count like everything else. */
export function circles(sources: readonly Source[]): Breach[] {
  return [...circlesOf(sources, (path) => path), ...circlesOf(sources, folderOf)];
}

/** What stands beside the folders is a folder of its own. */
function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === "src" ? path : folder;
}

type Edges = ReadonlyMap<string, ReadonlyMap<string, Breach>>;

/** Each circle is told once, at the place of one import that is part of it. */
function circlesOf(sources: readonly Source[], nameOf: (path: string) => string): Breach[] {
  const edges = edgesOf(sources, nameOf);
  const seen = new Set<string>();
  return [...edges.keys()].flatMap((name) => {
    const circle = seen.has(name) ? null : shortestCircle(edges, name);
    if (circle === null || circle.some((one) => seen.has(one))) return [];
    circle.forEach((one) => seen.add(one));
    const place = edges.get(name)?.get(circle[0] ?? "");
    return place ? [{ ...place, what: `${name} imports itself by way of ${circle.join(", ")}` }] : [];
  });
}

function edgesOf(sources: readonly Source[], nameOf: (path: string) => string): Edges {
  const files = byPath(sources);
  const edges = new Map<string, Map<string, Breach>>();
  for (const source of sources) {
    if (!source.path.startsWith("src/") || source.isTest) continue;
    for (const { line, specifier } of source.imports) {
      const target = resolved(source.path, specifier, files);
      const [from, to] = [nameOf(source.path), target === null ? null : nameOf(target)];
      if (to === null || from === to) continue;
      const known = edges.get(from) ?? new Map<string, Breach>();
      if (!known.has(to)) known.set(to, source.breach(line, ""));
      edges.set(from, known);
    }
  }
  return edges;
}

/** The shortest way from a name back to itself. */
function shortestCircle(edges: Edges, from: string): string[] | null {
  const ways: string[][] = [[from]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const next of edges.get(way.at(-1) ?? "")?.keys() ?? []) {
      if (next === from) return [...way.slice(1), next];
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  return null;
}
