// The places that are searched: GeoNames' settlements and the curated sights, ready for quick comparison. Pure.
import landmarks from "./landmarks.json";
import { findMatch, fold, initials, isInitials } from "./text";
import type { Found, Place, PlaceKind, SearchOptions } from "./types";

/** One place and its comparable names. */
interface Entry {
  readonly src: "geonames" | "moim";
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
  /** Folded names. */
  readonly names: readonly string[];
  /** Starts of words inside Latin names, folded: "york" of "New York". */
  readonly words: readonly string[];
  readonly initials: string;
}

type LandmarkRow = [
  id: string,
  kind: PlaceKind,
  lat: number,
  lng: number,
  ko: string,
  en: string,
  local: string,
];

/** A sight counts like a city of half a million. */
const SIGHT_WEIGHT = 17;
const REGION_WEIGHT = 19;
const KINDS: Readonly<Record<string, PlaceKind>> = { C: "capital", c: "city", t: "town" };
/** A click this close to a sight means it. */
const HIT_KM = 0.3;
/** Beyond this the nearest settlement tells no country. */
const COUNTRY_KM = 150;

export class Gazetteer {
  readonly #entries: readonly Entry[];

  /** `text`: what scripts/gazetteer.ts wrote. */
  constructor(text: string) {
    const [zones = "", ...rows] = text.split("\n");
    const names = zones.split("\t");
    this.#entries = [...sights(), ...rows.map((row) => settlement(row.split("\t"), names))];
  }

  get size(): number {
    return this.#entries.length;
  }

  search(query: string, options: SearchOptions): Found[] {
    const wanted = isInitials(query) ? query.replace(/\s/g, "") : fold(query);
    if (wanted === "") return [];
    const rate = isInitials(query) ? rateInitials : rateName;
    const best: { entry: Entry; score: number }[] = [];
    const limit = options.limit ?? 8;
    for (const entry of this.#entries) {
      const match = rate(entry, wanted);
      if (match > 0) best.push({ entry, score: match + entry.weight + nearness(entry, options.near) });
    }
    best.sort((a, b) => b.score - a.score);
    return distinct(
      best.map(({ entry }) => entry),
      limit,
    ).map((entry) => found(entry, query, options.language));
  }

  at(lng: number, lat: number, language: "ko" | "en", zoneOf: (lat: number, lng: number) => string): Place {
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
      .filter(({ kind }) => kind !== "region")
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
    (places as LandmarkRow[]).map(([id, kind, lat, lng, ko, en, local]) => ({
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
      ...comparable(
        en,
        [ko, en, local].filter((name) => name !== ""),
      ),
      initials: initials(ko),
    })),
  );
}

function settlement(columns: readonly string[], zones: readonly string[]): Entry {
  const [id = "", en = "", hangul = "", lat, lng, cc = "", kind = "t", people = "0", zone = "0"] = columns;
  const names = hangul === "" ? [] : hangul.split("|");
  const count = Number.parseInt(people, 36) * 100;
  return {
    src: "geonames",
    id: Number.parseInt(id, 36).toString(),
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
    ...comparable(en, [...names, en]),
    initials: names.map(initials).join("|"),
  };
}

function comparable(latin: string, all: readonly string[]): Pick<Entry, "names" | "words"> {
  const words =
    latin.includes(" ") || latin.includes("-")
      ? latin
          .split(/[\s-]+/)
          .slice(1)
          .map(fold)
      : [];
  return { names: all.map(fold), words };
}

/** How well a name fits what was typed; 0: not at all. */
function rateName({ names, words }: Entry, wanted: string): number {
  let best = 0;
  for (const name of names) {
    const index = name.indexOf(wanted);
    if (index < 0) continue;
    const rate = index === 0 ? (name.length === wanted.length ? 100 : 80) : wanted.length > 2 ? 40 : 0;
    if (rate > best) best = rate;
  }
  return best < 60 && words.some((word) => word.startsWith(wanted)) ? 60 : best;
}

function rateInitials(entry: Entry, wanted: string): number {
  if (entry.initials === "") return 0;
  let best = 0;
  for (const name of entry.initials.split("|")) {
    const index = name.indexOf(wanted);
    const rate = index === 0 ? (name.length === wanted.length ? 100 : 80) : index > 0 ? 40 : 0;
    if (rate > best) best = rate;
  }
  return best;
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
  return {
    place,
    kind: entry.kind,
    label: place.name,
    detail: detailOf(entry, place, language),
    marks: match ? [match] : [],
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

function detailOf(entry: Entry, place: Place, language: "ko" | "en"): string {
  const country = entry.cc === "" ? "" : (countries[language].of(entry.cc) ?? "");
  const area = entry.area && entry.kind !== "region" ? entry.area[language] : "";
  return [place.alt, area, country]
    .filter((part, i, all) => part !== "" && all.indexOf(part) === i)
    .join(" · ");
}

/** Good enough for ranking: a flat earth around the point. */
function kilometres(a: { lng: number; lat: number }, b: { lng: number; lat: number }): number {
  const dLng = Math.abs(a.lng - b.lng);
  const x = Math.min(dLng, 360 - dLng) * Math.cos(((a.lat + b.lat) / 2) * (Math.PI / 180));
  return 111.2 * Math.hypot(x, a.lat - b.lat);
}
