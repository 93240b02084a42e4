// The icons that a card may wear, by the names that the document keeps.
import type { Component } from "svelte";
import BedDouble from "@lucide/svelte/icons/bed-double";
import Bus from "@lucide/svelte/icons/bus";
import Camera from "@lucide/svelte/icons/camera";
import Car from "@lucide/svelte/icons/car";
import Coffee from "@lucide/svelte/icons/coffee";
import Footprints from "@lucide/svelte/icons/footprints";
import Landmark from "@lucide/svelte/icons/landmark";
import MapPin from "@lucide/svelte/icons/map-pin";
import Mountain from "@lucide/svelte/icons/mountain";
import Plane from "@lucide/svelte/icons/plane";
import Route from "@lucide/svelte/icons/route";
import Ship from "@lucide/svelte/icons/ship";
import ShoppingBag from "@lucide/svelte/icons/shopping-bag";
import StickyNote from "@lucide/svelte/icons/sticky-note";
import Ticket from "@lucide/svelte/icons/ticket";
import TrainFront from "@lucide/svelte/icons/train-front";
import Trees from "@lucide/svelte/icons/trees";
import Utensils from "@lucide/svelte/icons/utensils";
import Waves from "@lucide/svelte/icons/waves";
import Wine from "@lucide/svelte/icons/wine";
import type { CardKind } from "../../../document/types";

export type CardIcon = Component<{ size?: number; strokeWidth?: number }>;

export const KIND_ICONS: Record<CardKind, CardIcon> = {
  place: MapPin,
  move: Route,
  stay: BedDouble,
  note: StickyNote,
};

export const CARD_ICONS = {
  food: Utensils,
  coffee: Coffee,
  drink: Wine,
  sight: Landmark,
  photo: Camera,
  beach: Waves,
  mountain: Mountain,
  park: Trees,
  shop: ShoppingBag,
  ticket: Ticket,
  plane: Plane,
  train: TrainFront,
  bus: Bus,
  car: Car,
  ship: Ship,
  walk: Footprints,
  bed: BedDouble,
} satisfies Record<string, CardIcon>;

export type IconName = keyof typeof CARD_ICONS;
export const ICON_NAMES = Object.keys(CARD_ICONS) as IconName[];

export function iconOf(card: { kind: CardKind; icon: string | null }): CardIcon {
  const icons: Readonly<Record<string, CardIcon>> = CARD_ICONS;
  return (card.icon === null || !Object.hasOwn(icons, card.icon) ? undefined : icons[card.icon]) ?? KIND_ICONS[card.kind];
}
