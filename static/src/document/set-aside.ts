// What a person wrote and the server has not: kept on this device until they say otherwise, listed, and brought in again.
import * as Y from "yjs";
import { ulid } from "../ids";
import { hasDatabases, keepForGood } from "../storage";
import { joined, withPlaces } from "./adrift";
import { bringIn, confirmed, itemsOf, onTopOf, type MergePort, type Sources } from "./merge";
import type { SetAside, SetAsideHead } from "./set-aside-types";
import { done, finished, opened } from "./store-request";

export { MergeInterrupted, MergeRefused } from "./merge";
export { fromFile, SetAsideFileError, toFile } from "./set-aside-file";
export type { LeftReason, SetAsideItem } from "./difference";
export type { SetAside, SetAsideHead, SetAsideReason } from "./set-aside-types";

/** It cannot be kept here (no store, or the disk is full): nothing that it was made from may be dropped. */
export class KeepError extends Error {
  override readonly name = "KeepError";
}

/** A trip that is open, can be written, and has the server's state. */
export interface Mergeable {
  readonly id: string;
  /** Rejects where it cannot be written now. */
  mergePort(): Promise<MergePort & { readonly epoch: number }>;
}

export interface MergeResult {
  /** What is still here; null: everything is on the server, and the copy is gone. */
  readonly left: SetAsideHead | null;
}

const NAME = "moim-set-aside";
const HEADS = "heads";
const BODIES = "bodies";
/** What was set aside of a local copy, so that each of the windows that share it adds only what is new. */
const TAKEN = "taken";
const VERSION = 2;
/** So long, and of so many copies, it is known: windows that slept longer keep the same once more. */
const TAKEN_MS = 7 * 24 * 60 * 60 * 1_000;
const MOST_TAKEN = 8;
const CHANNEL = "moim-set-aside";

/** All of a person's copies, the newest first. */
export async function list(user: string): Promise<SetAsideHead[]> {
  const db = await open();
  try {
    const heads = await done<SetAsideHead[]>(db.transaction(HEADS).objectStore(HEADS).getAll());
    return heads.filter((head) => head.user === user).sort((a, b) => b.created - a.created);
  } finally {
    db.close();
  }
}

export async function read(id: string): Promise<SetAside | null> {
  const db = await open();
  try {
    const task = db.transaction([HEADS, BODIES]);
    const head = done<SetAsideHead | undefined>(task.objectStore(HEADS).get(id));
    const body = done<Body | undefined>(task.objectStore(BODIES).get(id));
    const [known, kept] = [await head, await body];
    return known && kept ? { ...known, state: kept.state, base: kept.base, whole: kept.whole } : null;
  } finally {
    db.close();
  }
}

export type NewSetAside = Omit<SetAside, "id" | "created" | "bytes">;

/** A copy that is not kept yet. */
export function made(one: NewSetAside, now: () => number = Date.now): SetAside {
  const created = now();
  return { ...one, id: ulid(created), created, bytes: sizeOf(one) };
}

/** Keeps it, and answers once it is on the disk. Rejects with `KeepError`. */
export function add(one: NewSetAside, now: () => number = Date.now): Promise<SetAside> {
  return replace(made(one, now));
}

/** Keeps it, in place of the one with the same id. Rejects with `KeepError`; then the other one is still there. */
export async function replace(one: SetAside): Promise<SetAside> {
  const aside = { ...one, bytes: sizeOf(one) };
  await put(aside);
  return aside;
}

/**
 * Keeps what no window has kept yet of the local copy `copy` that they share; null: there is no such thing. Once more
 * with the same id it takes the place of what it was. Rejects with `KeepError`.
 */
export async function addOnce(one: SetAside, copy: string | null, now: () => number = Date.now): Promise<SetAside | null> {
  if (copy === null) return replace(one);
  for (;;) {
    const taken = await attempt(() => readTaken(copy));
    const others = taken?.last === one.id ? taken.others : (taken?.state ?? null);
    // Where another window came in between, what is new stands beside what was kept.
    const isSecond = taken?.last !== one.id && (await attempt(() => read(one.id))) !== null;
    const fresh = others === null ? one : newIn(isSecond ? made(one, now) : one, others);
    if (fresh === null) return null;
    const aside = { ...fresh, bytes: sizeOf(fresh) };
    const { user, doc } = one;
    const next = { id: copy, user, doc, turn: (taken?.turn ?? 0) + 1, at: now(), state: aside.state, others, last: aside.id };
    if (await put(aside, next)) return aside;
  }
}

/** What of it another window has not kept. */
function newIn(one: SetAside, others: Uint8Array): SetAside | null {
  const sources = { state: Y.mergeUpdates([others, one.state]), base: one.base ? Y.mergeUpdates([others, one.base]) : others };
  const items = itemsOf(sources);
  return items.length === 0 ? null : { ...one, ...sources, items, whole: false };
}

/** Takes it away for good: what the server has by now. Other windows do not keep it once more. */
export async function remove(id: string): Promise<void> {
  const db = await open();
  try {
    const task = db.transaction([HEADS, BODIES], "readwrite");
    task.objectStore(HEADS).delete(id);
    task.objectStore(BODIES).delete(id);
    await finished(task);
  } finally {
    db.close();
  }
  tell();
}

/** Takes it away at the person's word: with it goes what other windows would know it by. */
export async function discard({ id, user, doc }: Pick<SetAsideHead, "id" | "user" | "doc">): Promise<void> {
  await remove(id);
  await forgetTaken((of) => of.user === user && of.doc === doc);
}

