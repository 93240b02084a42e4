// The list of a person's trips: one status at a time, page after page, and only the newest question's answer.
import type { Trip, Trips, TripsQuery, TripStatus } from "../../api";
import type { News } from "../../app/events.svelte";
import { changesList } from "./trips";

export const PAGE = 48;
/** More the server does not give at once. */
export const MOST = 100;

export class TripList {
  status: TripStatus = $state("active");
  /** Null until the first answer. */
  trips: readonly Trip[] | null = $state.raw(null);
  /** Why the last question was not answered; null: it was. */
  failure: { readonly error: unknown } | null = $state.raw(null);
  #next: string | null = $state(null);
  readonly #ask: (query: TripsQuery) => Promise<Trips>;
  #asked = 0;

  constructor(ask: (query: TripsQuery) => Promise<Trips>) {
    this.#ask = ask;
  }

  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** Nobody has a trip: not that it is unknown, and not that another status has none. */
  get isEmpty(): boolean {
    return this.trips?.length === 0 && this.status === "active" && this.failure === null;
  }

  get isLoading(): boolean {
    return this.trips === null && this.failure === null;
  }

  choose(status: TripStatus): Promise<void> {
    this.status = status;
    this.trips = null;
    return this.load();
  }

  /** The first page. */
  load(limit = PAGE): Promise<void> {
    return this.#read({ status: this.status, limit }, () => []);
  }

  more(): Promise<void> {
    if (this.#next === null) return Promise.resolve();
    return this.#read({ status: this.status, limit: PAGE, cursor: this.#next }, () => this.trips ?? []);
  }

  /** Reads again what is shown, without a step back to the first page where that is possible. */
  refresh(): Promise<void> {
    return this.load(Math.min(MOST, Math.max(PAGE, this.trips?.length ?? 0)));
  }

  heard(news: News): void {
    if (news.type === "unwatched" || news.notices.some(changesList)) void this.refresh();
  }

  async #read(query: TripsQuery, before: () => readonly Trip[]): Promise<void> {
    const question = ++this.#asked;
    this.failure = null;
    try {
      const { items, next } = await this.#ask(query);
      if (question !== this.#asked) return;
      this.trips = [...before(), ...items];
      this.#next = next;
    } catch (error) {
      if (question === this.#asked) this.failure = { error };
    }
  }
}
