// One local copy in IndexedDB: updates in their order, which of them the server has not confirmed, and a few values besides.
import { done, finished, opened, StoreError } from "./store-request";

/** What y-indexeddb wrote is version 1: the same without `unsent`. */
const VERSION = 2;
const UPDATES = "updates";
const VALUES = "custom";
const UNSENT = "unsent";
/** Of version 1: how many changes the server had not confirmed. */
const CHANGES = "changes";
const TOUCHED = "touched";
/** What the server had before the first unsent change; what it has besides by now is under this and a number. */
const BASE = "base";
const beside = (): IDBKeyRange => IDBKeyRange.bound([BASE], [BASE, []]);
/** Of this very store: another one of the same name has another. */
const IDENTITY = "identity";

/** An edit that the server has not confirmed, by the number of its update. */
export interface Unsent {
  readonly key: number;
  /** 1, or 0 where a person would not count it: it belongs to the change before. */
  readonly changes: number;
  /** The window that made it. */
  readonly by: string;
}

export interface Entry {
  readonly update: Uint8Array;
  readonly unsent: { readonly changes: number; readonly by: string } | null;
}

export interface Reading {
  readonly updates: readonly { readonly key: number; readonly update: Uint8Array }[];
  /** Those of the updates that were read. */
  readonly unsent: readonly Unsent[];
  /** The numbers of all that are unsent. */
  readonly open: ReadonlySet<number>;
}

export class CopyStore {
  readonly #db: IDBDatabase;

  private constructor(db: IDBDatabase) {
    this.#db = db;
  }

  /** `lost`: the browser has closed it, or another window wants it; `deleted`: to delete it. */
  static async open(name: string, lost: (deleted: boolean) => void): Promise<CopyStore> {
    const db = await openAt(name, true);
    if (db === null) throw new StoreError("it cannot be made");
    db.onversionchange = ({ newVersion }) => {
      db.close();
      lost(newVersion === null);
    };
    db.onclose = () => lost(false);
    return new CopyStore(db);
  }

  /** null: there is none, and none is made. */
  static async openExisting(name: string): Promise<CopyStore | null> {
    const db = await openAt(name, false);
    if (db === null) return null;
    db.onversionchange = () => db.close();
    return new CopyStore(db);
  }

  /** What came after this update, in one consistent reading. */
  async read(after: number): Promise<Reading> {
    const task = this.#task([UPDATES, UNSENT], "readonly");
    const range = IDBKeyRange.lowerBound(after, true);
    const updates = task.objectStore(UPDATES);
    const marks = task.objectStore(UNSENT);
    const [keys, values, unsent, ids, open] = await Promise.all([
      done<number[]>(updates.getAllKeys(range)),
      done<Uint8Array[]>(updates.getAll(range)),
      done<Omit<Unsent, "key">[]>(marks.getAll(after > 0 ? range : null)),
      done<number[]>(marks.getAllKeys(after > 0 ? range : null)),
      done<number[]>(marks.getAllKeys()),
    ]);
    return {
      updates: keys.map((key, at) => ({ key, update: values[at] as Uint8Array })),
      unsent: unsent.map((one, at) => ({ ...one, key: ids[at] as number })),
      open: new Set(open),
    };
  }

