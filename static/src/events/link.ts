// The socket of the events, one a tab: the machine decides, this acts. It holds the timer and watches the page.
import { ApiError, NetworkError } from "../api/errors";
import { Signal } from "../signal";
import { Connection, type Socket, type TransportTicket } from "../transport/connection";
import { EventsMachine, type Effect, type Happening, type Picture } from "./machine";
import { decode, encode, type Notice } from "./wire";

/** No request has this number: nobody waits for the answer, it only has to come. */
const PROBE = 0;

export interface LinkOptions {
  readonly url: string;
  readonly ticket: (ms?: number) => Promise<TransportTicket>;
  readonly onArrived: (notices: readonly Notice[]) => void;
  readonly onUnwatched: (room: string) => void;
  readonly makeSocket?: (url: string) => Socket;
  readonly random?: () => number;
}

export class EventsLink {
  readonly picture: Signal<Picture>;
  readonly #options: LinkOptions;
  readonly #machine: EventsMachine;
  readonly #connection: Connection<TransportTicket>;
  readonly #page = new AbortController();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#machine = new EventsMachine(isVisible(), performance.now());
    this.picture = new Signal(this.#machine.picture);
    this.#connection = new Connection({
      url: ({ token }) => `${options.url}?token=${encodeURIComponent(token)}`,
      ticket: options.ticket,
      isBarred: (error) => error instanceof ApiError && (error.status === 401 || error.status === 403),
      isUnreachable: (error) => error instanceof NetworkError,
      probe: () => encode(PROBE, { op: "alive" }),
      onTicket: () => undefined,
      onOpen: () => this.#handle({ type: "opened" }),
      onText: (text) => this.#onText(text),
      onClose: (code) => this.#handle({ type: "closed", code }),
      onFailed: () => this.#handle({ type: "failed" }),
      onBarred: () => this.#handle({ type: "barred" }),
      ...(options.makeSocket && { makeSocket: options.makeSocket }),
      ...(options.random && { random: options.random }),
    });
  }

  start(): void {
    this.#watchPage();
    this.#connection.start();
    this.#plan();
  }

  stop(): void {
    this.#page.abort();
    this.#connection.stop();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** The rooms whose people are shown, all of them. */
  watch(rooms: readonly string[]): void {
    this.#handle({ type: "rooms", rooms });
  }

  /** Whether the list of notices is open: what it shows counts as read. */
  show(shown: boolean): void {
    this.#handle({ type: "list", shown });
  }

  retry(): void {
    this.#handle({ type: "retry" });
  }

  #handle(happening: Happening): void {
    const effects = this.#machine.handle(happening, performance.now());
    const picture = this.#machine.picture;
    if (!isSame(picture, this.picture.get())) this.picture.set(picture);
    for (const effect of effects) this.#carryOut(effect);
    this.#plan();
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "send":
        return void this.#connection.send(encode(effect.id, effect.request));
      case "renewTicket":
        return void this.#renewTicket();
      case "connect":
        return this.#connection.start();
      case "disconnect":
        return this.#connection.stop();
      case "hurry":
        return this.#connection.hurry();
      case "arrived":
        return this.#options.onArrived(effect.notices);
      case "unwatched":
        return this.#options.onUnwatched(effect.room);
    }
  }

  #onText(text: string): void {
    const frame = decode(text);
    if (frame !== null && "re" in frame && frame.re === PROBE) return;
    if (frame !== null) this.#handle({ type: "received", frame });
    // Nothing is lost: a notice that is missing shows as a hole in front of the next.
    else console.warn("moim: unreadable event");
  }

  async #renewTicket(): Promise<void> {
    try {
      const { token } = await this.#options.ticket();
      this.#handle({ type: "ticket", token });
    } catch {
      // The server closes with 4401 then, and the way back asks for a ticket again.
    }
  }

  #plan(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const { deadline } = this.#machine;
    if (deadline === null || this.#page.signal.aborted) return;
    const wait = Math.max(0, Math.ceil(deadline - performance.now()));
    this.#timer = setTimeout(() => this.#handle({ type: "tick" }), wait);
  }

  #watchPage(): void {
    if (typeof window === "undefined") return;
    const { signal } = this.#page;
    const turned = () => {
      this.#handle({ type: "page", visible: isVisible() });
      if (isVisible()) this.#connection.hurry();
    };
    document.addEventListener("visibilitychange", turned, { signal });
    const hurry = () => this.#connection.hurry();
    for (const type of ["online", "offline"]) window.addEventListener(type, hurry, { signal });
    window.addEventListener("pageshow", (event) => event.persisted && hurry(), { signal });
  }
}

function isVisible(): boolean {
  return typeof document === "undefined" || document.visibilityState === "visible";
}

function isSame(one: Picture, other: Picture): boolean {
  return (Object.keys(one) as (keyof Picture)[]).every((key) => Object.is(one[key], other[key]));
}
