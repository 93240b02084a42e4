// The projection of a trip: what everybody who may read it sees. Plain data, one shape in Rust and TypeScript (tests/golden/documents).
import type { components } from "./generated/rest";

type Schemas = components["schemas"];

export type CardKind = Schemas["CardKind"];
export type CardStatus = Schemas["CardStatus"];
/** `cc` is upper case; `cc` and `tz` are "" if unknown. */
export type Place = Schemas["Place"];
export type When = Schemas["When"];
export type Estimate = Schemas["Estimate"];
export type Card = Schemas["Card"];
export type Day = Schemas["Day"];
export type Projection = Schemas["Projection"];
