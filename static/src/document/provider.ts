// Carries a document's edits and awareness between Yjs and the server: the sync machine decides, this acts.
import * as awarenessProtocol from "y-protocols/awareness";
import * as Y from "yjs";
import { ApiError, NetworkError } from "../api/errors";
import { CLOSE_CODES } from "../protocol/close-codes";
import { decode, encode, type Message } from "../protocol/frames";
import {
  isHalt,
  mayWrite,
  SyncMachine,
  type Effect,
  type Halt,
  type Outcome,
  type SyncEvent,
  type SyncState,
} from "../sync/machine";
import { Connection, type Socket } from "../transport/connection";
import type { DocumentLimits } from "../api/types";
import { DEFAULT_LIMITS } from "./remake";
import { Signal } from "../signal";
import type { Role, Ticket } from "./types";

/** Origin of everything that came from the server. */
export const REMOTE = Symbol("remote");

export interface ProviderOptions {
  readonly doc: Y.Doc;
  readonly awareness: awarenessProtocol.Awareness;
  readonly url: string;
  /** Whose edits these are: no ticket of anybody else carries them. */
  readonly user: string;
  readonly ticket: (ms?: number) => Promise<Ticket>;
  /** False: the local copy is of another epoch. */
  readonly acceptEpoch: (epoch: number) => boolean;
  /** The whole document is about to go out, as far as the server lacks it. */
  readonly onExchange: () => void;
  /** Origins that are no edits of this person (the local copy being read). */
  readonly foreign: (origin: unknown) => boolean;
  readonly now: () => number;
  readonly makeSocket?: (url: string) => Socket;
  readonly random?: () => number;
}

export class Provider {
  readonly sync: Signal<SyncState>;
  readonly role = new Signal<Role | null>(null);
  /** The server's state has been read at least once. */
  readonly synced = new Signal(false);
  readonly #options: ProviderOptions;
  readonly #machine: SyncMachine;
  readonly #connection: Connection<Ticket>;
  readonly #page = new AbortController();
  #outbox: Message[] = [];
  #limits: DocumentLimits = DEFAULT_LIMITS;
  #epoch: number | null = null;
  /** It was stopped or left: nothing will be answered any more. */
  #isOver = false;
  /** Who waits for the outcome of an edit, by its number. */
  readonly #submissions = new Map<number, (outcome: Outcome) => void>();
  #submitted = 0;

