// The places that are searched: GeoNames' settlements, OurAirports' airports and the curated sights, ready for quick comparison. Pure.
import { expand } from "pluscodes";
import { findMatch, fold, foldLetters, initials, isInitials, type Fit } from "../text/fold";
import { Haystack, WORD } from "./haystack";
import { linkedSpot } from "./links";
import { spotOf, type Spot } from "./spots";
import landmarks from "./landmarks.json";
import type { Found, Place, PlaceKind, SearchOptions } from "./types";

/** One place and its comparable names. */
interface Entry {
  readonly src: "geonames" | "ourairports" | "moim";
  readonly id: string;
  readonly en: string;
  readonly ko: string;
  readonly local: string;
  readonly lat: number;
  readonly lng: number;
  readonly cc: string;
  readonly tz: string;
  readonly kind: PlaceKind;
  /** Region of a sight, in both languages. */
  readonly area: { readonly ko: string; readonly en: string } | null;
  /** 0 to about 22. */
  readonly weight: number;
  /** Of an airport: its IATA code. */
  readonly code: string;
  /** Its names as they are written, those that are shown first. */
  readonly written: readonly string[];
  /** Other names by which it is looked for: of another script, language or time. */
  readonly others: readonly string[];
}

type ZoneOf = (lat: number, lng: number) => string;

type LandmarkRow = [
  id: string,
  kind: PlaceKind,
  lat: number,
  lng: number,
  ko: string,
  en: string,
  local: string,
  code?: string,
];

/** A sight counts like a city of half a million. */
const SIGHT_WEIGHT = 17;
const REGION_WEIGHT = 19;
const KINDS: Readonly<Record<string, PlaceKind>> = { C: "capital", c: "city", t: "town", a: "airport" };
/** How well a name fits. A whole name counts more than a beginning, a beginning more than what is inside. */
const RATES: Readonly<Record<Fit, number>> = { whole: 100, start: 80, word: 60, inside: 40 };
/** By another name, a little less. */
const OTHER = 10;
/** "KIX" is a code and nothing else; "ber" may be the beginning of Berlin. */
const CODE_AS_WRITTEN = 125;
const CODE = 84;
/** A click this close to a sight means it. */
const HIT_KM = 0.3;
/** Beyond this the nearest settlement tells no country. */
const COUNTRY_KM = 150;

export class Gazetteer {
  readonly #entries: readonly Entry[];
  readonly #names: Haystack;
  readonly #aliases: Haystack;
  readonly #initials: Haystack;
  readonly #codes: ReadonlyMap<string, number>;

  /** `text`: what scripts/gazetteer.ts wrote. */
  constructor(text: string) {
    const [zones = "", ...rows] = text.split("\n");
    const names = zones.split("\t");
    this.#entries = [...sights(), ...rows.map((row) => settlement(row.split("\t"), names))];
    this.#names = new Haystack(this.#entries.map(namesOf));
    this.#aliases = new Haystack(this.#entries.map(aliasesOf));
    this.#initials = new Haystack(this.#entries.map(({ written }) => written.map(initials)));
    this.#codes = new Map(this.#entries.flatMap(({ code }, i) => (code === "" ? [] : [[code, i] as const])));
  }

  get size(): number {
    return this.#entries.length;
  }

  /** What coordinates, a plus code or a link to a map point to, else what has such a name. */
  find(query: string, options: SearchOptions, zoneOf: ZoneOf): Found[] {
    const linked = linkedSpot(query);
    if (linked === "unknown") return [];
    const spot = linked ?? spotOf(query) ?? this.#shortCode(query, options);
    return spot ? [this.#spotFound(spot, options.language, zoneOf)] : this.search(query, options);
  }

  search(query: string, options: SearchOptions): Found[] {
    const rates = this.#rates(query);
    const limit = options.limit ?? 8;
    const best: { entry: Entry; score: number }[] = [];
    for (const [index, rate] of rates) {
      const entry = this.#entries[index];
      if (entry) best.push({ entry, score: rate + entry.weight + nearness(entry, options.near) });
    }
    best.sort((a, b) => b.score - a.score);
    return distinct(
      best.map(({ entry }) => entry),
      limit,
    ).map((entry) => found(entry, query, options.language));
  }

  /** How well entries fit what was typed, by their index. */
  #rates(query: string): ReadonlyMap<number, number> {
    const rates = new Map<number, number>();
    const rate = (index: number, value: number) => {
      if (value > (rates.get(index) ?? 0)) rates.set(index, value);
    };
    if (isInitials(query)) {
      const wanted = query.replace(/\s/g, "");
      this.#initials.find(wanted, (index, fit) => rate(index, RATES[fit]));
      return rates;
    }
    const wanted = foldLetters(query);
    if (wanted === "") return rates;
    const inside = wanted.length > 2;
    this.#names.find(wanted, (index, fit) => (fit !== "inside" || inside) && rate(index, RATES[fit]));
    this.#aliases.find(wanted, (index, fit) => fit !== "inside" && rate(index, RATES[fit] - OTHER));
    const code = query.trim();
    const airport = /^[A-Za-z]{3}$/.test(code) ? this.#codes.get(code.toUpperCase()) : undefined;
    if (airport !== undefined) rate(airport, code === code.toUpperCase() ? CODE_AS_WRITTEN : CODE);
    return rates;
  }

