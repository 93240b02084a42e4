// One WebSocket, a document's or that of the events: opens it with a fresh ticket, finds out when it is dead, comes back (W9).
import { classOf, CLOSE_CODES } from "../protocol/close-codes";
import { DOUBTED_TICKET_MS } from "../deadline";
import { backoff } from "./backoff";
import { Pulse } from "./pulse";

export interface TransportTicket {
  readonly token: string;
}

/** Documents speak in bytes, events in text. */
export type Frame = Uint8Array | string;

/** The part of the browser's WebSocket that is used; tests give their own. */
export interface Socket {
  binaryType: string;
  readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(data: Uint8Array<ArrayBuffer> | string): void;
  close(code?: number, reason?: string): void;
}

export interface ConnectionOptions<T extends TransportTicket> {
  /** Where to connect with this ticket; null: do not (another epoch, another person). */
  readonly url: (ticket: T) => string | null;
  /** Ends by itself: each request has a deadline, this one where it is named. */
  readonly ticket: (ms?: number) => Promise<T>;
  /** Whether a failed ticket means that the access is gone for good. */
  readonly isBarred: (error: unknown) => boolean;
  /** Whether a failed ticket means that no server answered: then one more try costs nobody anything. */
  readonly isUnreachable: (error: unknown) => boolean;
  /** What the server answers at once, to find out whether the socket still carries anything (W13). */
  readonly probe: () => Frame;
  readonly onTicket: (ticket: T) => void;
  readonly onOpen: () => void;
  readonly onFrame?: (frame: Uint8Array) => void;
  readonly onText?: (frame: string) => void;
  readonly onClose: (code: number, reason: string) => void;
  readonly onFailed: () => void;
  readonly onBarred: () => void;
  readonly makeSocket?: (url: string) => Socket;
  readonly random?: () => number;
}

const OPEN = 1;
/** From the ticket to the open socket; the server lets one wait for 3 s after a restart. */
export const OPENING_MS = 10_000;
/** While a ticket is not there after so long, another is asked for besides: the first may travel on a dead connection. */
export const AGAIN_MS = 4_000;
const TICKETS_AT_ONCE = 2;
/** The same after a socket fell silent, for so many tickets: a browser keeps up to six connections to one server. */
export const DOUBTED_AGAIN_MS = 1_200;
const DOUBTED_TICKETS = 4;

export class Connection<T extends TransportTicket> {
  readonly #options: ConnectionOptions<T>;
  readonly #pulse: Pulse;
  #socket: Socket | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #opening: ReturnType<typeof setTimeout> | null = null;
  #again: ReturnType<typeof setInterval> | null = null;
  #attempt = 0;
  /** Grows with each try; what belongs to an older one is ignored. */
  #generation = 0;
  #stopped = true;
  /** So many tickets are not waited for for long: what the browser keeps open is likely dead. */
  #doubted = 0;

  constructor(options: ConnectionOptions<T>) {
    this.#options = options;
    this.#pulse = new Pulse({
      probe: () => this.send(options.probe()),
      dead: () => {
        this.#doubted = DOUBTED_TICKETS;
        this.#silent();
      },
    });
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    void this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#abandon(1000);
  }

  /** Something happened to the network or the page: tries right now if it waits, and doubts the socket that is open. */
  hurry(): void {
    if (this.#stopped) return;
    if (this.#socket?.readyState === OPEN) return this.#pulse.doubt();
    this.#attempt = 0;
    this.#abandon(1000);
    void this.#connect();
  }

  /** Drops the socket and comes back at once. */
  restart(): void {
    if (this.#stopped) return;
    const socket = this.#socket;
    this.#abandon(1000);
    if (socket) this.#options.onClose(1000, "restart");
    this.#attempt = 0;
    void this.#connect();
  }

  /** False where the socket is not open; the caller's next exchange carries it then. */
  send(frame: Frame): boolean {
    if (this.#socket?.readyState !== OPEN) return false;
    this.#socket.send(frame as Uint8Array<ArrayBuffer> | string);
    return true;
  }

  #abandon(code: number): void {
    this.#generation += 1;
    this.#clear();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    socket.close(code);
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#opening !== null) clearTimeout(this.#opening);
    if (this.#again !== null) clearInterval(this.#again);
    this.#timer = this.#opening = this.#again = null;
    this.#pulse.stop();
  }

  async #connect(): Promise<void> {
    this.#clear();
    const generation = ++this.#generation;
    let ticket: T;
    try {
      ticket = await this.#ticket(generation);
    } catch (error) {
      if (generation === this.#generation) this.#ticketFailed(error);
      return;
    }
    if (generation !== this.#generation || this.#stopped) return;
    this.#clear();
    this.#options.onTicket(ticket);
    const url = this.#options.url(ticket);
    if (url !== null && generation === this.#generation) this.#open(url, generation);
  }

  /** The first ticket that comes, of those that were asked for. */
  #ticket(generation: number): Promise<T> {
    return new Promise((resolve, reject) => {
      let asked = 0;
      const ask = () => {
        if (asked >= TICKETS_AT_ONCE) return;
        asked += 1;
        const doubted = this.#doubted > 0;
        if (doubted) this.#doubted -= 1;
        this.#options.ticket(doubted ? DOUBTED_TICKET_MS : undefined).then(resolve, (error: unknown) => {
          asked -= 1;
          // An answer decides; silence does so only when nothing is on its way any more.
          if (!this.#options.isUnreachable(error) || asked === 0) reject(error as Error);
          else if (generation === this.#generation) this.#options.onFailed();
        });
      };
      this.#again = setInterval(ask, this.#doubted > 0 ? DOUBTED_AGAIN_MS : AGAIN_MS);
      ask();
    });
  }

  #ticketFailed(error: unknown): void {
    this.#clear();
    if (!this.#options.isBarred(error)) {
      this.#options.onFailed();
      return this.#later(this.#options.isUnreachable(error) ? "unreachable" : "refused");
    }
    this.#stopped = true;
    this.#options.onBarred();
  }

  #open(url: string, generation: number): void {
    const make = this.#options.makeSocket ?? ((address) => new WebSocket(address) as unknown as Socket);
    const socket = make(url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#opening = setTimeout(() => this.#silent(), OPENING_MS);
    socket.onopen = () => {
      this.#clear();
      this.#doubted = 0;
      this.#pulse.start();
      this.#options.onOpen();
    };
    socket.onmessage = (event) => {
      this.#attempt = 0;
      this.#pulse.beat();
      if (event.data instanceof ArrayBuffer) this.#options.onFrame?.(new Uint8Array(event.data));
      else if (typeof event.data === "string") this.#options.onText?.(event.data);
    };
    socket.onerror = () => undefined; // a close follows
    socket.onclose = (event) => {
      if (generation === this.#generation) this.#closed(event.code, event.reason);
    };
  }

  #silent(): void {
    this.#abandon(4000);
    this.#closed(1006, "silence");
  }

  #closed(code: number, reason: string): void {
    this.#clear();
    this.#socket = null;
    this.#options.onClose(code, reason);
    if (this.#stopped) return;
    if (classOf(code) === "stayAway") {
      this.#stopped = true;
      return;
    }
    if (code === CLOSE_CODES.token && this.#attempt === 0) this.#later("atOnce");
    else this.#later("refused");
  }

  #later(why: "unreachable" | "refused" | "atOnce"): void {
    const random = (this.#options.random ?? Math.random)();
    const wait = why === "atOnce" ? 0 : backoff(this.#attempt, random, why === "unreachable");
    this.#attempt += 1;
    this.#timer = setTimeout(() => void this.#connect(), wait);
  }
}
