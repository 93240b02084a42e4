// The copy of a document on this device: IndexedDB, keyed by person, document and epoch, with the count of edits not yet on the server.
import { IndexeddbPersistence } from "y-indexeddb";
import type * as Y from "yjs";

/** A store that does not answer must not keep anybody from the document. */
const PATIENCE_MS = 2_000;
const CHANGES = "changes";
const BASE = "base";

export class LocalCopy {
  readonly #key: string;
  readonly #doc: Y.Doc;
  readonly #enabled: boolean;
  #epoch: number | null;
  #store: IndexeddbPersistence | null = null;
  #stored = 0;
  /** The copy was read, or there is none. */
  #ready: Promise<void> | null = null;

  constructor(doc: Y.Doc, user: string, id: string, enabled: boolean) {
    this.#doc = doc;
    this.#key = `moim/${user}/${id}`;
    this.#enabled = enabled && typeof indexedDB !== "undefined";
    this.#epoch = this.#enabled ? readEpoch(this.#key) : null;
  }

  /** Whether a transaction's origin is this copy being read. */
  isOrigin(origin: unknown): boolean {
    return origin !== null && origin === this.#store;
  }

  /** Reads what is there; true if there was a copy. */
  async load(): Promise<boolean> {
    if (this.#epoch === null) return false;
    await this.#open(this.#epoch);
    return true;
  }

  /** The server's epoch: adopted where there is no copy, refused where the copy has another. */
  accept(epoch: number): boolean {
    if (!this.#enabled) return true;
    if (this.#epoch !== null) return this.#epoch === epoch;
    this.#epoch = epoch;
    writeEpoch(this.#key, epoch);
    void this.#open(epoch);
    return true;
  }

  /** How many edits of an earlier visit the server has not confirmed. */
  async changes(): Promise<number> {
    const count: unknown = await this.#store?.get(CHANGES).catch(() => 0);
    this.#stored = typeof count === "number" ? count : 0;
    return this.#stored;
  }

  noteChanges(count: number): void {
    if (count === this.#stored || !this.#store?.synced) return;
    this.#stored = count;
    void this.#store.set(CHANGES, count).catch(() => undefined);
  }

  /** Of the copy that is open; null: there is none. */
  get epoch(): number | null {
    return this.#epoch;
  }

  /** What the server had before the first change that it has not confirmed; null: unknown. */
  async base(): Promise<Uint8Array | null> {
    const base: unknown = await this.#store?.get(BASE).catch(() => null);
    return base instanceof Uint8Array ? base : null;
  }

  keepBase(base: Uint8Array): void {
    if (this.#store?.synced) void this.#store.set(BASE, base as unknown as ArrayBuffer).catch(() => undefined);
  }

  async forget(): Promise<void> {
    writeEpoch(this.#key, null);
    this.#epoch = null;
    await this.#store?.clearData().catch(() => undefined);
    this.#store = null;
  }

  async close(): Promise<void> {
    await this.#ready;
    await this.#store?.destroy().catch(() => undefined);
  }

  #open(epoch: number): Promise<void> {
    this.#ready ??= new Promise((resolve) => {
      const store = new IndexeddbPersistence(`${this.#key}/${epoch}`, this.#doc);
      this.#store = store;
      setTimeout(resolve, PATIENCE_MS);
      store.on("synced", () => resolve());
      // Private windows may have no store at all; then the document lives on the server alone.
      store._db.catch(() => resolve());
    });
    return this.#ready;
  }
}

function readEpoch(key: string): number | null {
  try {
    const text = localStorage.getItem(key);
    return text === null ? null : Number(text);
  } catch {
    return null;
  }
}

function writeEpoch(key: string, epoch: number | null): void {
  try {
    if (epoch === null) localStorage.removeItem(key);
    else localStorage.setItem(key, String(epoch));
  } catch {
    // without it the copy is not found again, which loses nothing that the server has
  }
}
