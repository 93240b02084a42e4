// A small server for tests: rooms in memory that speak the protocol (W2–W5, W7), with switches for losses and refusals.
import * as Y from "yjs";
import { decode, encode, type Message } from "../protocol/frames";
import { ApiError } from "../api/errors";
import type { Socket } from "../transport/connection";
import { pictureOf, sameValue, type Field, type Picture, type Row } from "./picture";
import { DEFAULT_LIMITS, rowOf } from "./remake";
import { asSharedMap, asSharedText, plain, rootsOf } from "./schema";
import { replaceText } from "./texts";
import { OpenTrip } from "./trip";
import type { LocalLimit, Person, Role, Ticket } from "./types";

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

export class Hub {
  doc = new Y.Doc();
  readonly roles = new Map<string, Role>();
  /** Acknowledgements wait while false. */
  acknowledges = true;
  /** Nobody gets through while false. */
  up = true;
  epoch = 1;
  /** Whether clients are told the limits; otherwise they go by the defaults. */
  tells = true;
  /** Whose tickets it gives, where another person has logged in in that browser. */
  loggedIn: string | null = null;
  /** Refuse every update larger than this (status 3). */
  maxUpdate = Number.POSITIVE_INFINITY;
  /** What the document may hold, as the server would say it (status 3 and 4). */
  limits = { cards: 2_000, days: 366, text: 20_000, document: 5 << 20 };
  /** Refused for any other reason (status 2). */
  poison: ((update: Uint8Array) => boolean) | null = null;
  /** Whose access was taken. */
  readonly gone = new Set<string>();
  /** What clients are told that one update may have. */
  toldUpdate = 64 << 10;
  /** What was in the trash at a reset. */
  readonly emptied: string[] = [];
  /** What there was at some time, the latest last: each restore saves one before. */
  readonly versions: Picture[] = [];
  readonly sockets = new Set<HubSocket>();
  /** What outlives a crash. */
  #durable = Y.encodeStateAsUpdate(new Y.Doc());

  ticket(user: string): Promise<Ticket> {
    if (!this.up) return Promise.reject(new Error("down"));
    if (this.gone.has(user)) return Promise.reject(new ApiError(403, "forbidden", "no"));
    const role = this.roles.get(user) ?? "editor";
    const { cards, days, text } = this.limits;
    const limits = { cards, days, text, update: this.toldUpdate };
    return Promise.resolve({ token: user, expires: "", user: this.loggedIn ?? user, role, epoch: this.epoch, limits: this.tells ? limits : DEFAULT_LIMITS });
  }

  connect(url: string): HubSocket {
    const { searchParams: asked } = new URL(url);
    const socket = new HubSocket(this, asked.get("token") ?? "", Number(asked.get("epoch")));
    queueMicrotask(() => socket.accept());
    return socket;
  }

  broadcast(from: HubSocket, message: Message): void {
    for (const socket of this.sockets) if (socket !== from) socket.give(message);
  }

