// A small server for tests: rooms in memory that speak the protocol (W2–W5, W7), with switches for losses and refusals.
import * as Y from "yjs";
import { decode, encode, type Message } from "../protocol/frames";
import type { Socket } from "../transport/connection";
import { OpenTrip } from "./trip";
import type { Person, Role, Ticket } from "./types";

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

export class Hub {
  readonly doc = new Y.Doc();
  readonly roles = new Map<string, Role>();
  /** Acknowledgements wait while false. */
  acknowledges = true;
  /** Nobody gets through while false. */
  up = true;
  epoch = 1;
  /** Refuse every update larger than this (status 3). */
  maxUpdate = Number.POSITIVE_INFINITY;
  readonly sockets = new Set<HubSocket>();

  ticket(user: string): Promise<Ticket> {
    if (!this.up) return Promise.reject(new Error("down"));
    const role = this.roles.get(user) ?? "editor";
    return Promise.resolve({ token: user, expires: "", role, epoch: this.epoch });
  }

  connect(url: string): HubSocket {
    const user = new URL(url).searchParams.get("token") ?? "";
    const socket = new HubSocket(this, user);
    queueMicrotask(() => socket.accept());
    return socket;
  }

  broadcast(from: HubSocket, message: Message): void {
    for (const socket of this.sockets) if (socket !== from) socket.give(message);
  }

  /** Drops every socket, or one person's. */
  cut(user?: string, code = 1006): void {
    for (const socket of [...this.sockets]) if (user === undefined || socket.user === user) socket.end(code);
  }

  release(): void {
    this.acknowledges = true;
    for (const socket of this.sockets) socket.acknowledge();
  }
}

export class HubSocket implements Socket {
  binaryType = "arraybuffer";
  readyState = CONNECTING;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly user: string;
  readonly #hub: Hub;
  #counted = 0;

  constructor(hub: Hub, user: string) {
    this.#hub = hub;
    this.user = user;
  }

  accept(): void {
    if (this.readyState !== CONNECTING) return;
    if (!this.#hub.up) return this.end(1006);
    this.readyState = OPEN;
    this.#hub.sockets.add(this);
    this.onopen?.();
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.readyState !== OPEN) return;
    const frame = data.slice();
    queueMicrotask(() => {
      // What was sent before a close still arrives.
      for (const message of decode(frame)) this.#take(message);
    });
  }

  close(): void {
    this.readyState = CLOSED;
    this.#hub.sockets.delete(this);
  }

  end(code: number): void {
    this.close();
    this.onclose?.({ code, reason: "" });
  }

  give(...messages: Message[]): void {
    const data = encode(messages).slice().buffer;
    queueMicrotask(() => {
      if (this.readyState === OPEN) this.onmessage?.({ data });
    });
  }

  acknowledge(): void {
    if (this.#counted > 0) this.give({ type: "stored", count: this.#counted });
  }

  #take(message: Message): void {
    switch (message.type) {
      case "step1":
        // W2: the answer, and the server's own step 1
        return this.give(
          { type: "step2", update: Y.encodeStateAsUpdate(this.#hub.doc, message.vector) },
          { type: "step1", vector: Y.encodeStateVector(this.#hub.doc) },
        );
      case "step2":
      case "update":
        return this.#apply(message.update);
      case "awareness":
        this.#hub.broadcast(this, message);
        return this.give(message); // W3
      default:
        return undefined;
    }
  }

  #apply(update: Uint8Array): void {
    this.#counted += 1;
    const { doc, roles, maxUpdate } = this.#hub;
    const before = Y.encodeStateAsUpdate(doc);
    const refuse = (status: number) =>
      this.give({ type: "refused", nth: this.#counted, status, reason: "no" });
    if (roles.get(this.user) === "viewer") {
      const trial = new Y.Doc();
      Y.applyUpdate(trial, before);
      Y.applyUpdate(trial, update);
      const adds = Buffer.compare(Buffer.from(Y.encodeStateAsUpdate(trial)), Buffer.from(before)) !== 0;
      if (adds) return refuse(1); // W7
    } else if (update.length > maxUpdate) {
      return refuse(3);
    } else {
      Y.applyUpdate(doc, update);
      this.#hub.broadcast(this, { type: "update", update });
    }
    if (this.#hub.acknowledges) this.acknowledge();
  }
}

export const person = (id: string): Person => ({ id, name: id.toUpperCase(), color: "#228be6" });

export const TRIP = "trip:01HZ0000000000000000000000";

export function join(hub: Hub, user: string, now: () => number = Date.now, persist = false): OpenTrip {
  return new OpenTrip(
    { id: TRIP, user: person(user), ticket: () => hub.ticket(user), syncUrl: "ws://hub/sync/", persist },
    { makeSocket: (url) => hub.connect(url), random: () => 0, now },
  );
}

/** Lets everything that is on its way arrive: microtasks, and timers of no length. */
export async function settle(rounds = 6): Promise<void> {
  for (let i = 0; i < rounds; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}
