// Brings what is set aside into an open trip: the difference in small edits, each acknowledged by itself; says what is left.
import * as Y from "yjs";
import type { Outcome } from "../sync/machine";
import { changesBetween, describe, type Change, type LeftReason, type SetAsideItem } from "./difference";
import { pictureOf, type Picture } from "./picture";
import type { DocumentLimits } from "../api/types";
import { remake, Room, type Left } from "./remake";

/** The open trip, as far as bringing something into it goes. */
export interface MergePort {
  readonly limits: DocumentLimits;
  /** All that the open document has. */
  readonly encode: () => Uint8Array;
  readonly submit: (update: Uint8Array) => Promise<Outcome>;
  /** Shows an edit that the server has taken. */
  readonly adopt: (update: Uint8Array) => void;
  /** Calls `run` with every change of the open document; returns how to stop. */
  readonly follow: (run: (update: Uint8Array) => void) => () => void;
}

/** A document that is to be brought in, and what the server had when it was left. */
export interface Sources {
  readonly state: Uint8Array;
  /** null: unknown. */
  readonly base: Uint8Array | null;
}

/** What stays on the device: the sources of another try, and its items; null: nothing does. */
export interface Rest extends Sources {
  readonly items: readonly SetAsideItem[];
}

/** The connection was lost on the way; what is set aside is still whole. */
export class MergeInterrupted extends Error {
  override readonly name = "MergeInterrupted";
  override readonly message = "the connection was lost, or the trip was closed";
}

/** The trip cannot be written: the role is too low, or it has stopped. */
export class MergeRefused extends Error {
  override readonly name = "MergeRefused";
  override readonly message = "the trip cannot be written";
}

/** A message holds at most so many changes … */
const BATCH_CHANGES = 50;
/** … of about so many bytes. */
const BATCH_BYTES = 48 * 1024;

export function docOf(state: Uint8Array): Y.Doc {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  return doc;
}

/** The changes that `state` has since `base`, in words. */
export function itemsOf({ state, base }: Sources, reason: LeftReason | null = null): SetAsideItem[] {
  const mine = pictureOf(docOf(state));
  return changesBetween(base && pictureOf(docOf(base)), mine).map((change) => describe(change, mine, reason));
}

/** An update that changes nothing. */
const NOTHING = Uint8Array.of(0, 0);

/**
 * All that the open document has, once the server has stored what it gave of it: what others see of an edit may still
 * be lost until then. Its word for an update, also an empty one, is about all that it took before (W4).
 */
export async function confirmed(port: MergePort): Promise<Uint8Array> {
  const now = port.encode();
  const { is } = await port.submit(NOTHING);
  if (is === "lost") throw new MergeInterrupted();
  if (is === "refused") throw new MergeRefused();
  return now;
}

export async function bringIn(port: MergePort, { state, base }: Sources): Promise<Rest | null> {
  const mine = pictureOf(docOf(state));
  const changes = changesBetween(base && pictureOf(docOf(base)), mine);
  const merger = new Merger(port);
  try {
    await merger.run(changes);
  } finally {
    merger.end();
  }
  return merger.left.length === 0 ? null : restOf(port.encode(), merger.left, mine);
}

/** The same changes on top of what the server has: what it has of them by another try is then told from what it lacks. */
export function onTopOf(now: Uint8Array, { state, base }: Sources): Sources {
  const mine = pictureOf(docOf(state));
  return made(now, changesBetween(base && pictureOf(docOf(base)), mine), mine);
}

function restOf(now: Uint8Array, left: readonly Left[], mine: Picture): Rest {
  const items = left.map(({ change, reason }) => describe(change, mine, reason));
  return { ...made(now, left.map(({ change }) => change), mine), items };
}

/** A document of its own, with these changes, whatever room there is. */
function made(now: Uint8Array, changes: readonly Change[], mine: Picture): Sources {
  const doc = docOf(now);
  doc.transact(() => changes.flatMap((change) => remake(doc, change, null)).forEach(({ change }) => keepRow(doc, change, mine)));
  return { state: Y.encodeStateAsUpdate(doc), base: now };
}

/** Somebody has deleted the row for good meanwhile: it stays as it was here. */
function keepRow(doc: Y.Doc, change: Change, mine: Picture): void {
  const row = change.kind === "field" ? mine.rows.get(change.root)?.get(change.key) : undefined;
  if (change.kind === "field" && row) remake(doc, { kind: "row", root: change.root, key: change.key, row }, null);
}

