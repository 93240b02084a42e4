// The copy of a document on this device, shared by the windows of one person: what each did, and what the server has of it.
import * as Y from "yjs";
import { randomKey } from "../ids";
import { hasDatabases, keepForGood, recall, remember } from "../storage";
import { CopyStore, deleteStore, type Entry, type Reading } from "./copy-store";
import { Signal } from "../signal";

/** A store that does not answer must not keep anybody from the document. */
const PATIENCE_MS = 2_000;
/** So many updates are merged into one. */
const TRIM_AT = 500;
/** What is confirmed is noted this much later, all at once. */
const SETTLE_MS = 200;
/** Where windows cannot call each other, they look after so long. */
const LOOK_MS = 1_500;
/** After so long what another window has not brought to the server is sent by this one. */
const ADOPT_MS = 3_000;
/** A store that failed is tried again after so long, twice as long each time, up to the second. */
const RETRY_MS = 2_000;
const MOST_RETRY_MS = 60_000;
/** Edits closer together than this are one change to a person, as the chip counts. */
const BURST_MS = 1_000;
/** So many updates of others are kept beside a base before they become part of it. */
export const MOST_BESIDE = 64;

export interface LocalCopyOptions {
  readonly doc: Y.Doc;
  readonly user: string;
  readonly id: string;
  readonly enabled: boolean;
  /** Whether an update came from the server. */
  readonly isRemote: (origin: unknown) => boolean;
  /** Edits of another window that it has not brought to the server: send them. null: all that the document has. */
  readonly onOrphans: (update: Uint8Array | null) => void;
  /** A copy that was there is in the document, however long its reading took. */
  readonly onRead: () => void;
  readonly now: () => number;
}

/** An edit of this window that the server has not confirmed. */
interface Mine {
  /** Of what the store has of it; null: it is on its way there. */
  key: number | null;
  readonly changes: number;
  settled: boolean;
}

/** What waits to be written. */
interface Waiting {
  readonly update: Uint8Array;
  readonly mine: readonly Mine[];
}

export class LocalCopy {
  /** Changes of other windows, or of earlier ones, that the server has not confirmed. */
  readonly others = new Signal(0);
  /** False while this browser keeps nothing: no store, or a full one. */
  readonly kept = new Signal(true);
  readonly #options: LocalCopyOptions;
  readonly #key: string;
  readonly #window = randomKey();
  #enabled: boolean;
  #epoch: number | null;
  #store: CopyStore | null = null;
  /** The copy was read, or there is none. */
  #ready: Promise<void> | null = null;
  /** The same, however long it takes; the last try where one failed. */
  #opening: Promise<void> | null = null;
  /** All that the store had when it was opened is in the document. */
  #isRead = false;
  /** Somebody wrote into the store before this window: otherwise the browser has cleared it, and it says nothing of the trip. */
  #isThere = false;
  #identity: string | null = null;
  /** By another window. */
  #isDeleted = false;
  /** By this one: what is here is nobody's any more. */
  #isForgotten = false;
  #channel: BroadcastChannel | null = null;
  #unlock: () => void = () => undefined;
  #closed = false;

  #pending: Waiting[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #last = 0;
  #appended = 0;
  /** False: this window took it away. */
  #hasBase = true;
  /** What is to be kept once the store is open. */
  #early: Uint8Array | null | undefined;
  /** So many updates of others were written since the base was put together. */
  #beside = 0;
  #mine: Mine[] = [];
  /** So many changes of this window the server has not confirmed, as was said last. */
  #noted = 0;
  #othersEdits = new Map<number, { changes: number; update: Uint8Array | null; since: number }>();
  /** Of these, what the exchange that goes on carries. */
  #covered = new Set<number>();
  #settling: number[] = [];
  #lastEdit = -Infinity;
  #connected = false;
  #reading: Promise<void> | null = null;
  #again = false;
  #retry = RETRY_MS;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(options: LocalCopyOptions) {
    this.#options = options;
    this.#key = `moim/${options.user}/${options.id}`;
    this.#enabled = options.enabled && hasDatabases();
    if (options.enabled && !this.#enabled) this.kept.set(false);
    this.#epoch = this.#enabled ? readEpoch(this.#key) : null;
  }

