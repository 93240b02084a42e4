// One open trip: puts the document, its local copy, the provider and the edits together.
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import type { Socket } from "../transport/connection";
import type { Halt } from "../sync/machine";
import { CardEdits } from "./cards";
import * as clamp from "./clamp";
import { DayEdits } from "./days";
import { UndoHistory } from "./history";
import { KeptDays } from "./kept-days";
import { LocalCopy, MOST_BESIDE } from "./local-copy";
import { PresenceBoard } from "./presence";
import { Provider, REMOTE } from "./provider";
import { TripReader } from "./reader";
import { itemsOf, MergeInterrupted, MergeRefused, type MergePort } from "./merge";
import type { DocumentLimits } from "../api/types";
import { LASTING, LOCAL, rootsOf } from "./schema";
import * as asides from "./set-aside";
import { Signal, type Readable } from "../signal";
import { fieldName } from "./text-home";
import { TripText } from "./texts";
import { keepTwins } from "./twins";
import type {
  OpenOptions,
  Role,
  SharedText,
  SyncState,
  TextRef,
  TripDocument,
  TripMeta,
  TripView,
} from "./types";
import { TripPicture } from "./view";
import type { Workbench } from "./workbench";

/** What tests replace. */
export interface Surroundings {
  readonly now?: () => number;
  readonly makeSocket?: (url: string) => Socket;
  readonly random?: () => number;
}

/** A base is made with each edit only while it is as small as this. */
const MAX_CHEAP_BYTES = 512 * 1024;

/** How each field of `meta` is made valid before it is written. */
const META: { readonly [K in keyof TripMeta]: (value: unknown) => TripMeta[K] } = {
  tz: clamp.asText,
  cur: clamp.asText,
  cover: clamp.asText,
  color: clamp.asColor,
};

export class OpenTrip implements TripDocument {
  readonly id: string;
  readonly presence: PresenceBoard;
  readonly history: UndoHistory;
  readonly cards: CardEdits;
  readonly days: DayEdits;
  readonly #doc = new Y.Doc();
  readonly #awareness = new Awareness(this.#doc);
  readonly #bench: Workbench;
  readonly #copy: LocalCopy;
  readonly #provider: Provider;
  readonly #view: Signal<TripView>;
  readonly #sync: Signal<SyncState>;
  readonly #user: string;
  readonly #texts = new Map<string, TripText>();
  readonly #unwatch: () => void;
  readonly #days: KeptDays;
  #loaded = false;
  /** Nobody waits for the local copy any more. */
  #isBegun = false;
  #stale = false;
  #closed = false;
  readonly #ended = new AbortController();
  /** Whether the transaction that begins is the first of those that belong together. */
  #isFirst = false;
  /** Transactions of this person so far, those of other windows included. */
  #edits = 0;
  /** It is set aside: what would be done now would be in no copy. */
  #frozen = false;
  /** What is here goes to no server any more: it would be there twice. */
  #isForgotten = false;
  /** What the server had before the first edit that it lacks; null: unknown. */
  #base: Uint8Array | null = null;
  /** What others did since: the server has that too, and it is no edit of this person. */
  #beside: Uint8Array[] = [];
  /** The local copy has it: there it follows what others do by itself. */
  #isBaseKept = false;