  async isEmpty(): Promise<boolean> {
    return (await done<number>(this.#task([UPDATES], "readonly").objectStore(UPDATES).count())) === 0;
  }

  /** Keeps these, all or none; their numbers. What the server has of them is kept beside the base, if there is one. */
  async append(entries: readonly Entry[], now: number): Promise<number[]> {
    const task = this.#task([UPDATES, UNSENT, VALUES], "readwrite");
    const end = finished(task);
    const keys: number[] = [];
    const values = task.objectStore(VALUES);
    const based = values.getKey(BASE); // answered before what follows
    for (const { update, unsent } of entries) {
      const added = task.objectStore(UPDATES).add(update);
      added.onsuccess = () => {
        const key = added.result as number;
        keys.push(key);
        if (unsent !== null) task.objectStore(UNSENT).put(unsent, key);
        else if (based.result !== undefined) values.put(update, [BASE, key]);
      };
    }
    values.put(now, TOUCHED);
    await end;
    return keys;
  }

  /** The server has them. */
  async settle(keys: readonly number[]): Promise<void> {
    const task = this.#task([UNSENT], "readwrite");
    const end = finished(task);
    for (const key of keys) task.objectStore(UNSENT).delete(key);
    await end;
  }

  /**
   * Puts one update in place of many. `take` is given what came after `after`, and answers with everything up to
   * there; nothing comes in between.
   */
  async trim(after: number, take: (updates: Reading["updates"]) => Uint8Array): Promise<void> {
    const task = this.#task([UPDATES], "readwrite");
    const end = finished(task);
    const store = task.objectStore(UPDATES);
    const range = IDBKeyRange.lowerBound(after, true);
    const keys = store.getAllKeys(range);
    const values = store.getAll(range);
    values.onsuccess = () => {
      const found = (keys.result as number[]).map((key, at) => ({ key, update: values.result[at] as Uint8Array }));
      const last = found.at(-1)?.key ?? after;
      const whole = take(found);
      store.delete(IDBKeyRange.upperBound(last));
      store.add(whole);
    };
    await end;
  }

  /** The base, and what the server has besides; null: it is unknown. */
  async base(): Promise<Uint8Array[] | null> {
    const values = this.#task([VALUES], "readonly").objectStore(VALUES);
    const [base, others] = await Promise.all([done<unknown>(values.get(BASE)), done<Uint8Array[]>(values.getAll(beside()))]);
    return base instanceof Uint8Array ? [base, ...others] : null;
  }

  /** null: nobody knows it any more. */
  async setBase(base: Uint8Array | null): Promise<void> {
    const task = this.#task([VALUES], "readwrite");
    const end = finished(task);
    const values = task.objectStore(VALUES);
    values.delete(beside());
    if (base === null) values.delete(BASE);
    else values.put(base, BASE);
    await end;
  }

  /** Puts one base in place of it and all that is beside it. */
  async foldBase(merge: (parts: Uint8Array[]) => Uint8Array): Promise<void> {
    const task = this.#task([VALUES], "readwrite");
    const end = finished(task);
    const values = task.objectStore(VALUES);
    const base = values.get(BASE) as IDBRequest<unknown>;
    const others = values.getAll(beside()) as IDBRequest<Uint8Array[]>;
    others.onsuccess = () => {
      if (!(base.result instanceof Uint8Array)) return;
      values.put(merge([base.result, ...others.result]), BASE);
      values.delete(beside());
    };
    await end;
  }

  /** The same for all windows that have it open. `fresh` is taken by a store that has none yet. */
  async identity(fresh: string): Promise<string> {
    const task = this.#task([VALUES], "readwrite");
    const end = finished(task);
    const store = task.objectStore(VALUES);
    const known = store.get(IDENTITY);
    known.onsuccess = () => {
      if (known.result === undefined) store.put(fresh, IDENTITY);
    };
    await end;
    return typeof known.result === "string" ? known.result : fresh;
  }

  /** When something was last written; null: unknown. */
  async touched(): Promise<number | null> {
    const at = await done<unknown>(this.#task([VALUES], "readonly").objectStore(VALUES).get(TOUCHED));
    return typeof at === "number" ? at : null;
  }

  close(): void {
    this.#db.onclose = this.#db.onversionchange = null;
    this.#db.close();
  }

  #task(stores: string[], mode: IDBTransactionMode): IDBTransaction {
    return this.#db.transaction(stores, mode);
  }
}

/** Deletes a copy; windows that have it open let it go. */
export async function deleteStore(name: string): Promise<void> {
  await done(indexedDB.deleteDatabase(name));
}

async function openAt(name: string, make: boolean): Promise<IDBDatabase | null> {
  const request = indexedDB.open(name, VERSION);
  let absent = false;
  request.onupgradeneeded = ({ oldVersion }) => {
    if (oldVersion === 0 && !make) {
      absent = true;
      request.transaction?.abort();
      return;
    }
    upgrade(request.result, request.transaction as IDBTransaction, oldVersion);
  };
  try {
    return await opened(request);
  } catch (error) {
    if (absent) return null;
    throw error;
  }
}

function upgrade(db: IDBDatabase, task: IDBTransaction, from: number): void {
  if (from < 1) {
    db.createObjectStore(UPDATES, { autoIncrement: true });
    db.createObjectStore(VALUES);
  }
  const unsent = db.createObjectStore(UNSENT);
  if (from < 1) return;
  const changes = task.objectStore(VALUES).get(CHANGES);
  changes.onsuccess = () => {
    const count: unknown = changes.result;
    if (typeof count === "number" && count > 0) unsent.put({ changes: count, by: "" }, 0);
  };
}
