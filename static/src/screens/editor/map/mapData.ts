// What the map draws, out of the board: numbered pins in day colours, a line a day, the peers' cursors.
import type { MapLine, MapPeer, MapPin } from "../../../map/types";
import type { Card, Peer, Projection } from "../../../document/types";
import { onMap } from "../state/numbering";
import { dayColour, TRAY_COLOUR } from "../state/palette";
import { inkOn } from "../../../ui/person";

export interface Scene {
  trip: Projection;
  numbers: ReadonlyMap<string, number>;
  /** Peers by the card that they have open, and by the one that they drag. */
  editing: ReadonlyMap<string, Peer["user"]>;
  dragged: ReadonlyMap<string, Peer["user"]>;
  /** The day that is shown alone; null: all, and what lies in the tray. */
  focused: string | null;
}

export function pinsOf({ trip, numbers, editing, dragged, focused }: Scene): MapPin[] {
  const columns = [
    { day: null as string | null, cards: trip.tray, color: TRAY_COLOUR },
    ...trip.days.map((day, rank) => ({ day: day.id, cards: day.cards, color: dayColour(rank) })),
  ];
  const shown = focused === null ? columns : columns.filter(({ day }) => day === focused);
  return shown.flatMap(({ day, cards, color }) =>
    cards.flatMap((card) => {
      if (card.place === null || !onMap(card)) return [];
      return [
        {
          id: card.id,
          lng: card.place.lng,
          lat: card.place.lat,
          label: String(numbers.get(card.id) ?? ""),
          title: card.title || card.place.name,
          color: card.color ?? color,
          day,
          dim: dragged.has(card.id),
          ring: editing.get(card.id)?.color ?? null,
        },
      ];
    }),
  );
}

/** A way through each day, from place to place and along its moves. */
export function linesOf({ trip, focused }: Scene): MapLine[] {
  return trip.days.flatMap((day, rank) => {
    const points = day.cards.flatMap(pointsOf);
    const shown = focused === null || focused === day.id;
    return shown && points.length > 1 ? [{ id: day.id, color: dayColour(rank), points }] : [];
  });
}

function pointsOf(card: Card): { lng: number; lat: number }[] {
  if (card.status === "skip") return [];
  return [card.place, card.to].flatMap((place) =>
    place === null ? [] : [{ lng: place.lng, lat: place.lat }],
  );
}

export function cursorsOf(peers: readonly Peer[]): MapPeer[] {
  return peers.flatMap((peer) =>
    peer.cur === null || peer.cursor === "hidden"
      ? []
      : [
          {
            client: peer.client,
            name: peer.user.name,
            color: peer.user.color,
            ink: inkOn(peer.user.color),
            lng: peer.cur.lng,
            lat: peer.cur.lat,
            faded: peer.cursor === "faded",
          },
        ],
  );
}