  /** "GJ8R+2W Seongsan": a plus code that needs the place behind it. */
  #shortCode(query: string, options: SearchOptions): Spot | null {
    const match = /^([23456789CFGHJMPQRVWX]{4,6}\+[23456789CFGHJMPQRVWX]{2,3})[,\s]+(\S.*)$/i.exec(query.trim());
    const [near] = match ? this.search(match[2] ?? "", { ...options, limit: 1 }) : [];
    if (!match || !near) return null;
    const code = expand((match[1] ?? "").toUpperCase(), { latitude: near.place.lat, longitude: near.place.lng });
    return code === null ? null : spotOf(code);
  }

  #spotFound({ lat, lng, name }: Spot, language: "ko" | "en", zoneOf: ZoneOf): Found {
    const there = this.at(lng, lat, language, zoneOf);
    const text = `${lat.toFixed(5)}, ${lng.toFixed(5)}`;
    const place: Place = { ...there, src: "map", id: "", name: name || there.name, alt: "", lat, lng };
    const country = place.cc === "" ? "" : (countries[language].of(place.cc) ?? "");
    const label = place.name || text;
    const detail = [label === text ? "" : text, country].filter((part) => part !== "").join(" · ");
    return { place, kind: "spot", label, detail, marks: [], goesOn: true };
  }

  at(lng: number, lat: number, language: "ko" | "en", zoneOf: ZoneOf): Place {
    const sight = this.#nearest(lng, lat, ({ src }) => src === "moim");
    if (sight && sight.km <= HIT_KM) return placeOf(sight.entry, language);
    const city = this.#nearest(lng, lat, ({ src }) => src === "geonames");
    const cc = city && city.km <= COUNTRY_KM ? city.entry.cc : "";
    return { src: "map", id: "", name: "", alt: "", lat, lng, addr: "", cc, tz: zoneOf(lat, lng) };
  }

  /** For the map's labels: name in the language, largest first. */
  labels(
    language: "ko" | "en",
  ): { name: string; lng: number; lat: number; kind: PlaceKind; weight: number }[] {
    return this.#entries
      .filter(({ kind, src }) => kind !== "region" && src !== "ourairports")
      .map((entry) => ({
        name: nameOf(entry, language),
        lng: entry.lng,
        lat: entry.lat,
        kind: entry.kind,
        weight: entry.weight,
      }));
  }

  #nearest(lng: number, lat: number, accept: (entry: Entry) => boolean): { entry: Entry; km: number } | null {
    let nearest: { entry: Entry; km: number } | null = null;
    for (const entry of this.#entries) {
      if (Math.abs(entry.lat - lat) > 2 || !accept(entry)) continue;
      const km = kilometres(entry, { lng, lat });
      if (km < (nearest?.km ?? Number.POSITIVE_INFINITY)) nearest = { entry, km };
    }
    return nearest;
  }
}

function sights(): Entry[] {
  return landmarks.flatMap(({ area, areaEn, cc, tz, places }) =>
    (places as LandmarkRow[]).map(([id, kind, lat, lng, ko, en, local, code = ""]) => ({
      src: "moim" as const,
      id,
      en,
      ko,
      local,
      lat,
      lng,
      cc,
      tz,
      kind,
      area: { ko: area, en: areaEn },
      weight: kind === "region" ? REGION_WEIGHT : SIGHT_WEIGHT,
      written: [ko, en, local, kind === "airport" ? ko.replace("국제공항", "공항") : ""].filter((name) => name !== ""),
      others: [],
      code,
    })),
  );
}