/** Forgets what was set aside of copies that nobody opens here any more: all of it is what a person typed. */
export async function forgetTaken(isGone: (of: { readonly user: string; readonly doc: string }) => boolean): Promise<void> {
  if (!hasDatabases()) return;
  const db = await open();
  try {
    const task = db.transaction([TAKEN], "readwrite");
    const store = task.objectStore(TAKEN);
    for (const one of await done<Taken[]>(store.getAll())) if (isGone(one)) store.delete(one.id);
    await finished(task);
  } finally {
    db.close();
  }
}

/** Calls `run` whenever what is kept has changed, in any window; returns how to stop. */
export function watch(run: () => void): () => void {
  listeners.add(run);
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(CHANNEL);
  if (channel) channel.onmessage = run;
  return () => {
    listeners.delete(run);
    channel?.close();
  };
}

/**
 * Makes again in the open trip what it lacks, in small edits. What the server takes is gone from the copy, what it
 * does not take stays. Nobody else brings in the same copy meanwhile.
 */
export async function merge(aside: SetAsideHead, trip: Mergeable): Promise<MergeResult> {
  // Who waits for the server keeps nobody from it.
  await trip.mergePort();
  return alone(`${NAME}/${aside.id}`, async () => {
    const one = await read(aside.id);
    if (!one) return { left: null };
    const port = await trip.mergePort();
    const sources = await prepared(one, port);
    const rest = await bringIn(port, sources);
    if (rest === null) {
      await remove(one.id);
      return { left: null };
    }
    return { left: await replace({ ...one, ...rest, epoch: port.epoch, whole: false }) };
  });
}

/** A copy becomes what it adds, before any of it is made again: made twice it would be there twice. */
async function prepared(one: SetAside, port: MergePort & { readonly epoch: number }): Promise<Sources> {
  const theirs = await confirmed(port);
  const placed = withPlaces(one, theirs, one.user) ?? one;
  const isShared = one.whole && one.epoch === port.epoch;
  const sources = isShared ? joined(placed, theirs) : onTopOf(theirs, placed);
  await replace({ ...one, ...sources, whole: false });
  return sources;
}

interface Body extends Sources {
  readonly id: string;
  readonly whole: boolean;
}

const listeners = new Set<() => void>();

function tell(): void {
  for (const run of [...listeners]) run();
  if (typeof BroadcastChannel === "undefined") return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(null);
  channel.close();
}

/** What is known of a local copy that was set aside. */
interface Taken {
  /** The copy's identity. */
  readonly id: string;
  readonly user: string;
  readonly doc: string;
  /** Grows with each time; who has read another one begins again. */
  readonly turn: number;
  readonly at: number;
  /** All that was set aside of it. */
  readonly state: Uint8Array;
  /** The same before the last time; null: nothing. */
  readonly others: Uint8Array | null;
  /** The id of what was kept last. */
  readonly last: string;
}

async function readTaken(copy: string): Promise<Taken | undefined> {
  const db = await open();
  try {
    return await done<Taken | undefined>(db.transaction(TAKEN).objectStore(TAKEN).get(copy));
  } finally {
    db.close();
  }
}

/** False, and nothing is kept: another window has set something aside of the same copy since. */
async function put({ state, base, whole, ...head }: SetAside, taken: Taken | null = null): Promise<boolean> {
  const isKept = await attempt(async () => {
    const db = await open();
    try {
      const task = db.transaction([HEADS, BODIES, TAKEN], "readwrite", { durability: "strict" });
      const end = finished(task);
      end.catch(() => undefined); // whoever waits for it is told
      if (taken && !(await take(task.objectStore(TAKEN), taken))) return await end.then(() => false);
      task.objectStore(HEADS).put(head);
      task.objectStore(BODIES).put({ id: head.id, state, base, whole } satisfies Body);
      await end;
      return true;
    } finally {
      db.close();
    }
  });
  if (isKept) {
    tell();
    void keepForGood();
  }
  return isKept;
}

/** The comparison and the writing are one step: they are in one transaction. */
async function take(store: IDBObjectStore, next: Taken): Promise<boolean> {
  const all = await done<Taken[]>(store.getAll());
  if ((all.find(({ id }) => id === next.id)?.turn ?? 0) !== next.turn - 1) return false;
  const kept = all.filter(({ id, at }) => id !== next.id && at > next.at - TAKEN_MS).sort((a, b) => b.at - a.at);
  const names = new Set(kept.slice(0, MOST_TAKEN - 1).map(({ id }) => id));
  for (const { id } of all) if (!names.has(id)) store.delete(id);
  store.put(next);
  return true;
}

async function attempt<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new KeepError("it could not be kept on this device", { cause: error });
  }
}

function sizeOf({ state, base }: Sources): number {
  return state.length + (base?.length ?? 0);
}

function open(): Promise<IDBDatabase> {
  if (!hasDatabases()) return Promise.reject(new KeepError("there is no store"));
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    const db = request.result;
    for (const store of [HEADS, BODIES, TAKEN]) if (!db.objectStoreNames.contains(store)) db.createObjectStore(store, { keyPath: "id" });
  };
  return opened(request);
}

const turns = new Map<string, Promise<unknown>>();

/** One at a time, over all windows where the browser has locks, and in this one where it has none. */
function alone<T>(name: string, run: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (locks) return locks.request(name, run) as Promise<T>;
  const turn = (turns.get(name) ?? Promise.resolve()).then(run, run);
  turns.set(name, turn);
  const end = () => void (turns.get(name) === turn && turns.delete(name));
  turn.then(end, end);
  return turn;
}
