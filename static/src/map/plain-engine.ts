// The map without WebGL: the same shapes drawn on a canvas, moved by pointer and wheel; enough to see where things are.
import type { Polygon } from "geojson";
import { loaded } from "../loading";
import { places, type PlaceLabel } from "../places";
import { DETAILED, shapes, type Level } from "./basemap";
import { MAX_ZOOM, MIN_ZOOM, watchPress, type Engine, type EngineOptions } from "./engine";
import { toLngLat, toPixel, type Box, type Pixel } from "./mercator";
import { legs, near, wrapped } from "./meridian";
import { PALETTES } from "./palette";
import type { Shapes } from "./shapes";
import { DETAIL_ZOOM, FINE_ZOOM } from "./style";
import type { LngLat, MapLine, MapPick, MapView } from "./types";

const MAX_NAMES = 40;
/** Web Mercator ends here. */
const MAX_LAT = 85;
const FONT = '12px "Pretendard Variable", sans-serif';

type Projection = (at: LngLat) => Pixel;

export class PlainEngine implements Engine {
  readonly host: HTMLElement;
  readonly #canvas = document.createElement("canvas");
  readonly #options: EngineOptions;
  readonly #listening = new AbortController();
  readonly #shapes = new Map<Level, Shapes>();
  readonly #wanted = new Set<Level>();
  readonly #unpress: () => void;
  #names: readonly PlaceLabel[] = [];
  #lines: readonly MapLine[] = [];
  #theme: "light" | "dark";
  #center: LngLat;
  #zoom: number;
  #drag: { x: number; y: number; moved: boolean } | null = null;
  #frame = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#theme = options.theme;
    this.#center = { lng: options.view.c[0], lat: options.view.c[1] };
    this.#zoom = options.view.z;
    this.host = document.createElement("div");
    this.host.style.cssText = "position:absolute;inset:0;touch-action:none;overflow:hidden";
    this.#canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%";
    this.host.append(this.#canvas);
    options.container.append(this.host);
    this.#unpress = watchPress(this.host, (event) => this.#pick(event, "press"));
    this.#listen();
    this.#canvas.setAttribute("role", "img");
    this.setLanguage(options.language, options.label);
    this.#refine();
  }

