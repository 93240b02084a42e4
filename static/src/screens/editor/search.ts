// Finding a card of the trip by what is written on it.
import type { Card, Projection } from "../../document/types";

export interface Hit {
  card: Card;
  day: string | null;
}

/** Titles that begin with the words first, then titles and places that hold them, then notes; nothing for nothing. */
export function searchCards(trip: Pick<Projection, "days" | "tray">, query: string): Hit[] {
  const wanted = fold(query);
  if (wanted === "") return [];
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

function rankOf(card: Card, wanted: string): number {
  const names = [card.title, card.place?.name ?? "", card.place?.alt ?? "", card.to?.name ?? ""].map(fold);
  if (names.some((name) => name.startsWith(wanted))) return 0;
  if (names.some((name) => name.includes(wanted))) return 1;
  return fold(card.note).includes(wanted) ? 2 : NONE;
}

function fold(text: string): string {
  return text.normalize("NFC").toLocaleLowerCase().replace(/\s+/g, " ").trim();
}
