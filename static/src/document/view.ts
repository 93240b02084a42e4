// The immutable picture of a trip for screens, made from the reader's projection; lists that nobody asks for are not made.
import { duplicatesOf } from "./duplicates";
import type { StoredCard } from "./reader";
import type { Card, CardPosition, Projection, TrashedCard, TripView } from "./types";

export class TripPicture implements TripView {
  readonly trip: Projection;
  readonly loaded: boolean;
  readonly #stored: ReadonlyMap<string, StoredCard>;
  #cards: ReadonlyMap<string, CardPosition> | null = null;
  #trash: readonly TrashedCard[] | null = null;
  #duplicates: readonly (readonly string[])[] | null = null;

  constructor(trip: Projection, stored: ReadonlyMap<string, StoredCard>, loaded: boolean) {
    this.trip = trip;
    this.loaded = loaded;
    this.#stored = stored;
  }

  get cards(): ReadonlyMap<string, CardPosition> {
    return (this.#cards ??= new Map(positions(this.trip).map((position) => [position.card.id, position])));
  }

  get trash(): readonly TrashedCard[] {
    this.#trash ??= [...this.#stored.values()]
      .flatMap(({ card, deleted }) => (deleted ? [{ card, by: deleted.by, at: deleted.at }] : []))
      .sort((a, b) => b.at - a.at || (a.card.id < b.card.id ? 1 : -1));
    return this.#trash;
  }

  get duplicates(): readonly (readonly string[])[] {
    return (this.#duplicates ??= duplicatesOf(allCards(this.trip)));
  }
}

/** Every visible card: day by day, then the tray. */
export function allCards(trip: Projection): Card[] {
  return [...trip.days.flatMap((day) => day.cards), ...trip.tray];
}

function positions(trip: Projection): CardPosition[] {
  const of = (cards: readonly Card[], day: string | null) =>
    cards.map((card, index) => ({ card, day, index }));
  return [...trip.days.flatMap((day) => of(day.cards, day.id)), ...of(trip.tray, null)];
}