class Merger {
  readonly left: Left[] = [];
  readonly #port: MergePort;
  readonly #stop: () => void;
  #workshop: Workshop;
  /** What the server refused for the document's size: nothing as large is tried again. */
  #tooLarge = Number.POSITIVE_INFINITY;
  readonly #full = new Set<LeftReason>();

  constructor(port: MergePort) {
    this.#port = port;
    this.#workshop = new Workshop(port);
    this.#stop = port.follow((update) => this.#workshop.follow(update));
  }

  end(): void {
    this.#stop();
  }

  async run(changes: readonly Change[]): Promise<void> {
    const waiting = batches(changes);
    for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
      const hopeful = batch.filter((change) => !this.#isHopeless(change));
      const { update, left } = this.#workshop.make(hopeful);
      // What is there already has to be stored as well.
      const outcome = await this.#port.submit(update ?? NOTHING);
      if (outcome.is === "lost") throw new MergeInterrupted();
      if (outcome.is === "refused" && !update) throw new MergeRefused();
      if (outcome.is === "stored") {
        if (update) this.#port.adopt(update);
        this.left.push(...left);
        continue;
      }
      // What the server does not have cannot be built upon: another try is another client's.
      this.#workshop = new Workshop(this.#port);
      const [first, ...others] = hopeful;
      if (first && others.length === 0) this.#leave(first, reasonOf(outcome));
      else waiting.unshift(hopeful.slice(0, hopeful.length / 2), hopeful.slice(hopeful.length / 2));
    }
  }

  #leave(change: Change, reason: LeftReason): void {
    this.left.push({ change, reason });
    if (reason === "document") this.#tooLarge = Math.min(this.#tooLarge, sizeOf(change));
    if (reason === "cards" || reason === "days") this.#full.add(reason);
  }

  /** It would be refused as the ones before it were; it is left without asking. */
  #isHopeless(change: Change): boolean {
    const reason = reasonFor(change);
    if (reason !== null && this.#full.has(reason)) this.left.push({ change, reason });
    else if (sizeOf(change) >= this.#tooLarge) this.left.push({ change, reason: "document" });
    else return false;
    return true;
  }
}

/** A copy of the open document in which edits are made before they are shown to anybody. */
class Workshop {
  readonly #doc: Y.Doc;
  readonly #room: Room;

  constructor(port: MergePort) {
    this.#doc = docOf(port.encode());
    this.#room = new Room(this.#doc, port.limits);
  }

  follow(update: Uint8Array): void {
    Y.applyUpdate(this.#doc, update);
  }

  make(changes: readonly Change[]): { update: Uint8Array | null; left: Left[] } {
    let made: Uint8Array | null = null;
    const note = (update: Uint8Array) => (made = update);
    this.#doc.on("update", note);
    const left = this.#doc.transact(() => changes.flatMap((change) => remake(this.#doc, change, this.#room)));
    this.#doc.off("update", note);
    return { update: made, left };
  }
}

function batches(changes: readonly Change[]): Change[][] {
  const made: Change[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const change of changes) {
    const size = sizeOf(change);
    const last = made.at(-1);
    if (last && last.length < BATCH_CHANGES && bytes + size <= BATCH_BYTES) {
      last.push(change);
      bytes += size;
    } else {
      made.push([change]);
      bytes = size;
    }
  }
  return made;
}

/** About how many bytes it adds. */
function sizeOf(change: Change): number {
  const parts =
    change.kind === "row"
      ? [...change.row.values()].map((field) => (field.is === "text" ? field.text : field))
      : [change.mine, change.kind === "field" || change.kind === "text" ? change.base : null];
  return parts.reduce<number>((sum, part) => sum + (JSON.stringify(part)?.length ?? 0) * 2, 100);
}

/** The limit that this kind of change meets. */
function reasonFor(change: Change): LeftReason | null {
  if (change.kind === "row" && change.root === "cards") return "cards";
  return change.kind === "entry" && change.root === "days" && change.base === undefined ? "days" : null;
}

/** W4: the status, and the words that follow it. */
function reasonOf({ status, reason }: Outcome & { is: "refused" }): LeftReason {
  for (const limit of ["cards", "days", "text", "document", "update"] as const) {
    if (reason.endsWith(`: ${limit}`)) return limit;
  }
  return status === 6 ? "missing" : "refused";
}