function settlement(columns: readonly string[], zones: readonly string[]): Entry {
  const [id = "", en = "", hangul = "", lat, lng, cc = "", kind = "t", people = "0", zone = "0", aliases = ""] =
    columns;
  const names = hangul === "" ? [] : hangul.split("|");
  const count = Number.parseInt(people, 36) * 100;
  const airport = kind === "a";
  return {
    src: airport ? "ourairports" : "geonames",
    id: airport ? id : Number.parseInt(id, 36).toString(),
    code: airport ? id : "",
    en,
    ko: names[0] ?? "",
    local: "",
    lat: Number(lat),
    lng: Number(lng),
    cc,
    tz: zones[Number.parseInt(zone, 36)] ?? "",
    kind: KINDS[kind] ?? "town",
    area: null,
    weight: 3 * Math.log10(Math.max(10, count)) + (kind === "C" ? 2 : 0),
    written: [...names, en],
    others: aliases === "" ? NOTHING : aliases.split("|"),
  };
}

const NOTHING: readonly string[] = [];

/** Its names, folded, and where words begin inside its Latin one. */
function namesOf({ en, written }: Entry): readonly string[] {
  const words = /[\s-]/.test(en) ? en.split(/[\s-]+/).slice(1) : NOTHING;
  return [...written.map(foldLetters), ...words.map((word) => `${WORD}${fold(word)}`)];
}

function aliasesOf({ en, others }: Entry): readonly string[] {
  const spelt = [en, ...others].filter((name) => /[äöüåø]/i.test(name)).map((name) => fold(spelled(name)));
  return others.length + spelt.length === 0 ? NOTHING : [...others.map(foldLetters), ...spelt];
}

/** "Muenchen" for "München", as it is typed where there are no such keys. */
function spelled(name: string): string {
  const letters: Readonly<Record<string, string>> = { ä: "ae", ö: "oe", ü: "ue", å: "aa", ø: "oe" };
  return name.normalize("NFC").toLowerCase().replace(/[äöüåø]/g, (letter) => letters[letter] ?? letter);
}

function nearness(entry: Entry, near: SearchOptions["near"]): number {
  return near ? 24 * Math.exp(-kilometres(entry, near) / 120) : 0;
}

/** A city and a sight of the same name at the same spot are one to a person. */
function distinct(entries: readonly Entry[], limit: number): Entry[] {
  const chosen: Entry[] = [];
  for (const entry of entries) {
    if (chosen.length === limit) break;
    if (
      !chosen.some((other) => other.en === entry.en && other.cc === entry.cc && kilometres(other, entry) < 5)
    )
      chosen.push(entry);
  }
  return chosen;
}

function found(entry: Entry, query: string, language: "ko" | "en"): Found {
  const place = placeOf(entry, language);
  const match = findMatch(place.name, query);
  const wanted = fold(query);
  // Another name that was typed says why this is shown.
  const other = match ? undefined : entry.others.find((name) => foldLetters(name).startsWith(foldLetters(query)));
  const goesOn = [entry.code, ...entry.written, ...entry.others].some((name) => fold(name).startsWith(wanted));
  return {
    place,
    kind: entry.kind,
    label: place.name,
    detail: detailOf(entry, place, language, other),
    marks: match ? [match] : [],
    goesOn: isInitials(query) || (wanted !== "" && goesOn),
  };
}

function placeOf(entry: Entry, language: "ko" | "en"): Place {
  const { src, id, lat, lng, cc, tz } = entry;
  const name = nameOf(entry, language);
  const other = language === "ko" ? entry.local || entry.en : entry.local || entry.ko;
  return { src, id, name, alt: other === name ? "" : other, lat, lng, addr: "", cc, tz };
}

function nameOf(entry: Entry, language: "ko" | "en"): string {
  return language === "ko" ? entry.ko || entry.en : entry.en;
}

const countries = { ko: namesOfCountries("ko"), en: namesOfCountries("en") };

function namesOfCountries(language: "ko" | "en"): Intl.DisplayNames {
  return new Intl.DisplayNames([language], { type: "region" });
}

function detailOf(entry: Entry, place: Place, language: "ko" | "en", other = ""): string {
  const country = entry.cc === "" ? "" : (countries[language].of(entry.cc) ?? "");
  const area = entry.area && entry.kind !== "region" ? entry.area[language] : "";
  return [entry.code, other, place.alt, area, country]
    .filter((part, i, all) => part !== "" && all.indexOf(part) === i)
    .join(" · ");
}

/** Good enough for ranking: a flat earth around the point. */
function kilometres(a: { lng: number; lat: number }, b: { lng: number; lat: number }): number {
  const dLng = Math.abs(a.lng - b.lng);
  const x = Math.min(dLng, 360 - dLng) * Math.cos(((a.lat + b.lat) / 2) * (Math.PI / 180));
  return 111.2 * Math.hypot(x, a.lat - b.lat);
}
