// Minimal edits between two values of a text field, and how positions follow edits of others. Pure; UTF-16 offsets.

/** Replace `remove` units at `index` by `insert`. */
export interface Splice {
  readonly index: number;
  readonly remove: number;
  readonly insert: string;
}

/** Yjs's own description of a change to a text. */
export type Delta = readonly {
  readonly retain?: number | undefined;
  readonly insert?: unknown;
  readonly delete?: number | undefined;
}[];

export type Range = readonly [start: number, end: number];

/**
 * The smallest splice that makes `after` of `before`; null if they are equal. `caret` is where the
 * caret stands in `after`: of "aa" → "aaa" it tells which a is new. Never splits a surrogate pair.
 */
export function diff(before: string, after: string, caret = after.length): Splice | null {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  // What lies behind the caret was not typed: match it first, then the start, then what is left.
  let suffix = commonSuffix(before, after, Math.min(most, after.length - caret));
  let prefix = commonPrefix(before, after, most - suffix);
  suffix += commonSuffix(
    before.slice(prefix, before.length - suffix),
    after.slice(prefix, after.length - suffix),
    most - prefix - suffix,
  );
  if (isHigh(before, prefix - 1) || isHigh(after, prefix - 1)) prefix -= 1;
  if (isLow(before, before.length - suffix) || isLow(after, after.length - suffix)) suffix -= 1;
  return {
    index: prefix,
    remove: before.length - suffix - prefix,
    insert: after.slice(prefix, after.length - suffix),
  };
}

/** Where `index` is after `delta`. At an insertion it stays before it, or with `sticky` moves behind it. */
export function mapIndex(index: number, delta: Delta, sticky = false): number {
  let [at, mapped] = [0, index]; // `at`: position in the new text
  for (const { retain, insert, delete: removed } of delta) {
    if (at > mapped) break;
    if (retain !== undefined) at += retain;
    else if (removed !== undefined) mapped -= Math.min(removed, mapped - at);
    else {
      const length = typeof insert === "string" ? insert.length : 1;
      if (at < mapped || sticky) mapped += length;
      at += length;
    }
  }
  return mapped;
}

/** What is left of `ranges` after `delta`: an insertion inside splits one, so that it is not part of it. */
export function mapRanges(ranges: readonly Range[], delta: Delta): Range[] {
  const mapped: Range[] = [];
  for (const [start, end] of ranges) {
    const cuts = insertionsWithin(delta, start, end);
    const bounds = [start, ...cuts, end];
    for (let i = 0; i + 1 < bounds.length; i++) {
      const from = mapIndex(bounds[i] ?? 0, delta, true);
      const to = mapIndex(bounds[i + 1] ?? 0, delta);
      if (to > from) mapped.push([from, to]);
    }
  }
  return mapped;
}

/** Old positions strictly inside start..end where something is inserted. */
function insertionsWithin(delta: Delta, start: number, end: number): number[] {
  const cuts: number[] = [];
  let old = 0;
  for (const { retain, insert, delete: removed } of delta) {
    if (insert !== undefined && old > start && old < end) cuts.push(old);
    old += retain ?? removed ?? 0;
  }
  return cuts;
}

function commonPrefix(a: string, b: string, most: number): number {
  let length = 0;
  while (length < most && a[length] === b[length]) length += 1;
  return length;
}

function commonSuffix(a: string, b: string, most: number): number {
  let length = 0;
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length += 1;
  return length;
}

function isHigh(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit < 0xe000;
}
