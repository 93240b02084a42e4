// What undoing a step would do to texts, as patches that edits of others move, or rule out. Pure; UTF-16 offsets.
import type { Delta } from "./diff";

/** One replacement in a text, at a place as it is before it. */
export interface Edit {
  readonly at: number;
  readonly removed: number;
  readonly inserted: number;
  /** Between these places the same edit reads the same ("abab" without its first or its last "ab"). */
  readonly from: number;
  readonly to: number;
}

/** Takes an own edit of a text back. */
export interface Patch<T> {
  readonly text: T;
  readonly at: number;
  /** How much of one's own it takes out … */
  readonly remove: number;
  /** … and how much it brings back. */
  readonly insert: number;
  /** What others typed inside meanwhile, which stays. */
  readonly kept: number;
}

/** A step of a stack; its patches from the newest edit to the oldest, each as the text is after those before it. */
export interface Step<T> {
  patches: readonly Patch<T>[];
  /** Somebody else changed what it wrote: taking it back would mix both. */
  overwritten: boolean;
}

/** The edits of a change, the last place first, so that each may be made as it stands. */
export function editsOf(delta: Delta, before: string | undefined, after: string): Edit[] {
  const edits: Edit[] = [];
  let [old, now, removed, inserted] = [0, 0, 0, 0];
  const flush = () => {
    if (removed + inserted > 0) {
      const at = old - removed;
      const slack =
        inserted === 0
          ? slide(before ?? "", at, removed)
          : removed === 0
            ? slide(after, now - inserted, inserted)
            : { left: 0, right: 0 };
      edits.unshift({ at, removed, inserted, from: at - slack.left, to: old + slack.right });
    }
    [removed, inserted] = [0, 0];
  };
  for (const op of delta) {
    if (op.retain !== undefined) {
      flush();
      old += op.retain;
      now += op.retain;
    } else if (op.delete !== undefined) {
      removed += op.delete;
      old += op.delete;
    } else {
      const length = typeof op.insert === "string" ? op.insert.length : 1;
      inserted += length;
      now += length;
    }
  }
  flush();
  return edits;
}

/** How far `length` units at `at` may move over equal letters, and the text without them is the same. */
function slide(text: string, at: number, length: number): { left: number; right: number } {
  let [left, right] = [0, 0];
  while (at - left > 0 && text[at - left - 1] === text[at + length - left - 1]) left += 1;
  while (at + length + right < text.length && text[at + right] === text[at + length + right]) right += 1;
  return { left, right };
}

/** Adds own edits, which were made in this order, to a step. */
export function extend<T>(step: Step<T>, text: T, edits: readonly Edit[]): void {
  for (const edit of edits) {
    const [newest, ...older] = step.patches;
    const union = newest && join(newest, text, edit);
    step.patches = union ? [union, ...older] : [inverse(text, edit), ...step.patches];
  }
}

function inverse<T>(text: T, { at, removed, inserted }: Edit): Patch<T> {
  return { text, at, remove: inserted, insert: removed, kept: 0 };
}

/** One patch for an edit that touches what the newest patch covers; typing makes many of them. */
function join<T>(patch: Patch<T>, text: T, { at, removed, inserted }: Edit): Patch<T> | null {
  const [start, end] = [patch.at, patch.at + patch.remove];
  if (patch.text !== text || patch.kept > 0 || at > end || at + removed < start) return null;
  const [from, to] = [Math.min(start, at), Math.max(end, at + removed)];
  return {
    text,
    at: from,
    remove: to - from - removed + inserted,
    insert: patch.insert + (start - from) + (to - end),
    kept: 0,
  };
}

/** Leads an edit that somebody else made through a stack, the newest step first. */
export function absorb<T>(stack: readonly Step<T>[], text: T, edit: Edit): void {
  let edits: readonly Foreign<T>[] = [{ text, edit }];
  for (const step of stack) edits = edits.flatMap((one) => through(step, one));
}

/** Somebody else made the text say something else as a whole: no step in it can be taken back. */
export function overwrite<T>(stack: readonly Step<T>[], text: T): void {
  for (const [at, step] of stack.entries()) {
    if (step.patches.some((patch) => patch.text === text)) giveUp(step, stack.slice(at + 1));
  }
}

/** A step that will not be taken back counts for the older ones as if somebody else had made it. */
export function giveUp<T>(step: Step<T>, older: readonly Step<T>[]): void {
  let edits: readonly Foreign<T>[] = abandon(step);
  for (const next of older) edits = edits.flatMap((one) => through(next, one));
}

interface Foreign<T> {
  readonly text: T;
  readonly edit: Edit;
}

/** The edit as it is once the step is taken back; with what the step wrote, if that can't be any more. */
function through<T>(step: Step<T>, foreign: Foreign<T>): Foreign<T>[] {
  const { text } = foreign;
  let { edit } = foreign;
  const moved: Patch<T>[] = [];
  for (const patch of step.patches) {
    if (patch.text !== text) {
      moved.push(patch);
      continue;
    }
    if (conflicts(patch, edit)) return [...abandon(step), foreign];
    moved.push(shift(patch, edit));
    edit = mapEdit(patch, edit);
  }
  step.patches = moved;
  return [{ text, edit }];
}

/** What the step wrote, the oldest edit first. */
function abandon<T>(step: Step<T>): Foreign<T>[] {
  const written = [...step.patches].reverse();
  step.patches = [];
  step.overwritten = true;
  return written.map(({ text, at, remove, insert }) => ({
    text,
    edit: { at, removed: insert, inserted: remove, from: at, to: at + insert },
  }));
}

/** Typing beside what one typed, or between it, is no conflict; beside what would come back it is. */
function conflicts<T>(patch: Patch<T>, edit: Edit): boolean {
  const touches = edit.to >= patch.at && edit.from <= patch.at + patch.remove + patch.kept;
  return touches && (edit.removed > 0 || patch.insert > 0);
}

function shift<T>(patch: Patch<T>, { at, removed, inserted }: Edit): Patch<T> {
  if (at + removed <= patch.at) return { ...patch, at: patch.at + inserted - removed };
  if (at < patch.at + patch.remove + patch.kept) return { ...patch, kept: patch.kept + inserted };
  return patch;
}

function mapEdit<T>(patch: Patch<T>, edit: Edit): Edit {
  const map = (place: number) => {
    if (place <= patch.at) return place;
    const end = patch.at + patch.remove + patch.kept;
    return place >= end ? place + patch.insert - patch.remove : patch.at;
  };
  return { ...edit, at: map(edit.at), from: map(edit.from), to: map(edit.to) };
}