  /** As after kill -9: what was not acknowledged is gone. */
  crash(): void {
    this.doc = new Y.Doc();
    Y.applyUpdate(this.doc, this.#durable);
    this.cut();
  }

  saved(): void {
    this.#durable = Y.encodeStateAsUpdate(this.doc);
  }

  /** The same content without its trash, under another history. */
  reset(): void {
    const { cards, days, meta, title, desc } = rootsOf(this.doc);
    const fresh = new Y.Doc();
    const made = rootsOf(fresh);
    for (const [id, card] of cards.entries())
      if (!asSharedMap(card)?.get("del")) made.cards.set(id, copyOf(card));
      else this.emptied.push(JSON.stringify(card));
    for (const [from, to] of [[days, made.days], [meta, made.meta]] as const)
      for (const [key, value] of from.entries()) to.set(key, value);
    for (const name of this.doc.share.keys())
      if (name.startsWith("day:")) fresh.getText(name).insert(0, this.doc.getText(name).toJSON());
    made.title.insert(0, title.toJSON());
    made.desc.insert(0, desc.toJSON());
    this.doc = fresh;
    this.saved();
    this.epoch += 1;
    this.cut(undefined, 4409);
  }

  /** Makes the content that of an earlier version again: one edit of a new client, kept and sent like any other. */
  restore(version: Picture): void {
    this.versions.push(pictureOf(this.doc));
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(this.doc));
    const sent: Uint8Array[] = [];
    copy.on("update", (update: Uint8Array) => sent.push(update));
    copy.transact(() => restoreAll(copy, version));
    for (const update of sent) {
      Y.applyUpdate(this.doc, update);
      for (const socket of this.sockets) socket.give({ type: "update", update });
    }
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
  readonly #epoch: number;
  #counted = 0;

  constructor(hub: Hub, user: string, epoch: number) {
    this.#hub = hub;
    this.user = user;
    this.#epoch = epoch;
  }

  accept(): void {
    if (this.readyState !== CONNECTING) return;
    if (!this.#hub.up) return this.end(1006);
    if (this.#hub.gone.has(this.user)) return this.end(4403);
    if (this.#epoch !== this.#hub.epoch) return this.end(4409);
    this.readyState = OPEN;
    this.#hub.sockets.add(this);
    this.onopen?.();
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.readyState !== OPEN) return;
    const frame = data.slice();
    queueMicrotask(() => {
      // What was sent before a close still arrives, but not in another history.
      if (this.#epoch !== this.#hub.epoch) return;
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
    this.#hub.saved();
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
        return this.#apply(message.update, message.type === "update");
      case "probe":
        return this.give(message); // W13
      case "awareness":
        this.#hub.broadcast(this, message);
        return this.give(message); // W3
      default:
        return undefined;
    }
  }

  #apply(update: Uint8Array, isUpdate: boolean): void {
    this.#counted += 1;
    const { doc, roles, maxUpdate } = this.#hub;
    const before = Y.encodeStateAsUpdate(doc);
    const refuse = (status: number, reason = "no") =>
      this.give({ type: "refused", nth: this.#counted, status, reason });
    const trial = new Y.Doc();
    Y.applyUpdate(trial, before);
    Y.applyUpdate(trial, update);
    if (roles.get(this.user) === "viewer") {
      if (!sameBytes(Y.encodeStateAsUpdate(trial), before)) return refuse(1); // W7
    } else {
      if (isUpdate && update.length > maxUpdate) return refuse(3, "too large: update");
      if (this.#hub.poison?.(update)) return refuse(2, "malformed: no");
      if (trial.store.pendingStructs !== null) {
        refuse(6);
        return this.give({ type: "step1", vector: Y.encodeStateVector(doc) });
      }
      const limit = beyond(trial, doc, this.#hub.limits);
      if (limit) return refuse(limit === "text" || limit === "document" ? 3 : 4, `too: ${limit}`);
      Y.applyUpdate(doc, update);
      this.#hub.broadcast(this, { type: "update", update });
    }
    if (this.#hub.acknowledges) this.acknowledge();
  }
}

/** As the server does it: texts by the smallest cut; cards that the version lacks go to the trash, all else that it lacks goes. */
function restoreAll(doc: Y.Doc, { texts, entries, rows }: Picture): void {
  for (const name of pictureOf(doc).texts.keys()) replaceText(doc.getText(name), texts.get(name) ?? "");
  for (const [name, text] of texts) replaceText(doc.getText(name), text);
  for (const [root, wanted] of entries) {
    const map = doc.getMap(root);
    for (const key of [...map.keys()]) if (!wanted.has(key)) map.delete(key);
    for (const [key, value] of wanted) if (!sameValue(plain(map, key), value)) map.set(key, value);
  }
  for (const [root, wanted] of rows) {
    const map = doc.getMap(root);
    for (const [key, row] of map.entries())
      if (!wanted.has(key) && !asSharedMap(row)?.get("del")) asSharedMap(row)?.set("del", { by: "server", ts: 0 });
    for (const [key, row] of wanted) restoreRow(map, key, row);
  }
}

function restoreRow(map: Y.Map<unknown>, key: string, wanted: Row): void {
  const row = asSharedMap(map.get(key));
  if (!row) return void map.set(key, rowOf(wanted));
  for (const name of [...row.keys()]) if (!wanted.has(name)) row.delete(name);
  for (const [name, field] of wanted) restoreField(row, name, field);
}

function restoreField(row: Y.Map<unknown>, name: string, field: Field): void {
  const text = asSharedText(row.get(name));
  if (text && field.is === "text") return replaceText(text, field.text);
  if (field.is === "plain" && sameValue(plain(row, name), field.value)) return;
  if (field.is === "map" && sameValue(asSharedMap(row.get(name))?.toJSON(), Object.fromEntries(field.entries))) return;
  for (const [key, value] of rowOf(new Map([[name, field]])).entries()) row.set(key, value);
}

function copyOf(value: unknown): unknown {
  if (value instanceof Y.Text) return new Y.Text(value.toJSON());
  return value instanceof Y.Map ? new Y.Map([...value.entries()].map(([key, one]) => [key, copyOf(one)])) : value;
}

/** Which limit a document would be beyond. What was beyond it before may stay so, and what only deletes is always taken. */
function beyond(trial: Y.Doc, doc: Y.Doc, limits: Hub["limits"]): string | null {
  if (sameBytes(Y.encodeStateVector(trial), Y.encodeStateVector(doc))) return null;
  if (Y.encodeStateAsUpdate(trial).length > limits.document) return "document";
  const visible = (of: Y.Doc) => [...of.getMap("cards").values()].filter((card) => !asSharedMap(card)?.get("del")).length;
  const made = trial.getMap("cards").size - doc.getMap("cards").size;
  if (made > 0 && (visible(doc) + made > limits.cards)) return "cards";
  if (trial.getMap("days").size > Math.max(limits.days, doc.getMap("days").size)) return "days";
  const before = lengthsIn(doc);
  const isLong = ([name, length]: [string, number]) => length > Math.max(limits.text, before.get(name) ?? 0);
  return [...lengthsIn(trial)].some(isLong) ? "text" : null;
}

/** Of every text that has a limit. */
function lengthsIn(doc: Y.Doc): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const name of doc.share.keys())
    if (/^(title|desc|day:.*)$/s.test(name)) lengths.set(name, doc.getText(name).length);
  for (const [id, card] of doc.getMap("cards").entries())
    for (const [field, value] of asSharedMap(card)?.entries() ?? []) lengths.set(`${id}/${field}`, asSharedText(value)?.length ?? 0);
  return lengths;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

export const person = (id: string): Person => ({ id, name: id.toUpperCase(), color: "#228be6" });

export const TRIP = "trip:01HZ0000000000000000000000";

export function join(
  hub: Hub,
  user: string,
  now: () => number = Date.now,
  persist = false,
  onLimit: (limit: LocalLimit) => void = () => undefined,
): OpenTrip {
  return new OpenTrip(
    { id: TRIP, user: person(user), ticket: () => hub.ticket(user), syncUrl: "ws://hub/sync/", persist, onLimit },
    { makeSocket: (url) => hub.connect(url), random: () => 0, now },
  );
}

/** Lets everything that is on its way arrive: microtasks, and timers of no length. */
export async function settle(rounds = 6): Promise<void> {
  for (let i = 0; i < rounds; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}
