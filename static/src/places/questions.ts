// What is asked of the place worker, and what it answers.
import type { PlaceKind, SearchOptions } from "./types";

export type Question =
  | { readonly ask: "search"; readonly query: string; readonly options: SearchOptions }
  | { readonly ask: "at"; readonly lng: number; readonly lat: number; readonly language: "ko" | "en" }
  | { readonly ask: "labels"; readonly language: "ko" | "en" };

export type Request = Question & { readonly id: number };
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** A name for the map to write. */
export interface PlaceLabel {
  readonly name: string;
  readonly lng: number;
  readonly lat: number;
  readonly kind: PlaceKind;
  /** 0 to about 22; larger places first. */
  readonly weight: number;
}
