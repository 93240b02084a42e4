// Shared documents as the screens use them.
import { OpenTrip } from "./trip";
import type { OpenOptions, TripDocument } from "./types";

export { addDays, daysBetween, today } from "../time/calendar";
export { metresBetween } from "./duplicates";
export { fieldName } from "./text-home";
export { bring, keep } from "./recovery";
export * as setAsides from "./set-aside";
export type { SetAside, SetAsideHead, SetAsideItem, SetAsideReason } from "./set-aside";
export { clearCopies, clearOthers } from "./copies";
export {
  fileOf,
  fileOfTrip,
  inWindowOnly,
  keepFile,
  listKept,
  removeKept,
  touchedOf,
  unsentOf,
  type Kept,
} from "./kept";
export { KeepError, MergeInterrupted, MergeRefused, SetAsideFileError } from "./set-aside";
export type * from "./types";
export { allCards } from "./view";
export { isHalt, mayWrite } from "../sync/machine";

/** Opens a trip: the local copy first, then the server. Call `close()` when the screen goes. */
export function openTrip(options: OpenOptions): TripDocument {
  return new OpenTrip(options);
}
