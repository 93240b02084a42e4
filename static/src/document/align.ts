// Which pieces of two texts are the same: lines first, then words between them, by what each has once (patience diff). Pure.
import { finePiecesOf, isBlank, isLineEnd, piecesOf } from "./words";

/** Pieces `start` to `end` of the one text became `from` to `to` of the other. */
export interface Hunk {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/** A text in pieces, and where each begins in it, with its end. */
export interface Pieces {
  readonly text: string;
  readonly pieces: readonly string[];
  readonly at: readonly number[];
}

/** Of what the texts have several times so many pairs are compared; beyond it they count as different. */
const MAX_PAIRS = 250_000;
/** What lies between two anchors is looked through again, so many times. */
const MAX_DEPTH = 16;

export function inPieces<const T extends readonly string[]>(...texts: T): { [K in keyof T]: Pieces } {
  const known = new Map<string, readonly string[]>();
  return texts.map((text) => placed(text, piecesOf(text, known))) as { [K in keyof T]: Pieces };
}

/** The same in smaller pieces. */
export function inFinePieces<const T extends readonly string[]>(...texts: T): { [K in keyof T]: Pieces } {
  return texts.map((text) => placed(text, finePiecesOf(text))) as { [K in keyof T]: Pieces };
}

function placed(text: string, pieces: readonly string[]): Pieces {
  const at = [0];
  for (const piece of pieces) at.push((at.at(-1) ?? 0) + piece.length);
  return { text, pieces, at };
}

export function sliceOf({ text, at }: Pieces, from: number, to: number): string {
  return text.slice(at[from] ?? text.length, at[to] ?? text.length);
}

/** What has to be done to `a` to make `b` of it: in order, and apart from each other. */
export function align(a: Pieces, b: Pieces): Hunk[] {
  const matched: Pair[] = [];
  const [as, bs] = [linesOf(a), linesOf(b)];
  const lines: Pair[] = [];
  match({ as: as.lines, bs: bs.lines, repeated: true, found: lines }, [0, as.lines.length], [0, bs.lines.length]);
  let [a0, b0] = [0, 0];
  for (const [x, y] of [...lines, [as.lines.length, bs.lines.length] as const]) {
    const [a1, b1] = [as.at[x] ?? a.pieces.length, bs.at[y] ?? b.pieces.length];
    match({ as: a.pieces, bs: b.pieces, repeated: false, found: matched }, [a0, a1], [b0, b1]);
    [a0, b0] = [as.at[x + 1] ?? a1, bs.at[y + 1] ?? b1];
    for (let i = 0; i < a0 - a1; i++) matched.push([a1 + i, b1 + i]);
  }
  return rewritten(hunksOf(matched, a.pieces.length, b.pieces.length), a, b);
}

type Pair = readonly [a: number, b: number];
type Span = readonly [start: number, end: number];

function linesOf({ pieces, text, at }: Pieces): { lines: string[]; at: number[] } {
  const starts = [0];
  pieces.forEach((piece, i) => isLineEnd(piece) && i + 1 < pieces.length && starts.push(i + 1));
  if (pieces.length === 0) return { lines: [], at: [0] };
  const lines = starts.map((start, i) => text.slice(at[start], at[starts[i + 1] ?? pieces.length]));
  return { lines, at: [...starts, pieces.length] };
}

interface Search {
  readonly as: readonly string[];
  readonly bs: readonly string[];
  /** Whether what is there several times is compared as well. */
  readonly repeated: boolean;
  /** The pairs, in order. */
  readonly found: Pair[];
}

function match(search: Search, [a0, a1]: Span, [b0, b1]: Span, depth = 0): void {
  const { as, bs, found } = search;
  for (; a0 < a1 && b0 < b1 && as[a0] === bs[b0]; a0++, b0++) found.push([a0, b0]);
  let same = 0;
  while (a0 < a1 - same && b0 < b1 - same && as[a1 - same - 1] === bs[b1 - same - 1]) same += 1;
  const [aEnd, bEnd] = [a1 - same, b1 - same];
  if (depth < MAX_DEPTH && a0 < aEnd && b0 < bEnd) {
    const anchors = anchorsOf(search, [a0, aEnd], [b0, bEnd]);
    for (const [x, y] of anchors) {
      if (x < a0 || y < b0) continue; // matched on the way here
      match(search, [a0, x], [b0, y], depth + 1);
      found.push([x, y]);
      [a0, b0] = [x + 1, y + 1];
    }
    if (anchors.length > 0) match(search, [a0, aEnd], [b0, bEnd], depth + 1);
  }
  for (let i = same; i > 0; i--) found.push([a1 - i, b1 - i]);
}

function anchorsOf(search: Search, a: Span, b: Span): Pair[] {
  const [as, bs] = [placesOf(search.as, a), placesOf(search.bs, b)];
  const once: Pair[] = [];
  for (const [piece, at] of as) {
    const there = bs.get(piece);
    if (at.length === 1 && there?.length === 1) once.push([at[0] ?? 0, there[0] ?? 0]);
  }
  return once.length > 0 || !search.repeated ? rising(once) : longest(search, [...as.values()].flat().sort(byNumber), [...bs.values()].flat().sort(byNumber));
}

const byNumber = (x: number, y: number) => x - y;

/** Where each piece is; blanks say nothing. */
function placesOf(all: readonly string[], [start, end]: Span): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (let i = start; i < end; i++) {
    const piece = all[i] ?? "";
    if (isBlank(piece)) continue;
    const known = places.get(piece);
    if (known) known.push(i);
    else places.set(piece, [i]);
  }
  return places;
}

