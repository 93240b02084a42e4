// Asks the place worker and matches its answers to the questions.
import { PLACES_MS, within } from "../deadline";
import type { Answer, PlaceLabel, Question, Request } from "./questions";
import type { Found, Place, PlaceSearch, SearchOptions } from "./types";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

class PlaceService implements PlaceSearch {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #next = 0;

  search(query: string, options: SearchOptions): Promise<readonly Found[]> {
    if (query.trim() === "") return Promise.resolve([]);
    return this.#ask({ ask: "search", query, options }) as Promise<readonly Found[]>;
  }

  at(lng: number, lat: number, language: "ko" | "en"): Promise<Place> {
    return this.#ask({ ask: "at", lng, lat, language }) as Promise<Place>;
  }

  labels(language: "ko" | "en"): Promise<readonly PlaceLabel[]> {
    return this.#ask({ ask: "labels", language }) as Promise<readonly PlaceLabel[]>;
  }

  async #ask(question: Question): Promise<unknown> {
    const id = this.#next++;
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#start().postMessage({ ...question, id } satisfies Request);
    });
    return within(PLACES_MS, () => answer).finally(() => this.#waiting.delete(id));
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "places" });
    worker.onmessage = (event: MessageEvent<Answer>) => this.#answered(event.data);
    worker.onerror = () => this.#failed(worker);
    this.#worker = worker;
    return worker;
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("error" in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.value);
  }

  #failed(worker: Worker): void {
    worker.terminate();
    this.#worker = null;
    for (const { reject } of this.#waiting.values()) reject(new Error("the place search could not start"));
    this.#waiting.clear();
  }
}

export const places = new PlaceService();
