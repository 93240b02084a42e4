// What the events' connection decides, without sockets, clocks or Svelte: happenings in, effects and a picture out.
import { classOf } from "../protocol/close-codes";
import { Pace } from "./pace";
import { hereOf, noticesOf, readOf, type Incoming, type Notice, type Request } from "./wire";

/** What the screens show. Its parts are replaced, never changed. */
export interface Picture {
  /** Newest first. */
  readonly notices: readonly Notice[];
  /** All of them have been read from the server at least once. */
  readonly loaded: boolean;
  readonly unread: number;
  /** What comes after this seq was new when the list was opened. */
  readonly newSince: number;
  /** People inside now, of the rooms that are watched. */
  readonly here: ReadonlyMap<string, number>;
  /** There is nothing to show, and the last try failed. */
  readonly trouble: boolean;
}

export type Happening =
  | { readonly type: "opened" }
  | { readonly type: "received"; readonly frame: Incoming }
  | { readonly type: "closed"; readonly code: number }
  /** No ticket could be had; another try follows. */
  | { readonly type: "failed" }
  /** The ticket was refused for good. */
  | { readonly type: "barred" }
  /** A new ticket for the open socket. */
  | { readonly type: "ticket"; readonly token: string }
  /** The tab came to the front or went behind. */
  | { readonly type: "page"; readonly visible: boolean }
  /** The list of notices was opened or closed. */
  | { readonly type: "list"; readonly shown: boolean }
  /** The rooms whose people a screen shows, all of them. */
  | { readonly type: "rooms"; readonly rooms: readonly string[] }
  /** A person says "try again". */
  | { readonly type: "retry" }
  /** The time that `deadline` told has come. */
  | { readonly type: "tick" };

export type Effect =
  | { readonly type: "send"; readonly id: number; readonly request: Request }
  | { readonly type: "renewTicket" }
  | { readonly type: "connect" }
  | { readonly type: "disconnect" }
  /** Do not wait for the next try. */
  | { readonly type: "hurry" }
  /** New since the list was first read, oldest first. */
  | { readonly type: "arrived"; readonly notices: readonly Notice[] }
  /** A room may be watched no longer. */
  | { readonly type: "unwatched"; readonly room: string };

/** A tab that nobody has looked at for so long gives its socket back. */
export const HIDDEN_MS = 5 * 60_000;
/** After so much silence the server is asked for news: it finds out whether the socket still lives, before SILENCE_MS. */
export const QUIET_MS = 40_000;
/** After the server could not answer. */
export const RETRY_MS = 10_000;
/** The server lets one socket watch so many. */
export const MAX_WATCHED = 200;
/** The server keeps so many of a person. */
export const MAX_NOTICES = 500;

export class EventsMachine {
  #link: "connecting" | "open" | "paused" | "stopped" = "connecting";
  #visible: boolean;
  #hiddenSince: number | null;
  #shown = false;
  #heardAt = 0;
  #retryAt = 0;
  #trouble = false;

  #nextId = 1;
  /** What was asked on this connection and is not answered. */
  readonly #pending = new Map<number, Request>();
  readonly #pace = new Pace();
  /** When the pace lets the next request go; null: none waits. */
  #stalledUntil: number | null = null;
  #ticket: string | null = null;

  #notices: readonly Notice[] = [];
  #loaded = false;
  /** Whether the server has to be asked for notices, was asked, or tells each by itself. */
  #news: "ask" | "asked" | "told" = "ask";
  #last = 0;
  #read = 0;
  #unread = 0;
  /** Up to here this person has seen them; the server hears of it when it can. */
  #seen = 0;
  #newSince = 0;

  #rooms: ReadonlySet<string> = new Set();
  /** What the server knows of this connection's rooms; a refused one is not asked for again. */
  readonly #watched = new Map<string, "watched" | "refused">();
  #here: ReadonlyMap<string, number> = new Map();

  constructor(visible: boolean, now: number) {
    this.#visible = visible;
    this.#hiddenSince = visible ? null : now;
  }

  get picture(): Picture {
    return {
      notices: this.#notices,
      loaded: this.#loaded,
      unread: this.#seen > this.#read ? Math.max(0, this.#last - this.#seen) : this.#unread,
      newSince: this.#newSince,
      here: this.#here,
      trouble: this.#trouble && !this.#loaded,
    };
  }

