// What comes by the events' socket, for the screens: notices and who is inside, while somebody is logged in.
import { api } from "../api";
import { EventsLink } from "../events/link";
import type { Picture } from "../events/machine";
import type { Notice } from "../events/wire";

const NOTHING: Picture = {
  notices: [],
  loaded: false,
  unread: 0,
  newSince: 0,
  here: new Map(),
  trouble: false,
};

/** What made the list of trips out of date. */
export type News =
  | { readonly type: "arrived"; readonly notices: readonly Notice[] }
  | { readonly type: "unwatched"; readonly room: string };

class LiveEvents {
  picture: Picture = $state.raw(NOTHING);
  #account: string | null = null;
  #link: EventsLink | null = null;
  #rooms: readonly string[] = [];
  readonly #listeners = new Set<(news: News) => void>();

  /** Opens the socket of this account and closes that of another; null: nobody is logged in. */
  follow(account: string | null): void {
    if (account === this.#account) return;
    this.#account = account;
    this.#link?.stop();
    this.#link = null;
    this.picture = NOTHING;
    // Without sockets there is no trip to open either, and the editor says so.
    if (account !== null && typeof WebSocket !== "undefined") this.#begin();
  }

  /** The rooms whose people the screen shows; none when it goes. */
  watch(rooms: readonly string[]): void {
    this.#rooms = rooms;
    this.#link?.watch(rooms);
  }

  /** Whether the list of notices is open: what it shows counts as read. */
  show(shown: boolean): void {
    this.#link?.show(shown);
  }

  retry(): void {
    this.#link?.retry();
  }

  /** Returns how to stop. */
  onNews(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #begin(): void {
    const link = new EventsLink({
      url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/events`,
      ticket: (ms) => api.eventsTicket(ms),
      onArrived: (notices) => this.#tell({ type: "arrived", notices }),
      onUnwatched: (room) => this.#tell({ type: "unwatched", room }),
    });
    this.#link = link;
    link.watch(this.#rooms);
    link.picture.subscribe((picture) => {
      if (link === this.#link) this.picture = picture;
    });
    link.start();
  }

  #tell(news: News): void {
    for (const listener of [...this.#listeners]) listener(news);
  }
}

export const events = new LiveEvents();
