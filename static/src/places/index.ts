// The offline place search as the screens use it; its data is loaded at the first use.
export { linkedSpot } from "./links";
export type { PlaceLabel } from "./questions";
export { places } from "./service";
export type * from "./types";
