// What a person wrote and the server has not: kept on this device until they say otherwise, listed, and brought in again.
import { ulid } from "../ids";
import { hasDatabases } from "../storage";
import { joined, withPlaces } from "./adrift";
import type { SetAsideItem } from "./difference";
import { bringIn, confirmed, type MergePort, type Sources } from "./merge";

export { MergeInterrupted, MergeRefused } from "./merge";
export { fromFile, SetAsideFileError, toFile } from "./set-aside-file";
export type { LeftReason, SetAsideItem } from "./difference";

/** Why a copy was set aside. */
export type SetAsideReason =
  /** Some of it met a limit. */
  | "tooLarge"
  | "tooMany"
  /** The server could not read it, or does not take it. */
  | "malformed"
  | "forbidden"
  /** The trip's history was reset. */
  | "otherEpoch"
  /** The role was lowered, or taken. */
  | "lowered"
  | "gone"
  /** It came from a file. */
  | "file"
  /** The person asked for it. */
  | "asked";

/** What lists need of it. */
export interface SetAsideHead {
  readonly id: string;
  readonly user: string;
  readonly doc: string;
  readonly title: string;
  readonly epoch: number;
  readonly created: number;
  readonly reason: SetAsideReason;
  /** What it takes on this device. */
  readonly bytes: number;
  readonly items: readonly SetAsideItem[];
}

export interface SetAside extends SetAsideHead {
  /** The document as it was here, as a Yjs update. */
  readonly state: Uint8Array;
  /** What the server had when it was left; null: unknown. */
  readonly base: Uint8Array | null;
  /** True: `state` is what the device had, and shares its history with the server's document of that epoch. */
  readonly whole: boolean;
}

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

/** Takes it away for good: only where it is on the server, or where the person has said so. */
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
  const placed = withPlaces(one, theirs, one.user);
  const isShared = one.whole && one.epoch === port.epoch;
  if (!placed && !isShared) return one;
  const { state, base } = placed ?? one;
  const sources = isShared ? joined({ state, base }, theirs) : { state, base };
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

async function put({ state, base, whole, ...head }: SetAside): Promise<void> {
  try {
    const db = await open();
    try {
      const task = db.transaction([HEADS, BODIES], "readwrite", { durability: "strict" });
      task.objectStore(HEADS).put(head);
      task.objectStore(BODIES).put({ id: head.id, state, base, whole } satisfies Body);
      await finished(task);
    } finally {
      db.close();
    }
  } catch (error) {
    throw new KeepError("it could not be kept on this device", { cause: error });
  }
  tell();
}

function sizeOf({ state, base }: Sources): number {
  return state.length + (base?.length ?? 0);
}

function open(): Promise<IDBDatabase> {
  if (!hasDatabases()) return Promise.reject(new KeepError("there is no store"));
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const store of [HEADS, BODIES]) request.result.createObjectStore(store, { keyPath: "id" });
  };
  return done(request);
}

function done<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error ?? new Error("the store failed"));
  });
}

function finished(task: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    task.oncomplete = () => resolve();
    task.onabort = task.onerror = () => reject(task.error ?? new Error("the store failed"));
  });
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
