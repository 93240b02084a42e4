// What the map draws, out of the board: numbered pins in day colours, a line a day, the peers' cursors.
import type { MapLine, MapPeer, MapPin } from "../../../map/types";
import type { Card, Peer, Projection } from "../../../document/types";
import { onMap } from "../numbering";
import { dayColour, TRAY_COLOUR } from "../palette";

export interface Scene {
  trip: Projection;
  numbers: ReadonlyMap<string, number>;
  peers: readonly Peer[];
  /** The day that is shown alone; null: all. */
  focused: string | null;
}

export function pinsOf({ trip, numbers, peers, focused }: Scene): MapPin[] {
  const columns = [
    { day: null as string | null, cards: trip.tray, color: TRAY_COLOUR },
    ...trip.days.map((day, rank) => ({ day: day.id, cards: day.cards, color: dayColour(rank) })),
  ];
  return columns.flatMap(({ day, cards, color }) =>
    cards.flatMap((card) => {
      if (card.place === null || !onMap(card)) return [];
      const busy = peers.find((peer) => peer.card === card.id);
      const dim = (focused !== null && focused !== day) || peers.some((peer) => peer.drag === card.id);
      return [
        {
          id: card.id,
          lng: card.place.lng,
          lat: card.place.lat,
          label: String(numbers.get(card.id) ?? ""),
          title: card.title || card.place.name,
          color: card.color ?? color,
          day,
          dim,
          ring: busy?.user.color ?? null,
        },
      ];
    }),
  );
}

/** A way through each day, from place to place and along its moves. */
export function linesOf({ trip, focused }: Scene): MapLine[] {
  return trip.days.flatMap((day, rank) => {
    const points = day.cards.flatMap(pointsOf);
    return points.length < 2
      ? []
      : [{ id: day.id, color: dayColour(rank), points, dim: focused !== null && focused !== day.id }];
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
            lng: peer.cur.lng,
            lat: peer.cur.lat,
            faded: peer.cursor === "faded",
          },
        ],
  );
}