  constructor(options: ProviderOptions) {
    this.#options = options;
    this.#machine = new SyncMachine(globalThis.navigator?.onLine ?? true);
    this.sync = new Signal(this.#machine.state);
    this.#connection = new Connection<Ticket>({
      url: (ticket) => this.#url(ticket),
      ticket: options.ticket,
      isBarred: (error) => error instanceof ApiError && (error.status === 403 || error.status === 404),
      isUnreachable: (error) => error instanceof NetworkError,
      probe: () => encode([{ type: "probe" }]),
      onTicket: (ticket) => this.#onTicket(ticket),
      onOpen: () => this.#handle({ type: "opened" }),
      onFrame: (frame) => this.#onFrame(frame),
      onClose: (code, reason) => this.#onClose(code, reason),
      onFailed: () => this.#handle({ type: "failed" }),
      onBarred: () => this.#handle({ type: "barred" }),
      ...(options.makeSocket && { makeSocket: options.makeSocket }),
      ...(options.random && { random: options.random }),
    });
    options.doc.on("update", this.#onUpdate);
    options.awareness.on("update", this.#onAwareness);
    this.#watchPage();
  }

  get changes(): number {
    return this.#machine.changes;
  }

  /** What the server takes at most, as it said last. */
  get limits(): DocumentLimits {
    return this.#limits;
  }

  /** Of the server's document; null until a ticket said so. */
  get epoch(): number | null {
    return this.#epoch;
  }

  /** The server's state is here, and edits go out as they are made. */
  get ready(): boolean {
    const { kind } = this.#machine.state;
    return this.synced.get() && (kind === "saved" || kind === "saving") && this.writable;
  }

  /** Sends an edit that the document does not show yet. */
  submit(update: Uint8Array): Promise<Outcome> {
    if (this.#isOver) return Promise.resolve({ is: "lost" });
    const submission = ++this.#submitted;
    return new Promise((resolve) => {
      this.#submissions.set(submission, resolve);
      this.#handle({ type: "submitted", update, submission });
    });
  }

  /** Before the role is known one may write: the local copy is one's own. */
  get writable(): boolean {
    const { role, state } = this.#machine;
    if (state.kind === "refused" && isHalt(state.reason)) return false;
    return state.kind !== "access-changed" && (role === null || mayWrite(role));
  }

  /** Edits of an earlier visit that were never acknowledged. */
  recall(changes: number): void {
    if (changes > 0) this.#handle({ type: "recalled", changes });
  }

  /** Sends edits of this person that another window has not brought to the server. */
  adopt(update: Uint8Array): void {
    this.#handle({ type: "edited", update, at: this.#options.now() });
  }

  /** Compares anew what this document and the server have. */
  exchange(): void {
    this.#connection.restart();
  }

  start(): void {
    this.#connection.start();
  }

  /** Nothing goes out or comes in any more; what was said of it last still holds. */
  leave(): void {
    this.#outbox = [];
    this.#connection.stop();
    this.#loseOthers();
    this.#lose();
  }

  reconnect(): void {
    this.#machine.retry();
    this.#connection.start();
    this.#connection.hurry();
  }

  stop(): void {
    awarenessProtocol.removeAwarenessStates(this.#options.awareness, [this.#options.doc.clientID], "local");
    this.#flush();
    this.#page.abort();
    this.#options.doc.off("update", this.#onUpdate);
    this.#options.awareness.off("update", this.#onAwareness);
    this.#connection.stop();
    this.#lose();
  }

  #onTicket(ticket: Ticket): void {
    if (!this.#isMine(ticket)) return; // no socket is opened with it
    const { role, epoch, limits } = ticket;
    this.#epoch = epoch;
    this.#limits = limits;
    this.#handle({ type: "connecting", role });
  }

  /** Nobody will answer any more. */
  #lose(): void {
    this.#isOver = true;
    for (const settle of this.#submissions.values()) settle({ is: "lost" });
    this.#submissions.clear();
  }

  /** Ends the connection, and lets nothing in or out until `reconnect`. */
  halt(why: Halt): void {
    this.#outbox = [];
    this.#connection.stop();
    this.#loseOthers();
    this.#handle({ type: "halted", why });
  }

  #isMine(ticket: Ticket): boolean {
    return ticket.user === this.#options.user;
  }

  #url(ticket: Ticket): string | null {
    if (!this.#isMine(ticket)) {
      this.halt("otherAccount");
      return null;
    }
    const { token, epoch } = ticket;
    if (this.#options.acceptEpoch(epoch)) {
      return `${this.#options.url}?token=${encodeURIComponent(token)}&ack=1&epoch=${epoch}`;
    }
    this.#connection.stop();
    this.#handle({ type: "closed", code: CLOSE_CODES.epoch, reason: "the local copy is of another epoch" });
    return null;
  }

  #handle(event: SyncEvent): void {
    for (const effect of this.#machine.handle(event)) this.#carryOut(effect);
    const state = this.#machine.state;
    if (JSON.stringify(state) !== JSON.stringify(this.sync.get())) this.sync.set(state);
    this.role.set(this.#machine.role);
  }

  #carryOut(effect: Effect): void {
    const { doc, awareness } = this.#options;
    switch (effect.type) {
      case "send":
        return this.#send(this.#fitting(effect.message));
      case "settled":
        this.#submissions.get(effect.submission)?.(effect.outcome);
        return void this.#submissions.delete(effect.submission);
      case "greet":
        this.#send({ type: "step1", vector: Y.encodeStateVector(doc) });
        return this.#announce([doc.clientID]);
      case "answer":
        this.#options.onExchange();
        return this.#send({ type: "step2", update: Y.encodeStateAsUpdate(doc, effect.vector) });
      case "apply":
        return Y.applyUpdate(doc, effect.update, REMOTE);
      case "aware":
        return awarenessProtocol.applyAwarenessUpdate(awareness, effect.update, REMOTE);
      case "announce":
        return this.#announce([doc.clientID]);
      case "renewToken":
        return void this.#renewToken();
      case "restart":
        return this.#connection.restart();
    }
  }

  /** A paste, or the undo of a lot: what is larger than an update may be goes as a step 2, which may be as large as the document. */
  #fitting(message: Message): Message {
    const isLarge = message.type === "update" && message.update.length > this.#limits.update;
    return isLarge ? { type: "step2", update: message.update } : message;
  }

