// What is understood as a spot on the earth without looking anything up: coordinates in the ways in which people write them, and plus codes. Pure.
import { decode } from "pluscodes";

export interface Spot {
  readonly lat: number;
  readonly lng: number;
  /** What it is called there; "" if nothing is said. */
  readonly name: string;
}

/** A pair like "12 24" is a date or a score; two numbers are a place only with fractions, signs or letters. */
const NUMBER = "[+-]?\\d{1,3}(?:[.,]\\d+)?";
const LETTER = "[NSEW]";
const DEGREES = new RegExp(
  `^(${LETTER})?\\s*(${NUMBER})°?(?:\\s*(\\d{1,2}(?:[.,]\\d+)?)['′]?(?:\\s*(\\d{1,2}(?:[.,]\\d+)?)["″]?)?)?\\s*(${LETTER})?$`,
);
/** "12.24, 12.26" are two dates in Korea. */
const MONTH_AND_DAY = /^(0?[1-9]|1[0-2])\.(0[1-9]|[12]\d|3[01])$/;
const PLUS_CODE = /^[23456789CFGHJMPQRV][23456789CFGHJMPQRVWX]{7}\+[23456789CFGHJMPQRVWX]{2,7}$/i;

/** Null: it is none, or none that there is. */
export function spotOf(text: string): Spot | null {
  const bare = text.trim();
  if (PLUS_CODE.test(bare)) {
    const area = decode(bare.toUpperCase());
    return area && spot(area.latitude, area.longitude);
  }
  const geo = /^geo:([^;?]+)[^?]*(?:\?(.*))?$/i.exec(bare);
  return geo ? geoSpot(geo[1] ?? "", geo[2] ?? "") : coordinates(bare);
}

/** "33.45,126.57" and nothing else, as addresses of maps carry it. */
export function pair(text: string | null | undefined, name = ""): Spot | null {
  const match = /^\s*\(?([+-]?\d{1,3}(?:\.\d+)?)\s*[,~\s]\s*([+-]?\d{1,3}(?:\.\d+)?)\)?(?:$|[,\s])/.exec(text ?? "");
  return match ? spot(Number(match[1]), Number(match[2]), name) : null;
}

/** Null beyond the poles and the turn of the globe. */
export function spot(lat: number, lng: number, name = ""): Spot | null {
  const valid = Number.isFinite(lat) && Number.isFinite(lng) && Math.abs(lat) <= 90 && Math.abs(lng) <= 180;
  return valid ? { lat: lat + 0, lng: lng + 0, name: name.replace(/\s+/g, " ").trim() } : null;
}

/** RFC 5870, and the query that Android adds: `geo:0,0?q=33.45,126.57(성산)`. */
function geoSpot(path: string, query: string): Spot | null {
  const asked = new URLSearchParams(query).get("q") ?? "";
  const label = /\((.*)\)\s*$/.exec(asked)?.[1] ?? "";
  return pair(asked.replace(/\(.*$/, ""), label) ?? pair(path, label);
}

/** Degrees, minutes and seconds of both parts, each with what says whether it is north or east. */
function coordinates(text: string): Spot | null {
  const plain = tidy(text);
  const parts = halves(plain);
  if (!parts) return null;
  if (parts.every((part) => MONTH_AND_DAY.test(part))) return null;
  const [one, other] = parts.map(degrees);
  if (!one || !other || !(isCertain(one, parts[0]) && isCertain(other, parts[1]))) return null;
  if (isLongitude(one.letter) !== null && isLongitude(one.letter) === isLongitude(other.letter)) return null;
  const swapped = isLongitude(one.letter) ?? not(isLongitude(other.letter)) ?? Math.abs(one.value) > 90;
  return swapped ? spot(other.value, one.value) : spot(one.value, other.value);
}

/** One way of writing: "북위 33도 27분" → "N33° 27'". */
function tidy(text: string): string {
  return text
    .replace(/[º˚]/g, "°")
    .replace(/[’′´]/g, "'")
    .replace(/''|[”″“]/g, '"')
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[−–]/g, "-")
    .replace(/(위도|경도|LATITUDE|LONGITUDE|LAT|LNG|LON)\s*[:=]?\s*/g, "")
    .replace(/DEG(REES)?\b|도/g, "°")
    .replace(/분/g, "'")
    .replace(/초/g, '"')
    .replace(/북위|NORTH\b/g, "N")
    .replace(/남위|SOUTH\b/g, "S")
    .replace(/동경|EAST\b/g, "E")
    .replace(/서경|WEST\b/g, "W")
    .replace(/^[([{\s]+|[)\]}\s]+$/g, "")
    .replace(/\s+/g, " ");
}

/** The two parts: at a comma or semicolon, after a letter, between two fractions. */
function halves(text: string): [string, string] | null {
  const cuts: readonly RegExp[] = [
    /^([^;/|]+)[;/|]([^;/|]+)$/,
    /^([^,]+),([^,]+)$/, // "33.45, 126.57"
    /^(.*\d.*[NSEW])\s?(.*\d.*[NSEW])$/, // "33°27'N 126°34'E"
    /^([NSEW].*\d.*?)\s?([NSEW].*\d.*)$/, // "N33°27' E126°34'"
    /^([+-]?\d+[.,]\d+°?)\s+([+-]?\d+[.,]\d+°?)$/, // "33.45 126.57"
    /^(\S+°.*?)\s(\S+°.*)$/, // "33°27' 126°34'"
  ];
  for (const cut of cuts) {
    const match = cut.exec(text);
    const parts = match && ([match[1]?.trim() ?? "", match[2]?.trim() ?? ""] as [string, string]);
    if (parts && parts.every((part) => DEGREES.test(part))) return parts;
  }
  return null;
}

interface Degrees {
  readonly value: number;
  readonly letter: string;
  /** Whether it is only a number. */
  readonly bare: boolean;
}

function degrees(text: string): Degrees | null {
  const match = DEGREES.exec(text);
  if (!match || (match[1] !== undefined && match[5] !== undefined)) return null;
  const [whole, minutes, seconds] = [match[2], match[3], match[4]].map((part) => Number((part ?? "0").replace(",", ".")));
  if (whole === undefined || minutes === undefined || seconds === undefined || minutes >= 60 || seconds >= 60) return null;
  const letter = match[1] ?? match[5] ?? "";
  const back = letter === "S" || letter === "W" || (match[2] ?? "").startsWith("-");
  const value = Math.abs(whole) + minutes / 60 + seconds / 3600;
  return { value: back ? -value : value, letter, bare: letter === "" && match[3] === undefined };
}

function isCertain({ bare }: Degrees, text: string | undefined): boolean {
  return !bare || /[.,]\d{2,}|°/.test(text ?? "");
}

function isLongitude(letter: string): boolean | null {
  return letter === "" ? null : letter === "E" || letter === "W";
}

function not(value: boolean | null): boolean | null {
  return value === null ? null : !value;
}