  constructor(options: OpenOptions, around: Surroundings = {}) {
    const now = around.now ?? Date.now;
    this.id = options.id;
    this.#user = options.user.id;
    this.#copy = new LocalCopy({
      doc: this.#doc,
      user: options.user.id,
      id: options.id,
      enabled: options.persist ?? true,
      isRemote: (origin) => origin === REMOTE,
      onOrphans: (update) => (update === null ? this.#provider.exchange() : this.#provider.adopt(update)),
      onRead: () => this.#isBegun && this.#load(),
      now,
    });
    this.#provider = this.#connect(options, around, now);
    this.#bench = this.#makeBench(options, now);
    this.presence = new PresenceBoard(this.#awareness, options.user, now);
    this.history = new UndoHistory({
      doc: this.#doc,
      writable: () => this.#isWritable(),
      remote: REMOTE,
      isPeer: (client) => this.#awareness.getStates().has(client),
      hasPeers: () => [...this.#awareness.getStates().keys()].some((client) => client !== this.#doc.clientID),
    });
    this.cards = new CardEdits(this.#bench);
    this.days = new DayEdits(this.#bench, this.cards);
    this.#view = new FreshSignal<TripView>(this.#picture(), () => this.#refresh());
    this.#doc.on("beforeAllTransactions", () => (this.#isFirst = true));
    this.#doc.on("beforeTransaction", (transaction: Y.Transaction) => this.#noteBase(transaction));
    this.#doc.on("update", (update: Uint8Array, origin: unknown) => this.#noteBeside(update, origin));
    const unwatch = this.#bench.reader.watch((origin) => this.#later(origin === REMOTE));
    const mayKeep = () => this.#mayKeep();
    const keep = (change: () => void) => this.#doc.transact(change, LASTING);
    this.#days = new KeptDays({ doc: this.#doc, remote: REMOTE, mayKeep, keep });
    const stops = [unwatch, keepTwins(this.#doc, REMOTE, mayKeep, keep), () => this.#days.end()];
    this.#unwatch = () => stops.forEach((stop) => stop());
    this.#sync = new Signal(this.#provider.sync.get());
    this.#provider.sync.subscribe(() => this.#noteSync());
    this.#copy.others.subscribe(() => this.#noteSync());
    this.#provider.synced.subscribe((synced) => synced && this.#load());
    void this.#begin();
  }

  get view(): Readable<TripView> {
    return this.#view;
  }

  get sync(): Readable<SyncState> {
    return this.#sync;
  }

  get kept(): Readable<boolean> {
    return this.#copy.kept;
  }

  get written(): boolean {
    return this.#copy.written;
  }

  get limits(): DocumentLimits {
    return this.#provider.limits;
  }

  get role(): Readable<Role | null> {
    return this.#provider.role;
  }

  text(ref: TextRef): SharedText {
    const name = fieldName(ref);
    let text = this.#texts.get(name);
    if (!text) {
      text = new TripText(ref, { bench: this.#bench, history: this.history, presence: this.presence });
      this.#texts.set(name, text);
    }
    return text;
  }

  setMeta(meta: Partial<TripMeta>): void {
    const { roots, step } = this.#bench;
    const fields = (Object.keys(META) as (keyof TripMeta)[]).filter((field) => field in meta);
    const changes = fields.flatMap((field) => {
      const value = META[field](meta[field]);
      return value === (roots.meta.get(field) ?? null) ? [] : [[field, value] as const];
    });
    if (changes.length > 0) step(() => changes.forEach(([field, value]) => roots.meta.set(field, value)));
  }

  encode(): Uint8Array {
    return Y.encodeStateAsUpdate(this.#doc);
  }

  aside(reason: asides.SetAsideReason): asides.SetAside {
    const sources = { state: this.encode(), base: this.#baseNow() };
    return asides.made({
      user: this.#user,
      doc: this.id,
      title: this.#view.get().trip.title,
      epoch: this.#copy.epoch ?? this.#provider.epoch ?? 0,
      reason,
      items: itemsOf(sources),
      whole: true,
      ...sources,
    });
  }

  async setAside(reason: asides.SetAsideReason): Promise<asides.SetAside | null> {
    const { id, created } = this.aside(reason);
    let kept: asides.SetAside | null;
    let edits: number;
    do {
      // Somebody types while it is being written, here or in another window.
      edits = this.#edits;
      kept = await asides.addOnce({ ...this.aside(reason), id, created }, this.#copy.identity);
      await this.#copy.gather();
    } while (edits !== this.#edits);
    this.#frozen = true;
    return kept;
  }

  /** Waits until the server's state is here, and rejects where it cannot be written. */
  mergePort(): Promise<MergePort & { readonly epoch: number }> {
    return new Promise((resolve, reject) => {
      const stops: (() => void)[] = [];
      const look = () => {
        if (this.#closed) reject(new MergeInterrupted());
        else if (!this.#provider.writable) reject(new MergeRefused());
        else if (this.#provider.ready) resolve(this.#port());
        else return;
        stops.forEach((stop) => stop());
      };
      this.#ended.signal.addEventListener("abort", look);
      stops.push(this.#provider.sync.subscribe(look), this.#provider.synced.subscribe(look));
      stops.push(() => this.#ended.signal.removeEventListener("abort", look));
      look();
    });
  }

  #port(): MergePort & { readonly epoch: number } {
    return {
      limits: this.#provider.limits,
      epoch: this.#provider.epoch ?? 0,
      encode: () => this.encode(),
      submit: (update) => this.#provider.submit(update),
      adopt: (update) => Y.applyUpdate(this.#doc, update, REMOTE),
      follow: (run) => {
        this.#doc.on("update", run);
        return () => this.#doc.off("update", run);
      },
    };
  }

  gather(): Promise<void> {
    return this.#copy.gather();
  }

  forget(): Promise<void> {
    this.#frozen = this.#isForgotten = true;
    this.#provider.leave();
    return this.#copy.forget();
  }

  halt(why: Halt): void {
    this.#provider.halt(why);
  }

  /** Before the local copy is read it is left to `#begin`: what the server says then is told from what is unsent. */
  reconnect(): void {
    if (this.#isBegun && !this.#isForgotten) this.#provider.reconnect();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended.abort();
    this.#unwatch();
    this.#provider.stop();
    this.presence.destroy();
    this.history.destroy();
    this.#awareness.destroy();
    await this.#copy.close();
    this.#doc.destroy();
  }

  /** Before the first edit that the server lacks, what is here is what the server has. */
  #noteBase({ local, origin }: Y.Transaction): void {
    // One that an observer begins comes before anybody was told of the edit that it follows.
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (local || this.#copy.isOrigin(origin)) this.#edits += 1;
    if (!local) return;
    if (!isFirst) return;
    if (this.#provider.changes + this.#copy.others.get() > 0 || !this.#loaded) return;
    // With a connection an edit is soon on the server: a copy for each is made of small documents only.
    const isCheap = (this.#base?.length ?? 0) < MAX_CHEAP_BYTES;
    this.#base = isCheap || !this.#provider.ready ? this.encode() : null;
    this.#beside = [];
    this.#isBaseKept = !this.#provider.ready;
    this.#copy.keepBase(this.#isBaseKept ? this.#base : null);
  }

  #noteBeside(update: Uint8Array, origin: unknown): void {
    if (origin !== REMOTE || this.#base === null) return;
    this.#beside.push(update);
    if (this.#beside.length >= MOST_BESIDE) this.#baseNow();
  }

  /** What the server has without the edits that it lacks. */
  #baseNow(): Uint8Array | null {
    if (this.#base === null || this.#beside.length === 0) return this.#base;
    this.#base = Y.mergeUpdates([this.#base, ...this.#beside]);
    this.#beside = [];
    return this.#base;
  }

  /** What was on its way when the connection went is offline by now. */
  #keepBase(): void {
    if (this.#isBaseKept || this.#base === null || this.#provider.changes === 0) return;
    this.#isBaseKept = true;
    this.#copy.keepBase(this.#baseNow());
  }

  /** The windows of one person have one copy: what any of them has not brought to the server counts in all. */
  #noteSync(): void {
    const state = this.#provider.sync.get();
    const connected = state.kind === "saved" || state.kind === "saving";
    if (!connected) this.#keepBase();
    this.#copy.noteChanges(this.#provider.changes, state.kind === "saved", connected);
    if (state.kind === "saved" && this.#copy.others.get() === 0) this.#days.settle();
    const next = withOthers(state, this.#copy.others.get());
    if (JSON.stringify(next) !== JSON.stringify(this.#sync.get())) this.#sync.set(next);
  }

  /** The local copy first, so that the exchange tells the server what it holds. */
  async #begin(): Promise<void> {
    if (await this.#copy.load()) {
      const changes = this.#copy.takeOver((unsent) => this.#provider.recall(unsent));
      // The copy was read as a whole: what of it the server lacks is told by what it had.
      this.#days.settle();
      if (changes > 0) this.#base = await this.#copy.base();
      this.#isBaseKept = this.#base !== null;
      if (this.#base) this.#days.recall(this.#base);
      this.#load();
    }
    this.#isBegun = true;
    if (!this.#closed) this.#provider.start();
  }

  #connect(options: OpenOptions, around: Surroundings, now: () => number): Provider {
    return new Provider({
      doc: this.#doc,
      awareness: this.#awareness,
      user: options.user.id,
      url: `${options.syncUrl ?? defaultUrl()}${encodeURIComponent(options.id)}`,
      ticket: options.ticket,
      acceptEpoch: (epoch) => this.#copy.accept(epoch),
      onExchange: () => this.#copy.cover(),
      foreign: (origin) => this.#copy.isOrigin(origin),
      now,
      ...(around.makeSocket && { makeSocket: around.makeSocket }),
      ...(around.random && { random: around.random }),
    });
  }

  #makeBench(options: OpenOptions, now: () => number): Workbench {
    const write = (change: () => void, origin: symbol) => {
      if (this.#isWritable()) this.#doc.transact(change, origin);
    };
    return {
      doc: this.#doc,
      roots: rootsOf(this.#doc),
      reader: new TripReader(this.#doc),
      user: options.user,
      now,
      limits: () => this.#provider.limits,
      limited: (limit) => options.onLimit?.(limit),
      step: (change) => {
        this.history.cut();
        write(change, LOCAL);
        this.history.cut();
      },
      lasting: (change) => write(change, LASTING),
      typing: (change) => write(change, LOCAL),
    };
  }

  #isWritable(): boolean {
    return this.#provider.writable && !this.#closed && !this.#frozen;
  }

  /** Also what no server takes any more: it is set aside then. */
  #mayKeep(): boolean {
    if (this.#closed || this.#frozen) return false;
    return this.#provider.writable || this.#provider.sync.get().kind === "access-changed";
  }

  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    this.#later(false);
  }

  #picture(): TripPicture {
    const { reader } = this.#bench;
    const trip = reader.projection();
    return new TripPicture(trip, new Map(reader.cards()), this.#loaded);
  }

  /** Own edits show at once, edits of others with the next frame: a burst of them is read once. */
  #later(remote: boolean): void {
    if (this.#stale) return;
    this.#stale = true;
    const visible = typeof document !== "undefined" && document.visibilityState === "visible";
    if (remote && visible) requestAnimationFrame(() => this.#refresh());
    else queueMicrotask(() => this.#refresh());
  }

  #refresh(): void {
    if (!this.#stale) return;
    this.#stale = false;
    this.#view.set(this.#picture());
  }
}

/** Never gives a value that an edit has outdated. */
class FreshSignal<T> extends Signal<T> {
  readonly #refresh: () => void;

  constructor(value: T, refresh: () => void) {
    super(value);
    this.#refresh = refresh;
  }

  override get(): T {
    this.#refresh();
    return super.get();
  }
}

/** What the chip says, with the changes of other windows. */
export function withOthers(state: SyncState, others: number): SyncState {
  if (others === 0) return state;
  switch (state.kind) {
    case "saved":
      return { kind: "saving", changes: others };
    case "saving":
    case "offline":
    case "reconnecting":
      return { ...state, changes: state.changes + others };
    case "access-changed":
    case "refused":
      return { ...state, copy: true };
    case "readonly":
      return state;
  }
}

function defaultUrl(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/sync/`;
}
