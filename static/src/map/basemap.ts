// Fetches the base map's shapes once, each level when it is first needed.
import detailUrl from "../../data/detail.bin?url";
import fineUrl from "./generated/fine.bin?url";
import worldUrl from "./generated/world.bin?url";
import { LOAD_MS, within } from "../deadline";
import { decodeShapes, type Shapes } from "./shapes";

/** The whole world at 1 km; the world at 100 m; Korea, Japan and their neighbours at 10 m. */
export type Level = "world" | "fine" | "detail";

const URLS: Readonly<Record<Level, string>> = { world: worldUrl, fine: fineUrl, detail: detailUrl };
const loaded = new Map<Level, Promise<Shapes>>();

/** Countries that `detail` draws and the coarser levels then leave out. North Korea's land border stays with both. */
export const DETAILED = ["410", "392", "158", "344", "446", "702"];

/** Inside it `detail` draws all coasts. */
export const DETAIL_BOX = { west: 125, south: 24, east: 146, north: 45.6 };

export function shapes(level: Level): Promise<Shapes> {
  let promise = loaded.get(level);
  if (!promise) {
    promise = fetchShapes(URLS[level]);
    promise.catch(() => loaded.delete(level)); // a failed load is not remembered
    loaded.set(level, promise);
  }
  return promise;
}

async function fetchShapes(url: string): Promise<Shapes> {
  return within(LOAD_MS, async (signal) => {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`base map: ${response.status}`);
    return decodeShapes(new Uint8Array(await response.arrayBuffer()));
  });
}