  /** What belongs to one task travels in one frame (W1). */
  #send(message: Message): void {
    if (this.#outbox.length === 0) queueMicrotask(() => this.#flush());
    this.#outbox.push(message);
  }

  #flush(): void {
    const messages = this.#outbox;
    this.#outbox = [];
    if (messages.length > 0) this.#connection.send(encode(messages));
  }

  #announce(clients: readonly number[]): void {
    const { awareness } = this.#options;
    const known = clients.filter((client) => awareness.meta.has(client));
    if (known.length === 0) return;
    this.#send({ type: "awareness", update: awarenessProtocol.encodeAwarenessUpdate(awareness, known) });
  }

  #onFrame(frame: Uint8Array): void {
    try {
      for (const message of decode(frame)) {
        this.#handle({ type: "received", message });
        if (message.type === "step2") this.synced.set(true);
      }
    } catch (error) {
      // A frame that cannot be read leaves a hole; only a new exchange closes it.
      console.warn("moim: unreadable frame, starting the exchange anew", error);
      this.#connection.restart();
    }
  }

  #onClose(code: number, reason: string): void {
    this.#outbox = [];
    this.#loseOthers();
    this.#handle({ type: "closed", code, reason });
  }

  #loseOthers(): void {
    const { awareness, doc } = this.#options;
    const others = [...awareness.getStates().keys()].filter((client) => client !== doc.clientID);
    awarenessProtocol.removeAwarenessStates(awareness, others, REMOTE);
    // Their clocks too: the same states must be taken again after the next opening.
    for (const client of others) awareness.meta.delete(client);
  }

  async #renewToken(): Promise<void> {
    try {
      const ticket = await this.#options.ticket();
      if (!this.#isMine(ticket)) return this.halt("otherAccount");
      this.#send({ type: "token", token: ticket.token });
    } catch {
      // The server closes with 4401 then, and the way back asks for a ticket again.
    }
  }

  #onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === REMOTE || this.#options.foreign(origin)) return;
    this.#handle({ type: "edited", update, at: this.#options.now() });
  };

  #onAwareness = (_change: unknown, origin: unknown): void => {
    if (origin === "local") this.#announce([this.#options.doc.clientID]);
  };

  #watchPage(): void {
    if (typeof window === "undefined") return;
    const { signal } = this.#page;
    // The browser's word is a reason to ask the server, whose answer counts: it may be on this very machine.
    const network = (online: boolean) => {
      this.#handle({ type: "network", online });
      this.#connection.hurry();
    };
    window.addEventListener("online", () => network(true), { signal });
    window.addEventListener("offline", () => network(false), { signal });
    const seen = () => document.visibilityState === "visible" && this.#connection.hurry();
    document.addEventListener("visibilitychange", seen, { signal });
    // A page that comes back whole from the browser's memory, with sockets that may be dead.
    window.addEventListener("pageshow", (event) => event.persisted && seen(), { signal });
  }
}
