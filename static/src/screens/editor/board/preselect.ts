// Which suggestion Enter takes without an arrow key: one that goes on from what was typed, never one that only resembles it.
import type { Found } from "../../../places";

/** The index of the first suggestion one of whose names begins with what was typed; -1: Enter takes the text as it is. */
export function preselect(found: readonly Pick<Found, "goesOn">[]): number {
  return found.findIndex(({ goesOn }) => goesOn);
}
