// What is understood of a link to a map: where it points, as far as the link itself says so. Pure; nothing is fetched.
import { pair, spot, spotOf, type Spot } from "./spots";

/** "unknown": a link to a map that says nothing here, such as a shortened one. */
export type LinkedSpot = Spot | "unknown";

const URL_IN_TEXT = /(?:https?:\/\/|nmap:\/\/|kakaomap:\/\/|(?=(?:maps?\.|www\.google\.|place\.map\.)[a-z]))\S+/i;
const RADIUS = 6_378_137;

/** The spot of the map link in a text; null: there is no such link in it. */
export function linkedSpot(text: string): LinkedSpot | null {
  const found = URL_IN_TEXT.exec(text)?.[0];
  const url = found === undefined ? null : asUrl(found.replace(/[)\]>.,]+$/, ""));
  if (!url) return null;
  const read = READERS.find(([hosts]) => hosts.test(`${url.protocol === "https:" ? "" : url.protocol}${url.hostname}`))?.[1];
  if (!read) return null;
  try {
    return read(url) ?? "unknown";
  } catch {
    return "unknown"; // a percent sign that encodes nothing
  }
}

type Reader = (url: URL) => Spot | null;

/** By host; of the apps' own schemes, by scheme. */
const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/^((www\.|maps\.)?google\.[a-z.]+|goo\.gl|maps\.app\.goo\.gl)$/, google],
  [/^(nmap:.*|(m\.)?map\.naver\.com|naver\.me)$/, naver],
  [/^(kakaomap:.*|(m\.|place\.)?map\.(kakao\.com|daum\.net)|kko\.to)$/, kakao],
  [/^(www\.)?(openstreetmap\.org|osm\.org)$/, openStreetMap],
  [/^(maps\.apple\.com|maps\.apple)$/, apple],
  [/^(www\.)?bing\.com$/, (url) => pair(url.searchParams.get("cp"))],
  [/^(www\.|ul\.)?waze\.com$/, (url) => pair(url.searchParams.get("ll")) ?? pair(url.searchParams.get("to")?.replace("ll.", ""))],
  [/^(share|wego)\.here\.com$/, (url) => pair(url.searchParams.get("map")) ?? pair(/\/(?:l|r)\/([^/]+)/.exec(path(url))?.[1])],
  [/^(maps\.yandex\.[a-z.]+|yandex\.[a-z.]+)$/, (url) => swapped(url.searchParams.get("pt") ?? url.searchParams.get("ll"))],
];

function google(url: URL): Spot | null {
  if (url.hostname.endsWith("google.com") && !/^maps\.|\/maps/.test(url.hostname + url.pathname)) return null;
  const whole = path(url);
  const named = /\/place\/([^/@]+)/.exec(whole)?.[1]?.replaceAll("+", " ") ?? "";
  const name = spotOf(named) ? "" : named;
  // The pin itself, then the end of a way, then what was asked for, then the middle of the map.
  const pin = [...whole.matchAll(/!3d(-?\d+(?:\.\d+)?)!4d(-?\d+(?:\.\d+)?)/g)].at(-1);
  if (pin) return spot(Number(pin[1]), Number(pin[2]), name);
  const end = [...whole.matchAll(/!1d(-?\d+(?:\.\d+)?)!2d(-?\d+(?:\.\d+)?)/g)].at(-1);
  if (end) return spot(Number(end[2]), Number(end[1]), name);
  for (const key of ["query", "q", "destination", "daddr", "ll", "sll", "center", "viewpoint"]) {
    const asked = url.searchParams.get(key);
    const at = asked === null ? null : (pair(asked.replace(/^loc:/, "")) ?? spotOf(asked));
    if (at) return at;
  }
  const searched = /\/(?:search|place)\/([^/@]+)/.exec(whole)?.[1]?.replaceAll("+", " ");
  const middle = /@(-?\d+(?:\.\d+)?,-?\d+(?:\.\d+)?)/.exec(whole)?.[1];
  return (searched === undefined ? null : (pair(searched) ?? spotOf(searched))) ?? pair(middle, name);
}

function naver(url: URL): Spot | null {
  const { searchParams } = url;
  const [lat, lng] = [searchParams.get("lat"), searchParams.get("lng")];
  const name = searchParams.get("title") ?? searchParams.get("name") ?? searchParams.get("dname") ?? "";
  if (lat && lng) return spot(Number(lat), Number(lng), name);
  const [dlat, dlng] = [searchParams.get("dlat"), searchParams.get("dlng")];
  if (dlat && dlng) return spot(Number(dlat), Number(dlng), name);
  // Ways: the last stop that has numbers; x and y are metres of Web Mercator, or degrees.
  const stops = [...path(url).matchAll(/\/(\d{3,8}(?:\.\d+)?),(\d{2,7}(?:\.\d+)?),([^,/]*)/g)].at(-1);
  if (stops) return projected(Number(stops[1]), Number(stops[2]), stops[3] ?? "");
  const [x, y] = (searchParams.get("c") ?? "").split(",").map(Number);
  return x !== undefined && y !== undefined && x > 100 && y > 30 ? projected(x, y, name) : null;
}

function kakao(url: URL): Spot | null {
  const named = /\/link\/(?:map|to|from|roadview|search)\/(?:(.*),)?(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)$/.exec(path(url));
  if (named) return spot(Number(named[2]), Number(named[3]), named[1] ?? "");
  const { searchParams } = url;
  return pair(searchParams.get("p")) ?? pair(searchParams.get("ep")) ?? pair(searchParams.get("q"));
}

function openStreetMap(url: URL): Spot | null {
  const marked = spot(numberOf(url, "mlat"), numberOf(url, "mlon"));
  const way = /;(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)$/.exec(url.searchParams.get("route") ?? "");
  const view = /map=[\d.]+\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)/.exec(url.hash);
  const [lat, lng] = [way?.[1] ?? view?.[1], way?.[2] ?? view?.[2]];
  return marked ?? (lat === undefined ? null : spot(Number(lat), Number(lng)));
}

function apple({ searchParams }: URL): Spot | null {
  const name = searchParams.get("name") ?? searchParams.get("q") ?? "";
  const title = pair(name) ? "" : name;
  for (const key of ["coordinate", "ll", "daddr", "q", "center", "sll"]) {
    const at = pair(searchParams.get(key), title);
    if (at) return at;
  }
  return null;
}

/** Longitude first. */
function swapped(text: string | null): Spot | null {
  const [lng, lat] = (text ?? "").split(",");
  return pair(`${lat ?? ""},${lng ?? ""}`);
}

/** Degrees, or metres of Web Mercator. */
function projected(x: number, y: number, name: string): Spot | null {
  if (x <= 180 && y <= 90) return spot(y, x, name);
  const lat = (2 * Math.atan(Math.exp(y / RADIUS)) - Math.PI / 2) * (180 / Math.PI);
  return spot(lat, (x / RADIUS) * (180 / Math.PI), name);
}

function numberOf(url: URL, key: string): number {
  const text = url.searchParams.get(key);
  return text === null || text === "" ? Number.NaN : Number(text);
}

function path(url: URL): string {
  return decodeURIComponent(url.pathname);
}

function asUrl(text: string): URL | null {
  try {
    return new URL(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  } catch {
    return null;
  }
}