  /** When `tick` is due. */
  get deadline(): number | null {
    const due: number[] = [];
    if (this.#hiddenSince !== null && this.#alive) due.push(this.#hiddenSince + HIDDEN_MS);
    if (this.#link === "open") {
      if (this.#news === "told") due.push(this.#heardAt + QUIET_MS);
      if (this.#retryAt > 0) due.push(this.#retryAt);
      if (this.#stalledUntil !== null) due.push(this.#stalledUntil);
    }
    return due.length > 0 ? Math.min(...due) : null;
  }

  /** Up to here nothing is new to this person, whether the server knows that or not. */
  get #known(): number {
    return Math.max(this.#read, this.#seen);
  }

  get #alive(): boolean {
    return this.#link === "connecting" || this.#link === "open";
  }

  handle(happening: Happening, now: number): Effect[] {
    const effects = this.#decide(happening, now);
    this.#see();
    return [...effects, ...this.#ask(now)];
  }

  #decide(happening: Happening, now: number): Effect[] {
    switch (happening.type) {
      case "opened":
        return this.#opened(now);
      case "received":
        this.#heardAt = now;
        return this.#received(happening.frame, now);
      case "closed":
        return this.#lost(classOf(happening.code) === "stayAway" ? "stopped" : "connecting");
      case "failed":
        return this.#lost("connecting");
      case "barred":
        return this.#lost("stopped");
      case "ticket":
        if (this.#link === "open") this.#ticket = happening.token;
        return [];
      case "page":
        return this.#turned(happening.visible, now);
      case "list":
        this.#shown = happening.shown;
        this.#newSince = this.#known;
        return this.#shown ? this.#again() : [];
      case "rooms":
        return this.#choose(happening.rooms);
      case "retry":
        return this.#again();
      case "tick":
        return this.#ticked(now);
    }
  }

  #opened(now: number): Effect[] {
    this.#link = "open";
    this.#heardAt = now;
    this.#retryAt = 0;
    this.#news = "ask";
    return [];
  }

  #lost(link: "connecting" | "stopped" | "paused"): Effect[] {
    this.#link = link;
    this.#trouble = link !== "paused";
    this.#ticket = null;
    this.#stalledUntil = null;
    this.#pending.clear();
    this.#watched.clear();
    return [];
  }

  #connect(): Effect[] {
    this.#link = "connecting";
    this.#trouble = false;
    return [{ type: "connect" }];
  }

  /** A person wants it now, also where the server had said to stay away. */
  #again(): Effect[] {
    if (this.#link === "stopped") return this.#connect();
    if (!this.#trouble) return [];
    this.#trouble = false;
    this.#retryAt = 0;
    return this.#link === "connecting" ? [{ type: "hurry" }] : [];
  }

  #turned(visible: boolean, now: number): Effect[] {
    this.#visible = visible;
    this.#hiddenSince = visible ? null : (this.#hiddenSince ?? now);
    if (!visible) return [];
    if (this.#link === "paused") return this.#connect();
    return this.#link === "connecting" && this.#trouble ? [{ type: "hurry" }] : [];
  }

  #ticked(now: number): Effect[] {
    if (this.#retryAt <= now) this.#retryAt = 0;
    if (this.#news === "told" && now >= this.#heardAt + QUIET_MS) this.#news = "ask";
    if (this.#hiddenSince === null || now < this.#hiddenSince + HIDDEN_MS || !this.#alive) return [];
    this.#lost("paused");
    return [{ type: "disconnect" }];
  }

  #choose(rooms: readonly string[]): Effect[] {
    this.#rooms = new Set(rooms.slice(0, MAX_WATCHED));
    // Without a connection the numbers that the list brought along are newer.
    this.#keepHere((room) => this.#link === "open" && this.#rooms.has(room));
    return [];
  }

  #received(frame: Incoming, now: number): Effect[] {
    switch (frame.type) {
      case "answer":
      case "error":
        return this.#answered(frame, now);
      case "notice":
        return this.#told(frame.notice, frame.unread);
      case "read":
        this.#read = frame.read;
        this.#unread = frame.unread;
        return [];
      case "here":
        if (this.#rooms.has(frame.room)) this.#count(frame.room, frame.here);
        return [];
      case "unwatched":
        return this.#refuse(frame.room) ? [frame] : [];
      case "tokenWanted":
        return [{ type: "renewTicket" }];
      case "unknown":
        return [];
    }
  }

  #answered(frame: Extract<Incoming, { type: "answer" | "error" }>, now: number): Effect[] {
    const request = this.#pending.get(frame.re);
    this.#pending.delete(frame.re);
    const ok = frame.type === "answer" ? frame.ok : null;
    switch (request?.op) {
      case "notices":
        return this.#page(noticesOf(ok), now);
      case "read": {
        const numbers = readOf(ok);
        if (numbers === null) return this.#later(now);
        this.#read = numbers.read;
        this.#unread = numbers.unread;
        // The server has the last word, or the same would be said for ever.
        if (this.#seen <= request.until) this.#seen = numbers.read;
        return [];
      }
      case "watch": {
        const here = hereOf(ok);
        if (here === null) this.#refuse(request.room);
        else if (this.#rooms.has(request.room)) this.#count(request.room, here);
        return [];
      }
      case "unwatch":
      case "token":
      case "alive":
      case undefined:
        return [];
    }
  }

  #page(answer: ReturnType<typeof noticesOf>, now: number): Effect[] {
    this.#news = "ask";
    if (answer === null) return this.#later(now);
    if (answer.last < this.#last) {
      this.#forget();
      return [];
    }
    const fresh = answer.notices.filter((notice) => notice.seq > this.#last);
    if (!answer.more || fresh.length === 0) this.#news = "told";
    this.#trouble = false;
    this.#read = answer.read;
    this.#unread = answer.unread;
    const arrived = this.#add(fresh);
    if (this.#news === "told" && !this.#loaded) {
      this.#loaded = true;
      this.#newSince = this.#known;
    }
    return arrived;
  }

  #told(notice: Notice, unread: number): Effect[] {
    // Before the first answer and behind a hole there is something to ask for, and this comes along with it.
    if (this.#news === "ask" || !this.#loaded || notice.seq <= this.#last) return [];
    if (notice.seq > this.#last + 1) {
      if (this.#news === "told") this.#news = "ask";
      return [];
    }
    this.#unread = unread;
    return this.#add([notice]);
  }

  #add(fresh: readonly Notice[]): Effect[] {
    const newest = fresh.at(-1);
    if (newest === undefined) return [];
    this.#last = newest.seq;
    this.#notices = [...fresh.toReversed(), ...this.#notices].slice(0, MAX_NOTICES);
    return this.#loaded ? [{ type: "arrived", notices: fresh }] : [];
  }

  /** The server has fewer than we saw: it was set back to an older copy of its data. */
  #forget(): void {
    this.#notices = [];
    this.#loaded = false;
    this.#last = this.#read = this.#unread = this.#seen = 0;
  }

  #later(now: number): Effect[] {
    this.#trouble = true;
    this.#retryAt = now + RETRY_MS;
    return [];
  }

  /** False where it was not watched. */
  #refuse(room: string): boolean {
    if (this.#watched.get(room) !== "watched") return false;
    this.#watched.set(room, "refused");
    this.#keepHere((kept) => kept !== room);
    return true;
  }

  #count(room: string, here: number): void {
    if (this.#here.get(room) !== here) this.#here = new Map(this.#here).set(room, here);
  }

  #keepHere(keeps: (room: string) => boolean): void {
    const kept = [...this.#here].filter(([room]) => keeps(room));
    if (kept.length < this.#here.size) this.#here = new Map(kept);
  }

  /** What lies before somebody's eyes is read. */
  #see(): void {
    if (this.#shown && this.#visible && this.#loaded && this.picture.unread > 0) this.#seen = this.#last;
  }

  /** All that is to be said now, as far as the pace allows it. */
  #ask(now: number): Effect[] {
    const effects: Effect[] = [];
    this.#stalledUntil = null;
    if (this.#link !== "open") return effects;
    for (let next = this.#next(); next !== null; next = this.#next()) {
      if (!this.#pace.take(now)) {
        this.#stalledUntil = now + this.#pace.wait;
        break;
      }
      const id = this.#nextId++;
      this.#pending.set(id, next);
      this.#noted(next);
      effects.push({ type: "send", id, request: next });
    }
    return effects;
  }

  #next(): Request | null {
    if (this.#ticket !== null) return { op: "token", token: this.#ticket };
    if (this.#retryAt === 0) {
      if (this.#news === "ask") return { op: "notices", after: this.#last };
      const saying = [...this.#pending.values()].some((request) => request.op === "read");
      if (this.#seen > this.#read && !saying) return { op: "read", until: this.#seen };
    }
    for (const room of this.#watched.keys()) if (!this.#rooms.has(room)) return { op: "unwatch", room };
    for (const room of this.#rooms) if (!this.#watched.has(room)) return { op: "watch", room };
    return null;
  }

  #noted(request: Request): void {
    if (request.op === "token") this.#ticket = null;
    if (request.op === "notices") this.#news = "asked";
    if (request.op === "watch") this.#watched.set(request.room, "watched");
    if (request.op === "unwatch") this.#watched.delete(request.room);
  }
}
