// What the map shows and what it tells: plain data in, events out.
import type { MapSource } from "../api/types";

export type { MapSource } from "../api/types";

export interface LngLat {
  readonly lng: number;
  readonly lat: number;
}

export interface MapPin extends LngLat {
  readonly id: string;
  /** The number in its day, or "" (tray). At most three characters. */
  readonly label: string;
  readonly title: string;
  /** Colour of its day. */
  readonly color: string;
  /** The column it belongs to; pins of one day cluster together in that day's colour. */
  readonly day: string | null;
  /** Drawn paler (a peer drags it). */
  readonly dim?: boolean;
  /** Ring in the colour of a peer who edits the card. */
  readonly ring?: string | null;
}

/** The way through one day. */
export interface MapLine {
  readonly id: string;
  readonly color: string;
  readonly points: readonly LngLat[];
}

export interface MapPeer extends LngLat {
  readonly client: number;
  readonly name: string;
  readonly color: string;
  /** What can be read on that colour. */
  readonly ink: string;
  readonly faded: boolean;
}

export interface MapView {
  readonly c: readonly [number, number];
  readonly z: number;
}

export interface MapPick extends LngLat {
  readonly how: "click" | "menu" | "press";
  /** Where on the page, for a popover. */
  readonly x: number;
  readonly y: number;
}

export interface MapProps {
  readonly pins: readonly MapPin[];
  readonly lines?: readonly MapLine[];
  readonly peers?: readonly MapPeer[];
  readonly selected?: string | null;
  readonly theme: "light" | "dark";
  readonly language: "ko" | "en";
  /** Own tiles; null: the schematic map that comes with the program. */
  readonly source?: MapSource | null;
  /** Where to begin; default: fitted to the pins, or the world. */
  readonly view?: MapView | null;
  /** Room that panels take over the map, in pixels. */
  readonly padding?: { top?: number; right?: number; bottom?: number; left?: number };
  readonly labels: MapLabels;
  readonly onselect?: (id: string | null) => void;
  /** Enter or double click on a pin. */
  readonly onopen?: (id: string) => void;
  readonly onpick?: (pick: MapPick) => void;
  /** The person's own cursor over the map; null: it left. */
  readonly oncursor?: (at: LngLat | null) => void;
  /** After each move; `own` is false for moves by `moveTo` and `fit`. */
  readonly onmove?: (view: MapView, own: boolean) => void;
  /** Called for each pin's element: register it with the drag code; what it returns is called when the pin goes. */
  readonly pinAttachment?: (element: HTMLElement, id: string) => () => void;
  /** WebGL is missing and the plain drawing is shown. */
  readonly onfallback?: () => void;
}

/** Texts that the map itself shows. */
export interface MapLabels {
  readonly map: string;
  /** Of what is drawn, which the keyboard moves: "지도". */
  readonly canvas: string;
  readonly zoomIn: string;
  readonly zoomOut: string;
  readonly fit: string;
  /** The plain drawing: "지도를 그릴 수 없어 간단히 보여 드려요" */
  readonly fallback: string;
}

/** What `bind:this` on Map.svelte gives. */
export interface MapControl {
  /** All pins in sight (F). */
  fit(): void;
  moveTo(view: MapView): void;
  /** Pans so that the pin is in sight, keeping the zoom where possible. */
  show(id: string): void;
}