  /** Of the document here; null until it is known. */
  get epoch(): number | null {
    return this.#epoch;
  }

  /** Of the store that this window shares with others; null: it never had one. */
  get identity(): string | null {
    return this.#identity;
  }

  /** Nothing waits to be written, or is being written. */
  get written(): boolean {
    return this.#pending.length === 0 && !this.#isWriting;
  }

  /** Whether a transaction's origin is this copy being read. */
  isOrigin(origin: unknown): boolean {
    return origin === this;
  }

  /** Reads what is there; true if there was a copy, and it could be read. */
  async load(): Promise<boolean> {
    if (this.#epoch === null) return false;
    await this.#open(this.#epoch);
    return this.#isRead && this.#isThere;
  }

  /** The server's epoch: adopted by a new document, refused by one of another epoch, whether a copy of it is kept or not. */
  accept(epoch: number): boolean {
    if (this.#isForgotten) return false;
    if (this.#epoch !== null) return this.#epoch === epoch;
    this.#epoch = epoch;
    if (!this.#enabled) return true;
    remember(this.#key, String(epoch));
    void this.#open(epoch);
    return true;
  }

  /** How many edits that were here before the server has not confirmed; from now on they count as this window's, once `recall` has said so. */
  takeOver(recall: (changes: number) => void): number {
    const count = this.others.get();
    recall(count); // before they are this window's: what it does not count the server has
    for (const [key, { changes }] of this.#othersEdits) this.#mine.push({ key, changes, settled: false });
    this.#othersEdits.clear();
    this.#count();
    return count;
  }

  /** So many changes of this window are not confirmed. `saved`: the server has everything that was sent. */
  noteChanges(count: number, saved: boolean, connected: boolean): void {
    this.#connected = connected;
    this.#noted = count;
    let sum = this.#mine.reduce((all, { changes }) => all + changes, 0);
    while (this.#mine.length > 0 && (saved || sum > count)) {
      const first = this.#mine.shift() as Mine;
      sum -= first.changes;
      first.settled = true;
      this.#confirmed(first.key);
    }
    if (saved) {
      this.#settling.push(...[...this.#covered].filter((key) => this.#othersEdits.delete(key)));
      this.#covered.clear();
      this.#count();
    }
    // With nothing unsent there is nothing to tell from it: an old one would tell wrong.
    if (saved && this.others.get() === 0) this.keepBase(null);
    if (this.#settling.length > 0) this.#later("settle", SETTLE_MS, () => void this.#settle());
    if (connected) this.#adoptLater();
  }

  /** An exchange begins that carries everything the document has now. */
  cover(): void {
    this.#covered = new Set(this.#othersEdits.keys());
  }

  /** What the server has without the changes that it has not confirmed; null: unknown. */
  async base(): Promise<Uint8Array | null> {
    const parts = await this.#store?.base().catch(() => null);
    return parts ? Y.mergeUpdates(parts) : null;
  }

  /** What others do from now on becomes part of it. null: unknown, and what is kept of an earlier one goes. */
  keepBase(base: Uint8Array | null): void {
    this.#early = this.#store === null ? base : undefined;
    if (this.#store === null || (base === null && !this.#hasBase)) return;
    this.#hasBase = base !== null;
    void this.#store.setBase(base).catch(() => (this.#hasBase = true));
  }

  /** Waits until all that windows have written so far is in the document, or the store fails. */
  async gather(): Promise<void> {
    await this.#opening;
    await this.#flush();
    // One that goes on may have begun before the last was written.
    await this.#reading;
    await this.#read().catch((error: unknown) => this.#failed(error));
  }

  async forget(): Promise<void> {
    this.#isForgotten = true;
    await this.#opening;
    const name = this.#name;
    const isOwn = !this.#isDeleted;
    this.#stop();
    // Another window has let go of it, and may have made a new one since.
    if (name === null || !isOwn) return;
    remember(this.#key, null);
    // Nobody knows what is in a store that was never read: it stays, and is listed.
    if (this.#isRead) await deleteStore(name).catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#ready;
    if (!this.written) await this.#opening; // each request to a store has an end
    await this.#flush();
    await this.#settle();
    this.#stop();
  }

  get #name(): string | null {
    return this.#epoch === null || !this.#enabled ? null : `${this.#key}/${this.#epoch}`;
  }

  #stop(): void {
    this.#closed = true;
    this.#options.doc.off("update", this.#onUpdate);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#channel?.close();
    this.#channel = null;
    this.#store?.close();
    this.#store = null;
    this.#unlock();
  }

  #open(epoch: number): Promise<void> {
    const name = `${this.#key}/${epoch}`;
    this.#options.doc.on("update", this.#onUpdate);
    this.#unlock = holdOpen(name);
    this.#ready ??= new Promise((resolve) => {
      setTimeout(resolve, PATIENCE_MS);
      this.#opening = this.#begin(name);
      void this.#opening.then(resolve);
    });
    return this.#ready;
  }

  async #begin(name: string): Promise<void> {
    let store: CopyStore | null = null;
    try {
      store = await CopyStore.open(name, (deleted) => this.#lost(deleted));
      const fresh = randomKey();
      this.#identity = await store.identity(fresh);
      const isEmpty = await store.isEmpty();
      if (this.#closed) return store.close();
      // Only now: what is written before is not told to other windows, and an empty store would not be known as one.
      this.#store = store;
      // Before what waits: of that the server has a part besides.
      if (this.#early !== undefined) this.keepBase(this.#early);
      this.#isThere ||= !isEmpty || this.#identity !== fresh;
      if (isEmpty) this.#keepWhole();
      // First: what is written while it reads is told then.
      this.#listen(name);
      await this.#read();
      this.#isRead = true;
      if (this.#isThere) this.#options.onRead();
      this.kept.set(true);
      this.#retry = RETRY_MS;
      await this.#flush();
    } catch (error) {
      store?.close();
      this.#failed(error);
    }
  }

  /** An empty store is new, or the browser has cleared it: it gets all that the document has. */
  #keepWhole(): void {
    const update = Y.encodeStateAsUpdate(this.#options.doc);
    if (update.length <= NOTHING_LENGTH) return;
    // What was done before there was a copy is in no list yet.
    if (this.#mine.length === 0 && this.#noted > 0) this.#mine.push({ key: null, changes: this.#noted, settled: false });
    this.#othersEdits.clear();
    this.#count();
    this.#pending = [{ update, mine: [...this.#mine] }];
  }

  #listen(name: string): void {
    if (typeof BroadcastChannel === "undefined") return this.#look();
    this.#channel?.close();
    const channel = new BroadcastChannel(name);
    channel.onmessage = () => this.#readOrFail();
    this.#channel = channel;
  }

  /** Without a way to be called. */
  #look(): void {
    this.#later("look", LOOK_MS, () => {
      this.#readOrFail();
      this.#look();
    });
  }

  #call(): void {
    this.#channel?.postMessage(null);
  }

  #onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this || this.#closed) return;
    const mine = this.#options.isRemote(origin) ? [] : [this.#edited()];
    this.#mine.push(...mine);
    this.#pending.push({ update, mine });
    // An empty store gets all of the document at once: then nothing of this is told apart any more.
    if (this.#early && mine.length === 0) this.#early = Y.mergeUpdates([this.#early, update]);
    void this.#flush();
  };

  #edited(): Mine {
    const at = this.#options.now();
    // A clock may be set back.
    const burst = Math.abs(at - this.#lastEdit) < BURST_MS && this.#mine.some(({ changes }) => changes > 0);
    this.#lastEdit = at;
    return { key: null, changes: burst ? 0 : 1, settled: false };
  }

  /** Writes what waits, one task after the other; what comes meanwhile waits for the next. */
  #flush(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const store = this.#store;
      if (store === null || this.#pending.length === 0) return;
      const waiting = this.#pending;
      this.#pending = [];
      this.#isWriting = true;
      try {
        const entries = waiting.map((one) => this.#entry(one));
        const keys = await store.append(entries, this.#options.now());
        // No other window has written in between: this is read already.
        if (keys[0] === this.#last + 1) this.#last = keys.at(-1) ?? this.#last;
        waiting.forEach(({ mine }, at) => this.#written(mine, keys[at] as number));
        this.#appended += waiting.length;
        this.#call();
        this.#beside += entries.filter(({ unsent }) => unsent === null).length;
        if (this.#appended >= TRIM_AT) await this.#trim(store);
        if (this.#beside >= MOST_BESIDE) await this.#fold(store);
      } catch (error) {
        this.#pending = joined([...waiting, ...this.#pending]);
        this.#failed(error);
      } finally {
        this.#isWriting = false;
      }
    });
    return this.#writing;
  }

  #entry({ update, mine }: Waiting): Entry {
    const open = mine.filter(({ settled }) => !settled);
    const changes = open.reduce((sum, one) => sum + one.changes, 0);
    if (open.length > 0 && !this.#connected) void keepForGood();
    return { update, unsent: open.length > 0 ? { changes, by: this.#window } : null };
  }

  #written(mine: readonly Mine[], key: number): void {
    for (const one of mine) one.key = key;
    if (mine.some(({ settled }) => settled)) this.#confirmed(key);
  }

  /** The server has one of the edits behind this number: it is noted once it has all of them. */
  #confirmed(key: number | null): void {
    if (key === null || this.#mine.some((one) => one.key === key)) return;
    this.#settling.push(key);
    this.#later("settle", SETTLE_MS, () => void this.#settle());
  }

  async #settle(): Promise<void> {
    const keys = this.#settling;
    this.#settling = [];
    if (keys.length === 0 || this.#store === null) return;
    // What is not noted counts as unsent, and is sent once more: nothing is lost by it.
    await this.#store.settle(keys).then(() => this.#call()).catch(() => undefined);
  }

  async #trim(store: CopyStore): Promise<void> {
    this.#appended = 0;
    await store.trim(this.#last, (found) => {
      this.#apply(found);
      return Y.encodeStateAsUpdate(this.#options.doc);
    });
  }

  async #fold(store: CopyStore): Promise<void> {
    this.#beside = 0;
    await store.foldBase((parts) => Y.mergeUpdates(parts));
  }

  /** Takes what other windows have written. */
  #read(): Promise<void> {
    if (this.#reading !== null) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#readOnce().finally(() => {
      this.#reading = null;
      if (this.#again && !this.#closed) {
        this.#again = false;
        this.#readOrFail();
      }
    });
    return this.#reading;
  }

  /** A browser may close a store without a word: the next try to read it tells. */
  #readOrFail(): void {
    void this.#read().catch((error: unknown) => this.#failed(error));
  }

  async #readOnce(): Promise<void> {
    const store = this.#store;
    if (store === null) return;
    const reading = await store.read(this.#last);
    if (this.#closed) return;
    this.#apply(reading.updates);
    this.#noteOthers(reading);
  }

  #apply(updates: readonly { readonly key: number; readonly update: Uint8Array }[]): void {
    const { doc } = this.#options;
    if (updates.length > 0) Y.transact(doc, () => updates.forEach(({ update }) => Y.applyUpdate(doc, update)), this, false);
    this.#last = updates.at(-1)?.key ?? this.#last;
  }

  #noteOthers({ unsent, open, updates: read }: Reading): void {
    const updates = new Map(read.map(({ key, update }) => [key, update]));
    for (const key of this.#othersEdits.keys()) if (!open.has(key)) this.#othersEdits.delete(key);
    const own = new Set(this.#mine.map(({ key }) => key));
    for (const { key, changes, by } of unsent) {
      if (by === this.#window || own.has(key) || this.#othersEdits.has(key)) continue;
      this.#othersEdits.set(key, { changes, update: updates.get(key) ?? null, since: this.#options.now() });
    }
    this.#count();
    if (this.#connected) this.#adoptLater();
  }

  #count(): void {
    const edits = [...this.#othersEdits.values()];
    const sum = edits.reduce((all, { changes }) => all + changes, 0);
    this.others.set(edits.length > 0 ? Math.max(1, sum) : 0);
  }

  #adoptLater(): void {
    if (this.#othersEdits.size > 0) this.#later("adopt", ADOPT_MS, () => this.#adopt());
  }

  /** The window that made them is gone, or has no connection; this one has. */
  #adopt(): void {
    if (!this.#connected) return;
    const now = this.#options.now();
    const isDue = (since: number) => since <= now - ADOPT_MS || since > now; // or the clock was set back
    const edits = [...this.#othersEdits].filter(([key, { since }]) => isDue(since) && !this.#covered.has(key));
    const updates = edits.flatMap(([, { update }]) => (update === null ? [] : [update]));
    if (updates.length < edits.length) {
      this.#options.onOrphans(null); // the exchange covers them
    } else if (updates.length > 0) {
      this.#options.onOrphans(Y.mergeUpdates(updates)); // before they are this window's, as above
      for (const [key, { changes }] of edits) {
        this.#othersEdits.delete(key);
        this.#mine.push({ key, changes, settled: false });
      }
      this.#count();
    }
    this.#adoptLater();
  }

  #lost(deleted: boolean): void {
    this.#store = null;
    if (this.#closed) return;
    if (!deleted) return this.#failed(new Error("the store was closed"));
    this.#isDeleted = true;
    // Another window has deleted it, at the person's word: it is not made again.
    this.kept.set(false);
    this.#stop();
  }

  /** What waits is written as a whole once there is a store again. */
  #failed(error: unknown): void {
    if (this.#closed) return;
    if (this.#pending.length > 2) this.#pending = joined(this.#pending);
    if (this.kept.get()) console.warn("moim: this browser keeps no copy now", error);
    this.kept.set(false);
    this.#store?.close();
    this.#store = null;
    const name = this.#name;
    if (name === null) return;
    this.#later("retry", this.#retry, () => void (this.#opening = this.#begin(name)));
    this.#retry = Math.min(2 * this.#retry, MOST_RETRY_MS);
  }

  #later(what: string, ms: number, act: () => void): void {
    if (this.#closed || this.#timers.has(what)) return;
    const run = () => {
      this.#timers.delete(what);
      act();
    };
    this.#timers.set(what, setTimeout(run, ms));
  }
}

/** An update without content. */
const NOTHING_LENGTH = 2;

/** As one of each kind: so that what cannot be written for long does not grow without end. */
function joined(waiting: readonly Waiting[]): Waiting[] {
  const [own, others] = [waiting.filter(({ mine }) => mine.length > 0), waiting.filter(({ mine }) => mine.length === 0)];
  return [own, others]
    .filter((some) => some.length > 0)
    .map((some) => ({ update: Y.mergeUpdates(some.map(({ update }) => update)), mine: some.flatMap(({ mine }) => mine) }));
}

/** Says to other windows that this copy is in use; returns how to let go. */
function holdOpen(name: string): () => void {
  const locks = globalThis.navigator?.locks;
  if (!locks) return () => undefined;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const ending = new AbortController();
  const { signal } = ending;
  locks.request(inUse(name), { mode: "shared", signal }, () => held).catch(() => undefined);
  return () => {
    ending.abort();
    release();
  };
}

/** The lock that whoever has this copy open holds. */
export function inUse(name: string): string {
  return `moim-copy/${name}`;
}

function readEpoch(key: string): number | null {
  const epoch = Number.parseInt(recall(key) ?? "", 10);
  return Number.isNaN(epoch) ? null : epoch;
}
