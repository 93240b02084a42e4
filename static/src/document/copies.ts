// All local copies in this browser: which there are, whose, what of them is unsent, and how they go away.
import * as Y from "yjs";
import { hasDatabases, recall, remember, remembered } from "../storage";
import { CopyStore, deleteStore } from "./copy-store";
import { inUse } from "./local-copy";
import { rootsOf } from "./schema";

const PREFIX = "moim/";
/** More copies than this are neither listed nor cleared at once. */
const MOST = 1_000;

export interface LocalCopyHead {
  /** Of its store. */
  readonly name: string;
  readonly user: string;
  /** `trip:<ULID>` */
  readonly doc: string;
  readonly epoch: number;
  readonly title: string;
  readonly bytes: number;
  /** Changes that the server has not confirmed. */
  readonly unsent: number;
  /** When it was last written; null: unknown. */
  readonly touched: number | null;
}

export interface CopyContent {
  readonly state: Uint8Array;
  /** What the server has without the unsent changes; null: unknown. */
  readonly base: Uint8Array | null;
}

/** A person's copies, the newest first. Rejects where this browser's store cannot be read. */
export async function listCopies(user: string): Promise<LocalCopyHead[]> {
  const names = (await storeNames()).filter((name) => partsOf(name)?.user === user);
  const heads = await Promise.all(names.map(headOf));
  return heads.filter((head) => head !== null).sort((a, b) => (b.touched ?? 0) - (a.touched ?? 0));
}

/** null: it is gone. */
export async function readCopy(name: string): Promise<CopyContent | null> {
  return withStore(name, async (store) => {
    const { updates } = await store.read(0);
    const base = await store.base();
    const state = Y.mergeUpdates(updates.map(({ update }) => update));
    return { state, base: base && Y.mergeUpdates(base) };
  });
}

/** Only at the person's word, or where the server has all of it. */
export async function deleteCopy(name: string): Promise<void> {
  await deleteStore(name);
  const parts = partsOf(name);
  if (parts === null) return;
  const key = keyOf(parts);
  if (recall(key) === String(parts.epoch)) remember(key, null);
}

/** At a log-out. `keepUnsent`: what the server has not stays, for when this person is back. */
export async function clearCopies(user: string, keepUnsent: boolean): Promise<void> {
  for (const { name, unsent } of await listCopies(user)) {
    if (!keepUnsent || unsent === 0) await deleteCopy(name);
  }
}

/** Copies of everybody else that the server has all of and no window has open: they are of use to nobody here. */
export async function clearOthers(user: string): Promise<void> {
  const locks = globalThis.navigator?.locks;
  // Without locks nobody can tell whether a window is about to write.
  if (!locks) return;
  for (const name of await storeNames()) {
    const parts = partsOf(name);
    if (parts === null || parts.user === user) continue;
    await locks.request(inUse(name), { ifAvailable: true }, async (free) => {
      if (free === null) return;
      const head = await headOf(name);
      if (head?.unsent === 0) await deleteCopy(name);
    });
  }
}

interface Parts {
  readonly user: string;
  readonly doc: string;
  readonly epoch: number;
}

function partsOf(name: string): Parts | null {
  const [, user, doc, epoch] = /^moim\/([^/]+)\/([^/]+)\/(\d+)$/.exec(name) ?? [];
  return user === undefined || doc === undefined ? null : { user, doc, epoch: Number(epoch) };
}

function keyOf({ user, doc }: Parts): string {
  return `${PREFIX}${user}/${doc}`;
}

/** As the browser lists them and as they were noted: either may be missing. */
async function storeNames(): Promise<string[]> {
  const names = new Set<string>();
  const known = hasDatabases() ? await indexedDB.databases?.().catch(() => []) : [];
  for (const { name } of known ?? []) if (name !== undefined && partsOf(name) !== null) names.add(name);
  for (const key of remembered(PREFIX)) {
    const name = `${key}/${recall(key)}`;
    if (partsOf(name) !== null) names.add(name);
  }
  return [...names].slice(0, MOST);
}

async function headOf(name: string): Promise<LocalCopyHead | null> {
  const parts = partsOf(name);
  if (parts === null) return null;
  return withStore(name, async (store) => {
    const { updates, unsent } = await store.read(0);
    const doc = new Y.Doc();
    Y.transact(doc, () => updates.forEach(({ update }) => Y.applyUpdate(doc, update)));
    const changes = unsent.reduce((sum, one) => sum + one.changes, 0);
    return {
      name,
      ...parts,
      title: rootsOf(doc).title.toJSON(),
      bytes: updates.reduce((sum, { update }) => sum + update.length, 0),
      unsent: unsent.length > 0 ? Math.max(1, changes) : 0,
      touched: await store.touched(),
    };
  });
}

async function withStore<T>(name: string, use: (store: CopyStore) => Promise<T>): Promise<T | null> {
  const store = await CopyStore.openExisting(name);
  if (store === null) return null;
  try {
    return await use(store);
  } finally {
    store.close();
  }
}
