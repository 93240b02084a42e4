// The changes between two texts as small splices of whole words. Pure; UTF-16 offsets.
import type * as Y from "yjs";
import { align, inPieces, sliceOf } from "./align";
import type { Splice } from "./diff";
import { isBlank, mayPart } from "./words";

/** Splices of `before`, in order and apart from each other, that make `after` of it. */
export function hunks(before: string, after: string): Splice[] {
  if (before === after) return [];
  const [a, b] = inPieces(before, after);
  return align(a, b).map(({ start, end, from, to }) => shortest(a.at[start] ?? 0, sliceOf(a, start, end), sliceOf(b, from, to)));
}

/** What was typed on stays, and so does what of it is left. */
function shortest(index: number, was: string, is: string): Splice {
  const [more, less] = [continues(is, was), continues(was, is)];
  if (more !== null) return { index: more === "start" ? index + was.length : index, remove: 0, insert: more === "start" ? is.slice(was.length) : is.slice(0, -was.length) };
  if (less !== null) return { index: less === "start" ? index + is.length : index, remove: was.length - is.length, insert: "" };
  return { index, remove: was.length, insert: is };
}

/** `text` after splices that are in order. */
export function applyAll(text: string, splices: readonly Splice[]): string {
  let [done, at] = ["", 0];
  for (const { index, remove, insert } of splices) {
    done += text.slice(at, index) + insert;
    at = index + remove;
  }
  return done + text.slice(at);
}

/** Carries out splices that are in order, last first, so that none moves another. */
export function spliceText(text: Y.Text, splices: readonly Splice[]): void {
  for (const { index, remove, insert } of [...splices].reverse()) {
    if (remove > 0) text.delete(index, remove);
    if (insert !== "") text.insert(index, insert);
  }
}

/** Whether `text` says all that `part` says, maybe with more beside it. */
export function says(text: string, part: string): boolean {
  return hunks(text, part).every(({ insert }) => isBlank(insert));
}

/** Which part of `longer` is `shorter`, at its one end or the other: it was typed on; null: neither. */
export function continues(longer: string, shorter: string): "start" | "end" | null {
  if (shorter === "" || shorter.length > longer.length) return null;
  if (longer.startsWith(shorter) && mayPart(longer, shorter.length)) return "start";
  return longer.endsWith(shorter) && mayPart(longer, longer.length - shorter.length) ? "end" : null;
}
