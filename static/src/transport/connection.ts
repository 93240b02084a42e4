// One WebSocket, a document's or that of the events: opens it with a fresh ticket, comes back by the class of the close (W9).
import { classOf, CLOSE_CODES } from "../protocol/close-codes";
import { backoff } from "./backoff";

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
  /** Where to connect with this ticket; null: do not (another epoch). */
  readonly url: (ticket: T) => string | null;
  readonly ticket: () => Promise<T>;
  /** Whether a failed ticket means that the access is gone for good. */
  readonly isBarred: (error: unknown) => boolean;
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
/** A socket that heard nothing for so long is dead: awareness is relayed, and events are asked for, more often. */
export const SILENCE_MS = 60_000;
const OPENING_MS = 15_000;

export class Connection<T extends TransportTicket> {
  readonly #options: ConnectionOptions<T>;
  #socket: Socket | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #watchdog: ReturnType<typeof setTimeout> | null = null;
  #attempt = 0;
  /** Grows with each try; what belongs to an older one is ignored. */
  #generation = 0;
  #stopped = true;

  constructor(options: ConnectionOptions<T>) {
    this.#options = options;
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

  /** Tries right now if it is waiting: the network is back. */
  hurry(): void {
    if (this.#stopped || this.#socket?.readyState === OPEN) return;
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
    if (this.#watchdog !== null) clearTimeout(this.#watchdog);
    this.#timer = this.#watchdog = null;
  }

  async #connect(): Promise<void> {
    const generation = ++this.#generation;
    let ticket: T;
    try {
      ticket = await this.#options.ticket();
    } catch (error) {
      if (generation === this.#generation) this.#ticketFailed(error);
      return;
    }
    if (generation !== this.#generation || this.#stopped) return;
    this.#options.onTicket(ticket);
    const url = this.#options.url(ticket);
    if (url !== null && generation === this.#generation) this.#open(url, generation);
  }

  #ticketFailed(error: unknown): void {
    if (!this.#options.isBarred(error)) {
      this.#options.onFailed();
      return this.#later();
    }
    this.#stopped = true;
    this.#options.onBarred();
  }

  #open(url: string, generation: number): void {
    const make = this.#options.makeSocket ?? ((address) => new WebSocket(address) as unknown as Socket);
    const socket = make(url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#watch(OPENING_MS);
    socket.onopen = () => {
      this.#watch(SILENCE_MS);
      this.#options.onOpen();
    };
    socket.onmessage = (event) => {
      this.#attempt = 0;
      this.#watch(SILENCE_MS);
      if (event.data instanceof ArrayBuffer) this.#options.onFrame?.(new Uint8Array(event.data));
      else if (typeof event.data === "string") this.#options.onText?.(event.data);
    };
    socket.onerror = () => undefined; // a close follows
    socket.onclose = (event) => {
      if (generation === this.#generation) this.#closed(event.code, event.reason);
    };
  }

  #watch(patience: number): void {
    if (this.#watchdog !== null) clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      this.#abandon(4000);
      this.#closed(1006, "silence");
    }, patience);
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
    this.#later(code === CLOSE_CODES.token && this.#attempt === 0 ? 0 : undefined);
  }

  #later(delay?: number): void {
    const random = this.#options.random ?? Math.random;
    const wait = delay ?? backoff(this.#attempt, random());
    this.#attempt += 1;
    this.#timer = setTimeout(() => void this.#connect(), wait);
  }
}
