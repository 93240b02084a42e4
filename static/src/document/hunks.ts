// The changes between two texts as several small splices, and the merge of two texts that came from one. Pure; UTF-16 offsets.
import * as patience from "lib0/diff/patience";
import * as Y from "yjs";
import { diff, type Splice } from "./diff";

/** Lines with their ends, then words with the blanks between them. */
const LINES = /[^\n]*\n|[^\n]+/gu;
const WORDS = /\s+|[^\s]+/gu;
/** Texts with more pieces than this are compared as one: the comparison takes time by the square. */
const MAX_PIECES = 4_000;

/** Splices of `before`, in order and apart from each other, that make `after` of it. */
export function hunks(before: string, after: string): Splice[] {
  const found = words(before, after).flatMap((splice) => shortest(before, splice));
  if (applyAll(before, found) === after) return found;
  const whole = diff(before, after);
  return whole ? [whole] : [];
}

/** The same, in whole words. */
function words(before: string, after: string): Splice[] {
  return split(before, after, LINES).flatMap((outer) => {
    const removed = before.slice(outer.index, outer.index + outer.remove);
    return split(removed, outer.insert, WORDS).map((inner) => ({ ...inner, index: outer.index + inner.index }));
  });
}

/** `text` after splices that are in order. */
export function applyAll(text: string, splices: readonly Splice[]): string {
  return [...splices]
    .reverse()
    .reduce((now, { index, remove, insert }) => now.slice(0, index) + insert + now.slice(index + remove), text);
}

/**
 * What has to be done to `theirs` so that it says what was done to `mine` since `base`. Without a base nobody
 * knows who removed what: then everything that either says is kept.
 */
export function mergeTexts(base: string | null, mine: string, theirs: string): Splice[] {
  if (base === theirs) return hunks(theirs, mine);
  if (base === null) {
    const added = words(theirs, mine).map((one) => ({ ...one, index: one.index + one.remove, remove: 0 }));
    return added.filter(({ insert }) => insert !== "");
  }
  if (base === mine || mine === theirs) return [];
  return hunks(theirs, merged(base, mine, theirs)).filter((splice) => !isThere(theirs, splice));
}

/** Both said the same at the same place: it is not said twice. */
function isThere(text: string, { index, remove, insert }: Splice): boolean {
  if (remove > 0 || insert === "") return false;
  const { length } = insert;
  return text.slice(Math.max(0, index - length), index) === insert || text.slice(index, index + length) === insert;
}

/** Yjs merges: both sides' edits are made to one text by two clients. */
function merged(base: string, mine: string, theirs: string): string {
  const of = (client: number, value: string): Y.Doc => {
    const doc = new Y.Doc();
    doc.clientID = 1;
    doc.getText().insert(0, base);
    doc.clientID = client;
    doc.transact(() => spliceText(doc.getText(), hunks(base, value)));
    return doc;
  };
  const doc = of(2, theirs);
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(of(3, mine)));
  return doc.getText().toJSON();
}

/** Carries out splices that are in order, last first, so that none moves another. */
export function spliceText(text: Y.Text, splices: readonly Splice[]): void {
  for (const { index, remove, insert } of [...splices].reverse()) {
    if (remove > 0) text.delete(index, remove);
    if (insert !== "") text.insert(index, insert);
  }
}

function split(before: string, after: string, pieces: RegExp): Splice[] {
  if (before === after) return [];
  const whole = { index: 0, remove: before.length, insert: after };
  const [as, bs] = [before.match(pieces) ?? [], after.match(pieces) ?? []];
  if (as.length + bs.length > MAX_PIECES) return [whole];
  const starts = [0];
  for (const piece of as) starts.push((starts.at(-1) ?? 0) + piece.length);
  return patience.diff(as, bs).map(({ index, remove, insert }) => ({
    index: starts[index] ?? before.length,
    remove: remove.join("").length,
    insert: insert.join(""),
  }));
}

/** The splice without what it takes away and puts back. */
function shortest(before: string, { index, remove, insert }: Splice): Splice[] {
  const cut = diff(before.slice(index, index + remove), insert);
  return cut ? [{ ...cut, index: index + cut.index }] : [];
}
