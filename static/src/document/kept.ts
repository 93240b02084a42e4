// Everything of one person that is on this device, whether a trip's copy or set aside: one list, and one way to save and delete.
import { deleteCopy, listCopies, readCopy, type LocalCopyHead } from "./copies";
import { itemsOf } from "./merge";
import * as asides from "./set-aside";
import type { TripDocument } from "./types";

export type Kept =
  /** The copy of a trip that was opened here. */
  | { readonly is: "copy"; readonly id: string; readonly head: LocalCopyHead }
  /** What the server did not take, or a file that was loaded. */
  | { readonly is: "aside"; readonly id: string; readonly head: asides.SetAsideHead }
  /** An open trip in a browser that keeps no copy: what is unsent goes with its window. */
  | { readonly is: "window"; readonly id: string; readonly head: WindowHead; readonly trip: TripDocument };

interface WindowHead {
  readonly user: string;
  readonly doc: string;
  readonly title: string;
  readonly unsent: number;
}

/** What an open trip has that is in no other place, be it for a moment; null: nothing. */
export function inWindowOnly(trip: TripDocument, user: string): Kept | null {
  const sync = trip.sync.get();
  const unsent = "changes" in sync ? sync.changes : Number("copy" in sync && sync.copy);
  if ((trip.kept.get() && trip.written) || unsent === 0) return null;
  const { title } = trip.view.get().trip;
  return { is: "window", id: `window/${trip.id}`, head: { user, doc: trip.id, title, unsent }, trip };
}

/** Changes that are nowhere else. */
export function unsentOf(kept: Kept): number {
  return kept.is === "aside" ? Math.max(1, kept.head.items.length) : kept.head.unsent;
}

export function touchedOf(kept: Kept): number | null {
  if (kept.is === "window") return null;
  return kept.is === "copy" ? kept.head.touched : kept.head.created;
}

/** What is nowhere else first, then the newest. Rejects where the stores cannot be read. */
export async function listKept(user: string): Promise<Kept[]> {
  const [copies, set] = await Promise.all([listCopies(user), asides.list(user)]);
  const all: Kept[] = [
    ...set.map((head): Kept => ({ is: "aside", id: head.id, head })),
    ...copies.map((head): Kept => ({ is: "copy", id: head.name, head })),
  ];
  const rank = (kept: Kept) => (unsentOf(kept) > 0 ? 0 : 1);
  return all.sort((a, b) => rank(a) - rank(b) || (touchedOf(b) ?? 0) - (touchedOf(a) ?? 0));
}

/** null: it is gone. */
export async function fileOf(kept: Kept): Promise<Uint8Array | null> {
  if (kept.is === "aside") {
    const one = await asides.read(kept.id);
    return one && asides.toFile(one);
  }
  if (kept.is === "window") return fileOfTrip(kept.trip, kept.head.user);
  const { user, doc, title, epoch, touched } = kept.head;
  const content = await readCopy(kept.id);
  if (content === null) return null;
  const head = { id: kept.id, user, doc, title, epoch, created: touched ?? 0 };
  return file(head, content);
}

/** All of an open trip. */
export function fileOfTrip(trip: TripDocument, user: string): Uint8Array {
  const { title } = trip.view.get().trip;
  const head = { id: trip.id, user, doc: trip.id, title, epoch: 0, created: Date.now() };
  return file(head, { state: trip.encode(), base: null });
}

function file(
  head: Pick<asides.SetAside, "id" | "user" | "doc" | "title" | "epoch" | "created">,
  content: Pick<asides.SetAside, "state" | "base">,
): Uint8Array {
  const { length } = content.state;
  const items = itemsOf(content);
  return asides.toFile({ ...head, ...content, items, bytes: length, reason: "asked", whole: true });
}

/** Keeps what a file holds as this person's. Rejects with `SetAsideFileError` or `KeepError`. */
export async function keepFile(bytes: Uint8Array, user: string): Promise<asides.SetAsideHead> {
  return asides.add({ ...asides.fromFile(bytes), user, reason: "file" });
}

/** For good: at the person's word. */
export async function removeKept(kept: Kept): Promise<void> {
  if (kept.is === "aside") await asides.discard(kept.head);
  else if (kept.is === "copy") await deleteCopy(kept.id);
}