/** The most of them that are in the same order in both. */
function rising(pairs: readonly Pair[]): Pair[] {
  const tops: number[] = [];
  const before: number[] = [];
  pairs.forEach(([, y], i) => {
    let [low, high] = [0, tops.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tops[middle] ?? 0]?.[1] ?? 0) < y) low = middle + 1;
      else high = middle;
    }
    before[i] = low > 0 ? (tops[low - 1] ?? -1) : -1;
    tops[low] = i;
  });
  const found: Pair[] = [];
  for (let i = tops.at(-1) ?? -1; i >= 0; i = before[i] ?? -1) found.push(pairs[i] as Pair);
  return found.reverse();
}

/** The longest common subsequence of pieces at these places. */
function longest({ as, bs }: Search, aPlaces: readonly number[], bPlaces: readonly number[]): Pair[] {
  const [rows, columns] = [aPlaces.length, bPlaces.length];
  if (rows * columns > MAX_PAIRS) return [];
  const width = columns + 1;
  const best = new Uint32Array((rows + 1) * width);
  const isSame = (i: number, j: number) => as[aPlaces[i] ?? -1] === bs[bPlaces[j] ?? -1];
  const of = (i: number, j: number) => best[i * width + j] ?? 0;
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--) best[i * width + j] = isSame(i, j) ? of(i + 1, j + 1) + 1 : Math.max(of(i + 1, j), of(i, j + 1));
  const found: Pair[] = [];
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (isSame(i, j)) found.push([aPlaces[i++] ?? 0, bPlaces[j++] ?? 0]);
    else if (of(i + 1, j) >= of(i, j + 1)) i += 1;
    else j += 1;
  }
  return found;
}

function hunksOf(matched: readonly Pair[], a: number, b: number): Hunk[] {
  const hunks: Hunk[] = [];
  let [start, from] = [0, 0];
  for (const [x, y] of [...matched, [a, b] as const]) {
    if (x > start || y > from) hunks.push({ start, end: x, from, to: y });
    [start, from] = [x + 1, y + 1];
  }
  return hunks;
}

/** Words that stayed by chance within what somebody wrote are part of it: nothing of others comes between them, nor in their place. */
function rewritten(hunks: readonly Hunk[], a: Pieces, b: Pieces): Hunk[] {
  const joined: Hunk[] = [];
  for (const next of hunks) {
    const last = joined.at(-1);
    if (last && (isWithinRewritten(last, next, a, b) || isWithinWord(last, next, a, b))) joined[joined.length - 1] = { ...last, end: next.end, to: next.to };
    else joined.push(next);
  }
  return joined;
}

function isWithinRewritten(last: Hunk, next: Hunk, a: Pieces, b: Pieces): boolean {
  const between = sliceOf(a, last.end, next.start);
  const isReplaced = [last, next].every(({ start, end, from, to }) => end > start && to > from);
  if (!isReplaced || /[\n\r]/.test(between)) return false;
  const size = ({ start, end, from, to }: Hunk) => Math.max(sliceOf(a, start, end).length, sliceOf(b, from, to).length);
  return between.length <= Math.min(size(last), size(next));
}

/** All is one insertion within words that stayed: the word between was typed, and only looks like one that was there. */
function isWithinWord({ start, from }: Hunk, { end, to }: Hunk, a: Pieces, b: Pieces): boolean {
  const [was, is] = [sliceOf(a, start, end), sliceOf(b, from, to)];
  if (was === "" || is.length <= was.length) return false;
  let same = 0;
  while (same < was.length && was[same] === is[same]) same += 1;
  return is.endsWith(was.slice(same));
}