  view(): MapView {
    return { c: [this.#center.lng, this.#center.lat], z: this.#zoom };
  }

  project(at: LngLat): Pixel {
    return this.#projection()({ lng: near(at.lng, this.#center.lng), lat: at.lat });
  }

  moveTo({ c, z }: MapView): void {
    this.#show({ lng: c[0], lat: c[1] }, z);
    this.#options.onmove(false);
  }

  zoomBy(steps: number): void {
    this.#show(this.#center, this.#zoom + steps);
    this.#options.onmove(true);
  }

  setLines(lines: readonly MapLine[]): void {
    this.#lines = lines;
    this.#draw();
  }

  setTheme(theme: "light" | "dark"): void {
    this.#theme = theme;
    this.#draw();
  }

  setLanguage(language: "ko" | "en", label: string): void {
    this.#canvas.setAttribute("aria-label", label);
    void places.labels(language).then(
      (labels) => {
        this.#names = [...labels].sort((a, b) => b.weight - a.weight);
        this.#draw();
      },
      () => undefined,
    );
  }

  resize(): void {
    this.#draw();
    this.#options.onframe();
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.#unpress();
    this.#listening.abort();
    this.host.remove();
  }

  #listen(): void {
    const { signal } = this.#listening;
    const on = <K extends keyof HTMLElementEventMap>(type: K, run: (event: HTMLElementEventMap[K]) => void) =>
      this.host.addEventListener(type, run, { signal });
    on("pointerdown", (event) => {
      if (event.button === 0) this.#drag = { x: event.clientX, y: event.clientY, moved: false };
    });
    on("pointermove", (event) => this.#moved(event));
    on("pointerup", () => {
      if (this.#drag?.moved) this.#options.onmove(true);
    });
    on("pointerleave", () => (this.#options.oncursor(null), (this.#drag = null)));
    on("click", (event) => {
      if (!this.#drag?.moved) this.#pick(event, "click");
      this.#drag = null;
    });
    on("contextmenu", (event) => (event.preventDefault(), this.#pick(event, "menu")));
    on("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? 0.5 : -0.5);
    });
  }

  #moved(event: PointerEvent): void {
    this.#options.oncursor(this.#at(event));
    const drag = this.#drag;
    if (!drag || event.buttons === 0) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.moved && Math.hypot(dx, dy) < 4) return;
    this.#drag = { x: event.clientX, y: event.clientY, moved: true };
    const { x, y } = toPixel(this.#center, this.#zoom);
    this.#show(toLngLat({ x: x - dx, y: y - dy }, this.#zoom), this.#zoom);
  }

  #pick(event: MouseEvent, how: MapPick["how"]): void {
    this.#options.onpick({ ...this.#at(event), how, x: event.clientX, y: event.clientY });
  }

  #at(event: MouseEvent): LngLat {
    const { left, top } = this.host.getBoundingClientRect();
    const origin = this.#origin();
    const at = toLngLat({ x: event.clientX - left + origin.x, y: event.clientY - top + origin.y }, this.#zoom);
    return { lng: wrapped(at.lng), lat: at.lat };
  }

  /** As far from the middle as the longitudes say. For many points: the size of the host, which makes the page lay itself out, is asked for once. */
  #projection(): Projection {
    const origin = this.#origin();
    return (at) => {
      const { x, y } = toPixel(at, this.#zoom);
      return { x: x - origin.x, y: y - origin.y };
    };
  }

  #origin(): Pixel {
    const { x, y } = toPixel(this.#center, this.#zoom);
    return { x: x - this.host.clientWidth / 2, y: y - this.host.clientHeight / 2 };
  }

  #show(center: LngLat, zoom: number): void {
    this.#center = { lng: wrapped(center.lng), lat: Math.max(-MAX_LAT, Math.min(MAX_LAT, center.lat)) };
    this.#zoom = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, zoom));
    this.#refine();
    this.#draw();
    this.#options.onframe();
  }

  #refine(): void {
    const wanted: Level[] =
      this.#zoom >= DETAIL_ZOOM ? ["fine", "detail"] : [this.#zoom >= FINE_ZOOM ? "fine" : "world"];
    for (const level of wanted) {
      if (this.#wanted.has(level)) continue;
      this.#wanted.add(level);
      loaded(() => shapes(level), this.#listening.signal).then(
        (drawn) => {
          this.#shapes.set(level, drawn);
          this.#draw();
        },
        () => undefined, // the map is gone
      );
    }
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    const context = this.#canvas.getContext("2d");
    if (!context) return;
    const palette = PALETTES[this.#theme];
    const scale = globalThis.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.host;
    this.#canvas.width = width * scale;
    this.#canvas.height = height * scale;
    context.scale(scale, scale);
    context.fillStyle = palette.sea;
    context.fillRect(0, 0, width, height);
    const project = this.#projection();
    const seen = this.#box(width, height);
    for (const turn of turnsIn(seen)) {
      const turned: Projection = ({ lng, lat }) => project({ lng: lng + turn, lat });
      const there = { ...seen, west: seen.west - turn, east: seen.east - turn };
      for (const level of this.#levels()) this.#paintLand(context, level, turned, there);
      for (const line of this.#lines) this.#paintWay(context, line, turned);
    }
    this.#paintNames(context, (at) => this.project(at), width, height);
  }

  /** The finest level that is there; detail lies over fine. */
  #levels(): Shapes[] {
    const [world, fine, detail] = [
      this.#shapes.get("world"),
      this.#shapes.get("fine"),
      this.#shapes.get("detail"),
    ];
    if (this.#zoom >= DETAIL_ZOOM && detail) return [...(fine ? [fine] : []), detail];
    const best = this.#zoom >= FINE_ZOOM ? (fine ?? world) : (world ?? fine);
    return best ? [best] : [];
  }

  /** What is on the canvas, in degrees. */
  #box(width: number, height: number): Box {
    const { x, y } = this.#origin();
    const { lng: west, lat: north } = toLngLat({ x, y }, this.#zoom);
    const { lng: east, lat: south } = toLngLat({ x: x + width, y: y + height }, this.#zoom);
    return { west, south, east, north };
  }

  #paintLand(context: CanvasRenderingContext2D, { land }: Shapes, project: Projection, seen: Box): void {
    const palette = PALETTES[this.#theme];
    context.fillStyle = palette.land;
    context.strokeStyle = palette.coast;
    context.lineWidth = 1;
    const finer = this.#zoom >= DETAIL_ZOOM ? this.#shapes.get("detail") : undefined;
    for (const { geometry, properties } of land.features) {
      if (finer && finer.land !== land && DETAILED.includes(properties.code)) continue;
      if (!touch(boxOfLand(geometry), seen)) continue;
      const rings = geometry.coordinates.map((ring) => ring.map(([lng = 0, lat = 0]) => project({ lng, lat })));
      context.beginPath();
      for (const ring of rings) {
        ring.forEach(({ x, y }, i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
        context.closePath();
      }
      context.fill("evenodd");
      context.stroke();
    }
  }

  #paintWay(context: CanvasRenderingContext2D, { points, color }: MapLine, project: Projection): void {
    context.beginPath();
    for (const part of legs(points)) {
      part.forEach((point, i) => {
        const { x, y } = project(point);
        if (i === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      });
    }
    context.strokeStyle = color;
    context.globalAlpha = 0.9;
    context.lineWidth = 2.5;
    context.setLineDash([1, 6]);
    context.lineCap = "round";
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  #paintNames(context: CanvasRenderingContext2D, project: Projection, width: number, height: number): void {
    const palette = PALETTES[this.#theme];
    const taken: Pixel[] = [];
    context.font = FONT;
    context.textAlign = "center";
    context.lineWidth = 3;
    context.strokeStyle = palette.halo;
    context.fillStyle = palette.label;
    for (const label of this.#names) {
      if (taken.length >= MAX_NAMES) return;
      const at = project(label);
      if (at.x < 0 || at.y < 0 || at.x > width || at.y > height) continue;
      if (taken.some(({ x, y }) => Math.abs(x - at.x) < 70 && Math.abs(y - at.y) < 18)) continue;
      taken.push(at);
      this.#loadFont(label.name);
      context.strokeText(label.name, at.x, at.y + 15);
      context.fillText(label.name, at.x, at.y + 15);
      context.fillRect(at.x - 1.5, at.y - 1.5, 3, 3);
    }
  }

  /** A canvas does not wait for the files of a font: draw again when they are there. */
  #loadFont(text: string): void {
    if (document.fonts.check(FONT, text)) return;
    void document.fonts.load(FONT, text).then(
      (faces) => {
        if (faces.length > 0) this.#draw();
      },
      () => undefined,
    );
  }
}

/** The turns of the globe that are on the canvas, in degrees: beyond 180 it begins anew. */
function turnsIn({ west, east }: Box): number[] {
  const [first, last] = [Math.floor((west + 180) / 360), Math.floor((east + 180) / 360)];
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * 360);
}

const landBoxes = new WeakMap<Polygon, Box>();

/** Where a piece of land lies. Asked at each painting, worked out once. */
function boxOfLand(land: Polygon): Box {
  const known = landBoxes.get(land);
  if (known) return known;
  const box = { west: Infinity, south: Infinity, east: -Infinity, north: -Infinity };
  for (const [lng = 0, lat = 0] of land.coordinates[0] ?? []) {
    box.west = Math.min(box.west, lng);
    box.east = Math.max(box.east, lng);
    box.south = Math.min(box.south, lat);
    box.north = Math.max(box.north, lat);
  }
  landBoxes.set(land, box);
  return box;
}

function touch(one: Box, other: Box): boolean {
  return (
    one.east >= other.west && one.west <= other.east && one.north >= other.south && one.south <= other.north
  );
}
