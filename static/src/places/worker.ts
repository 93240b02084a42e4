// Holds the gazetteer away from the page's own thread, so that no keystroke waits for it.
import tzlookup from "@photostructure/tz-lookup";
import { LOAD_MS, within } from "../deadline";
import { Gazetteer } from "./gazetteer";
import gazetteerUrl from "./generated/gazetteer.txt?url";
import type { Answer, Request } from "./questions";

let loading: Promise<Gazetteer> | null = null;

async function load(): Promise<Gazetteer> {
  return within(LOAD_MS, async (signal) => {
    const response = await fetch(gazetteerUrl, { signal });
    if (!response.ok) throw new Error(`gazetteer: ${response.status}`);
    return new Gazetteer(await response.text());
  });
}

function gazetteer(): Promise<Gazetteer> {
  loading ??= load().catch((error: unknown) => {
    loading = null; // a failed load is not remembered
    throw error;
  });
  return loading;
}

async function answer(request: Request): Promise<Answer> {
  try {
    const places = await gazetteer();
    switch (request.ask) {
      case "search":
        return { id: request.id, value: places.find(request.query, request.options, zoneOf) };
      case "at":
        return { id: request.id, value: places.at(request.lng, request.lat, request.language, zoneOf) };
      case "labels":
        return { id: request.id, value: places.labels(request.language) };
    }
  } catch (error) {
    return { id: request.id, error: String(error) };
  }
}

function zoneOf(lat: number, lng: number): string {
  try {
    return tzlookup(lat, lng);
  } catch {
    return "";
  }
}

self.onmessage = (event: MessageEvent<Request>) => {
  void answer(event.data).then((reply) => self.postMessage(reply));
};
