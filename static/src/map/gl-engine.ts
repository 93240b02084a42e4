// The map drawn by MapLibre: the schematic style or own tiles, with names from the gazetteer.
import "maplibre-gl/dist/maplibre-gl.css";
import {
  addProtocol,
  Map as GlMap,
  setWorkerUrl,
  type GeoJSONSource,
  type MapMouseEvent,
  type StyleSpecification,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { LOAD_MS, within } from "../deadline";
import { loaded } from "../loading";
import { places } from "../places";
import { DETAIL_BOX, DETAILED, shapes, type Level } from "./basemap";
import { MAX_ZOOM, MIN_ZOOM, watchPress, type Engine, type EngineOptions } from "./engine";
import { fontFaces } from "./fonts";
import type { Pixel } from "./mercator";
import { near, wrapped } from "./meridian";
import { DETAIL_ZOOM, FINE_ZOOM, layers, nameFeatures, overlays, schematicStyle, wayFeatures } from "./style";
import { tileStyle } from "./tiles";
import type { LngLat, MapLine, MapPick, MapView } from "./types";

/** From here on a view of Korea or Japan needs no other shapes than `detail`. */
const ALONE_ZOOM = 7;

setWorkerUrl(workerUrl);
let pmtilesReady = false;

export class GlEngine implements Engine {
  readonly host: HTMLElement;
  readonly #map: GlMap;
  readonly #options: EngineOptions;
  readonly #loaded = new Set<Level>();
  readonly #unpress: () => void;
  #lines: readonly MapLine[] = [];
  #language: "ko" | "en";
  #theme: "light" | "dark";
  readonly #ending = new AbortController();

  /** Throws where there is no WebGL. */
  static async create(options: EngineOptions): Promise<GlEngine> {
    if (options.source?.kind === "pmtiles" && !pmtilesReady) {
      const { Protocol } = await within(LOAD_MS, () => import("pmtiles"));
      addProtocol("pmtiles", new Protocol().tile);
      pmtilesReady = true;
    }
    if (!options.source) prefetch(options);
    const style = options.source
      ? await tileStyle(options.source, options.theme)
      : schematicStyle(options.theme, fontFaces());
    return new GlEngine(options, style);
  }

  private constructor(options: EngineOptions, style: StyleSpecification) {
    this.#options = options;
    this.#language = options.language;
    this.#theme = options.theme;
    const { view, container } = options;
    this.#map = new GlMap({
      container,
      style,
      center: [...view.c],
      zoom: view.z,
      minZoom: MIN_ZOOM,
      maxZoom: MAX_ZOOM,
      attributionControl: false,
      locale: { "Map.Title": options.label },
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      renderWorldCopies: true,
      fadeDuration: 150,
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.keyboard.disableRotation();
    this.host = this.#map.getCanvasContainer();
    this.#map.getCanvas().tabIndex = 0;
    this.#unpress = watchPress(this.host, (event) => this.#pressed(event));
    this.#listen();
  }

  view(): MapView {
    const { lng, lat } = this.#map.getCenter();
    return { c: [wrapped(lng), lat], z: this.#map.getZoom() };
  }

  project({ lng, lat }: LngLat): Pixel {
    return this.#map.project([near(lng, this.#map.getCenter().lng), lat]);
  }

  moveTo({ c, z }: MapView, animate: boolean): void {
    const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
    this.#map.easeTo({ center: [...c], zoom: z, duration: animate && !calm ? 450 : 0 });
  }

  zoomBy(steps: number): void {
    this.#map.easeTo(
      { zoom: this.#map.getZoom() + steps, duration: 200 },
      { originalEvent: new Event("zoom") },
    );
  }

  setLines(lines: readonly MapLine[]): void {
    this.#lines = lines;
    this.#source("ways")?.setData(wayFeatures(lines));
  }

  setTheme(theme: "light" | "dark"): void {
    if (theme === this.#theme) return;
    this.#theme = theme;
    for (const layer of this.#options.source ? overlays(theme) : layers(theme)) {
      if (!this.#map.getLayer(layer.id)) continue;
      for (const [name, value] of Object.entries(layer.paint ?? {})) {
        this.#map.setPaintProperty(layer.id, name as never, value as never);
      }
    }
  }

  setLanguage(language: "ko" | "en", label: string): void {
    this.#map.getCanvas().setAttribute("aria-label", label);
    if (language === this.#language) return;
    this.#language = language;
    void this.#name();
  }

  resize(): void {
    this.#map.resize();
  }

  destroy(): void {
    this.#ending.abort();
    this.#unpress();
    this.#map.remove();
  }

  #listen(): void {
    const map = this.#map;
    map.on("load", () => void this.#fill());
    map.on("move", () => this.#options.onframe());
    map.on("resize", () => this.#options.onframe());
    map.on("moveend", (event) =>
      this.#options.onmove("originalEvent" in event && event.originalEvent !== undefined),
    );
    map.on("moveend", () => void this.#refine());
    map.on("mousemove", (event) => this.#options.oncursor(event.lngLat.wrap()));
    map.on("mouseout", () => this.#options.oncursor(null));
    map.on("click", (event) => this.#picked(event, "click"));
    map.on("contextmenu", (event) => {
      event.preventDefault();
      this.#picked(event, "menu");
    });
    map.on("error", ({ error }) => console.warn("moim: map", error));
  }

  #picked({ lngLat, originalEvent }: MapMouseEvent, how: MapPick["how"]): void {
    const { lng, lat } = lngLat.wrap();
    this.#options.onpick({ lng, lat, how, x: originalEvent.clientX, y: originalEvent.clientY });
  }

  #pressed(event: PointerEvent): void {
    const { left, top } = this.host.getBoundingClientRect();
    const { lng, lat } = this.#map.unproject([event.clientX - left, event.clientY - top]).wrap();
    this.#options.onpick({ lng, lat, how: "press", x: event.clientX, y: event.clientY });
  }

  async #fill(): Promise<void> {
    this.#addOverlays();
    this.setLines(this.#lines);
    if (this.#options.source) return;
    void this.#name();
    await Promise.all([this.#load("world"), this.#refine()]);
  }

  /** A style from elsewhere has no place for the ways of the days yet. */
  #addOverlays(): void {
    if (!this.#map.getSource("ways")) this.#map.addSource("ways", { type: "geojson", data: wayFeatures([]) });
    for (const layer of overlays(this.#theme)) if (!this.#map.getLayer(layer.id)) this.#map.addLayer(layer);
  }

  async #refine(): Promise<void> {
    if (this.#options.source) return;
    const zoom = this.#map.getZoom();
    if (zoom >= DETAIL_ZOOM - 0.5) await this.#load("detail");
    if (zoom >= FINE_ZOOM - 0.5 && !(zoom >= ALONE_ZOOM && isDetailed(this.view()))) await this.#load("fine");
  }

  /** A finer level takes over from the coarser one once it is there. */
  async #load(level: Level): Promise<void> {
    if (this.#loaded.has(level)) return;
    this.#loaded.add(level);
    const drawn = await loaded(() => shapes(level), this.#ending.signal).catch(() => null);
    if (drawn === null) return; // the map is gone
    this.#source(level)?.setData(drawn.land);
    if (level !== "detail" && !(level === "world" && this.#loaded.has("fine")))
      this.#source("borders")?.setData(drawn.borders);
    for (const part of ["shoal", "land", "coast"]) this.#handOver(level, part);
  }

  #handOver(level: Level, part: string): void {
    if (level === "fine") {
      this.#map.setLayerZoomRange(`world-${part}`, 0, FINE_ZOOM);
      this.#map.setLayerZoomRange(`fine-${part}`, FINE_ZOOM, 24);
    }
    if (level === "detail") {
      for (const coarser of ["world", "fine"]) {
        this.#map.setFilter(`${coarser}-${part}`, ["!", ["in", ["get", "code"], ["literal", DETAILED]]]);
      }
    }
  }

  async #name(): Promise<void> {
    if (this.#options.source) return;
    const labels = await places.labels(this.#language);
    if (!this.#ending.signal.aborted) this.#source("names")?.setData(nameFeatures(labels));
  }

  #source(id: string): GeoJSONSource | undefined {
    return this.#map.getSource<GeoJSONSource>(id);
  }
}

/** The shapes and names arrive while the map itself is still starting. */
function prefetch({ view, language }: EngineOptions): void {
  const quiet = () => undefined; // who needs them asks again and says so
  for (const level of view.z >= DETAIL_ZOOM ? (["detail", "world"] as const) : (["world"] as const))
    shapes(level).catch(quiet);
  places.labels(language).catch(quiet);
}

function isDetailed({ c: [lng, lat] }: MapView): boolean {
  return lng > DETAIL_BOX.west && lng < DETAIL_BOX.east && lat > DETAIL_BOX.south && lat < DETAIL_BOX.north;
}
