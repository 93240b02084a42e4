// What draws the map: MapLibre where there is WebGL, a plain canvas where there is not. Pins lie over either.
import type { Pixel } from "./mercator";
import type { LngLat, MapLine, MapPick, MapSource, MapView } from "./types";

export interface EngineOptions {
  /** Fills its parent. */
  readonly container: HTMLElement;
  readonly theme: "light" | "dark";
  readonly language: "ko" | "en";
  readonly source: MapSource | null;
  /** What a screen reader calls the drawing. */
  readonly label: string;
  readonly view: MapView;
  /** What is shown has moved: place the pins anew. */
  readonly onframe: () => void;
  /** A move has ended; `own`: the person made it. */
  readonly onmove: (own: boolean) => void;
  readonly onpick: (pick: MapPick) => void;
  readonly oncursor: (at: LngLat | null) => void;
}

export interface Engine {
  /** Pins go in here, so that wheel and drag on them reach the map. */
  readonly host: HTMLElement;
  view(): MapView;
  /** Pixels from the host's corner. */
  project(at: LngLat): Pixel;
  moveTo(view: MapView, animate: boolean): void;
  zoomBy(steps: number): void;
  setLines(lines: readonly MapLine[]): void;
  setTheme(theme: "light" | "dark"): void;
  setLanguage(language: "ko" | "en", label: string): void;
  resize(): void;
  destroy(): void;
}

export const MAX_ZOOM = 17;
export const MIN_ZOOM = 1;
/** A finger that stays this long means a place on the map. */
export const PRESS_MS = 500;

/** Calls `press` when a finger rests; a move, a second finger or lifting it calls it off. */
export function watchPress(target: HTMLElement, press: (event: PointerEvent) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const off = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  const listening = new AbortController();
  const { signal } = listening;
  let from: PointerEvent | null = null;
  target.addEventListener(
    "pointerdown",
    (event) => {
      off();
      if (event.pointerType !== "touch" || !event.isPrimary) return;
      from = event;
      timer = setTimeout(() => press(event), PRESS_MS);
    },
    { signal },
  );
  target.addEventListener(
    "pointermove",
    (event) => {
      if (from && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > 8) off();
    },
    { signal },
  );
  for (const type of ["pointerup", "pointercancel"]) target.addEventListener(type, off, { signal });
  return () => {
    off();
    listening.abort();
  };
}
