// What parts two states of a trip: which cards were added, removed, moved and edited between them.
import type { When } from "../../../document/types";
import { withDate } from "../../../time/when";

export interface DiffCard {
  id: string;
  when?: When | null;
}
export interface DiffTrip {
  days: readonly { id: string; cards: readonly DiffCard[] }[];
  tray: readonly DiffCard[];
}
export type Mark = "added" | "removed" | "moved" | "edited";
export interface Difference {
  /** By card: those of `after`, and the removed ones of `before`. */
  marks: ReadonlyMap<string, Mark>;
  counts: { added: number; removed: number; moved: number; edited: number };
}

interface Spot {
  day: string | null;
  card: DiffCard;
}

/** What became of `before` on the way to `after`. */
export function difference(before: DiffTrip, after: DiffTrip): Difference {
  const old = spots(before);
  const now = spots(after);
  const still = unmoved(before, after);
  const marks = new Map<string, Mark>();
  for (const [id, spot] of now) {
    const was = old.get(id);
    if (was === undefined) marks.set(id, "added");
    else if (!still.has(id)) marks.set(id, "moved");
    else if (written(was.card) !== written(spot.card)) marks.set(id, "edited");
  }
  for (const id of old.keys()) if (!now.has(id)) marks.set(id, "removed");
  const count = (mark: Mark) => [...marks.values()].filter((one) => one === mark).length;
  return {
    marks,
    counts: {
      added: count("added"),
      removed: count("removed"),
      moved: count("moved"),
      edited: count("edited"),
    },
  };
}

/** What is written on a card. The date of an unlocked time is that of its day, which may have moved under it. */
function written(card: DiffCard): string {
  const { when } = card;
  return JSON.stringify(when && !when.lock ? { ...card, when: withDate(when, "2000-01-01") } : card);
}

function lanes(trip: DiffTrip): { day: string | null; cards: readonly DiffCard[] }[] {
  return [{ day: null, cards: trip.tray }, ...trip.days.map((day) => ({ day: day.id, cards: day.cards }))];
}

function spots(trip: DiffTrip): Map<string, Spot> {
  return new Map(
    lanes(trip).flatMap(({ day, cards }) => cards.map((card) => [card.id, { day, card }] as const)),
  );
}

/** The cards that kept their day and their order among those that did: the longest such run of each day. */
function unmoved(before: DiffTrip, after: DiffTrip): Set<string> {
  const order = new Map(
    lanes(before).map(({ day, cards }) => [day, new Map(cards.map((card, index) => [card.id, index]))]),
  );
  const kept = new Set<string>();
  for (const { day, cards } of lanes(after)) {
    const was = order.get(day) ?? new Map<string, number>();
    const stayed = cards.flatMap((card) => {
      const index = was.get(card.id);
      return index === undefined ? [] : [{ id: card.id, index }];
    });
    for (const { id } of longestRising(stayed)) kept.add(id);
  }
  return kept;
}

/** The longest subsequence with rising `index` (patience sorting, O(n log n)). */
function longestRising<Item extends { index: number }>(items: readonly Item[]): Item[] {
  const tails: { item: Item; before: Link<Item> }[] = [];
  for (const item of items) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((tails[middle]?.item.index ?? 0) < item.index) low = middle + 1;
      else high = middle;
    }
    tails[low] = { item, before: tails[low - 1] ?? null };
  }
  const run: Item[] = [];
  for (let link: Link<Item> = tails.at(-1) ?? null; link !== null; link = link.before) run.push(link.item);
  return run;
}

type Link<Item> = { item: Item; before: Link<Item> } | null;
