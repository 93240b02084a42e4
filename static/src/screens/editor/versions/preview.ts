// The columns of a version's preview: its own cards with marks, and at the end of each column what restoring would take away.
import type { Card, Projection } from "../../../document/types";
import { difference, type Difference, type Mark } from "../state/diff";

export interface PreviewColumn {
  day: string | null;
  rank: number | null;
  date: string | null;
  cards: { card: Card; mark: Mark | undefined }[];
}

/** What the board would look like if `version` took the place of `now`. */
export function preview(
  now: Projection,
  version: Projection,
): { columns: PreviewColumn[]; change: Difference } {
  const change = difference(now, version);
  const leaving = new Map<string | null, Card[]>(
    lanes(now).map(({ day, cards }) => [
      day,
      cards.filter((card) => change.marks.get(card.id) === "removed"),
    ]),
  );
  const columns: PreviewColumn[] = lanes(version).map(({ day, date, rank, cards }) => {
    const gone = leaving.get(day) ?? [];
    leaving.delete(day);
    return {
      day,
      date,
      rank,
      cards: [...cards, ...gone].map((card) => ({ card, mark: change.marks.get(card.id) })),
    };
  });
  const homeless = [...leaving.values()].flat().map((card) => ({ card, mark: "removed" as const }));
  columns[0]?.cards.push(...homeless);
  return { columns, change };
}

function lanes(
  trip: Projection,
): { day: string | null; rank: number | null; date: string | null; cards: readonly Card[] }[] {
  return [
    { day: null, rank: null, date: null, cards: trip.tray },
    ...trip.days.map((day, rank) => ({ day: day.id, rank, date: day.date, cards: day.cards })),
  ];
}
