// Finding a card of the trip by what is written on it.
import type { Card, Projection } from "../../../document/types";
import { comparable, needle, type Comparable, type Needle } from "../../../text/fold";

export interface Hit {
  card: Card;
  day: string | null;
}

/** Titles that begin with the words first, then titles and places that hold them, then notes; nothing for nothing. */
export function searchCards(trip: Pick<Projection, "days" | "tray">, query: string): Hit[] {
  const wanted = needle(query);
  if (wanted === null) return [];
  const all: Hit[] = [
    ...trip.tray.map((card) => ({ card, day: null })),
    ...trip.days.flatMap((day) => day.cards.map((card) => ({ card, day: day.id }))),
  ];
  const ranked = all
    .map((hit) => ({ hit, rank: rankOf(hit.card, wanted) }))
    .filter(({ rank }) => rank < NONE);
  return ranked.sort((a, b) => a.rank - b.rank).map(({ hit }) => hit);
}

const NONE = 3;
/** A card never changes, another takes its place: what it is compared by is made once. */
const texts = new WeakMap<Card, { names: readonly Comparable[]; note: Comparable }>();

function rankOf(card: Card, wanted: Needle): number {
  const { names, note } = textsOf(card);
  const fits = names.map((name) => wanted.fits(name));
  if (fits.some((fit) => fit === "whole" || fit === "start")) return 0;
  if (fits.some((fit) => fit !== null)) return 1;
  return wanted.fits(note) !== null ? 2 : NONE;
}

function textsOf(card: Card): { names: readonly Comparable[]; note: Comparable } {
  const known = texts.get(card);
  if (known) return known;
  const { title, place, to } = card;
  const names = [title, place?.name, place?.alt, place?.addr, to?.name, to?.alt].filter((name) => !!name);
  const made = { names: names.map((name) => comparable(name ?? "")), note: comparable(card.note) };
  texts.set(card, made);
  return made;
}
