// What the place search gives.
import type { Place } from "../api/projection";

export type { Place } from "../api/projection";

/** Chooses the icon: settlements by rank, and kinds of sights. */
export type PlaceKind =
  | "capital"
  | "city"
  | "town"
  | "region"
  | "airport"
  | "station"
  | "port"
  | "mountain"
  | "island"
  | "beach"
  | "water"
  | "park"
  | "temple"
  | "palace"
  | "museum"
  | "monument"
  | "tower"
  | "view"
  | "market"
  | "shopping"
  | "food"
  | "theme"
  | "street"
  | "spa"
  | "campus"
  /** A spot that was given by its coordinates. */
  | "spot";

export interface Found {
  /** Ready for a card; `name` in the language of the search. */
  readonly place: Place;
  readonly kind: PlaceKind;
  /** What to show in a list. */
  readonly label: string;
  /** Second line: the other name, region, country. */
  readonly detail: string;
  /** Ranges of `label` that the query matched, for emphasis (UTF-16 offsets, end exclusive). */
  readonly marks: readonly (readonly [number, number])[];
  /** Whether one of its names goes on from what was typed, syllable by syllable; what only resembles it does not. */
  readonly goesOn: boolean;
}

export interface SearchOptions {
  readonly language: "ko" | "en";
  /** The map's centre or the trip's: nearer places come first among equals. */
  readonly near?: { readonly lng: number; readonly lat: number } | null;
  /** Default 8. */
  readonly limit?: number;
}

export interface PlaceSearch {
  /** Best first; [] for an empty query. Under 20 ms once loaded. */
  search(query: string, options: SearchOptions): Promise<readonly Found[]>;
  /** A place for a click on the map: a sight within 300 m, else a nameless place with zone and country of the nearest city. */
  at(lng: number, lat: number, language: "ko" | "en"): Promise<Place>;
}
