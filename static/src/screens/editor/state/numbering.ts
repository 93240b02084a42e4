// The numbers on cards and pins: places count up within their day, in the order of the board.
import type { Card, Projection } from "../../../document/types";

/** A card that stands on the map takes a number; the others do not. */
export function numberCards(trip: Pick<Projection, "days">): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const day of trip.days) {
    let next = 1;
    for (const card of day.cards) if (onMap(card)) numbers.set(card.id, next++);
  }
  return numbers;
}

/** A place is a stop with a pin; a move is the line between stops, so that a far airport does not shrink the map. */
export function onMap(card: Pick<Card, "place" | "kind">): boolean {
  return card.place !== null && card.kind !== "move";
}
