// Shared documents as the screens use them.
import type { OpenOptions, SharedText, TextRef, TripDocument } from "./types";

export type * from "./types";

/** Opens a trip: local copy first, then the server. Call `close()` when the screen goes. */
export function openTrip(_options: OpenOptions): TripDocument {
  throw new Error("lands next");
}

/** How awareness names a text: `Peer.field === fieldName(ref)`. */
export function fieldName(ref: TextRef): string {
  if (ref.of === "title" || ref.of === "desc") return ref.of;
  return "day" in ref ? `${ref.of}:${ref.day}` : `${ref.of}:${ref.card}`;
}

export type { SharedText };
