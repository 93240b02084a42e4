// The merge of two texts that came from one: each one's words stay whole and in order, what either typed stays. Pure.
import { align, inFinePieces, inPieces, sliceOf, type Hunk as Change, type Pieces } from "./align";
import type { Splice } from "./diff";
import { applyAll, hunks } from "./hunks";
import { areLongRuns, hasNumber, isBlank, isLineEnd, meetUnspaced, runTogether } from "./words";

/**
 * What has to be done to `theirs` so that it says what was done to `mine` since `base`. What both wrote at one place
 * stands there one after the other, theirs first; what one took away goes, but for what the other wrote within it.
 * Without a base nobody knows who removed what: then everything that either says is kept.
 */
export function mergeTexts(base: string | null, mine: string, theirs: string): Splice[] {
  if (base === theirs) return hunks(theirs, mine);
  if (base === mine || mine === theirs) return [];
  const [b, m, t] = inPieces(base ?? "", mine, theirs);
  const texts = { base: b, mine: m, theirs: t, areWords: true };
  return splicesOf(base === null ? bothOf(texts) : mergedOf(texts), t, blankBetween);
}

/** The same within a run that is longer than any word. */
function mergeRuns(base: string, mine: string, theirs: string): Splice[] {
  const [b, m, t] = inFinePieces(base, mine, theirs);
  return splicesOf(mergedOf({ base: b, mine: m, theirs: t, areWords: false }), t, () => "");
}

interface Texts {
  readonly mine: Pieces;
  readonly theirs: Pieces;
  /** A piece says something by itself. */
  readonly areWords: boolean;
}

interface Versions extends Texts {
  readonly base: Pieces;
}

/** A stretch of the merged text: some of theirs that stays, with what is changed within it, or else some of mine. */
interface Stretch {
  readonly text: string;
  readonly keep: Span;
  readonly changes: readonly Splice[];
  /** Where it begins and ends in mine and in theirs; -1: elsewhere. */
  readonly mine: Span;
  readonly theirs: Span;
  /** What parts it from the stretch before it, if they have never met. */
  readonly gap: "line gone" | "alternative" | null;
}

/** What one side did at one place; `isSaid`: the other has written the same there. */
interface Hunk extends Change {
  readonly isSaid?: boolean;
}

type Span = readonly [from: number, to: number];
const NOWHERE: Span = [-1, -1];

function mergedOf(texts: Versions): Stretch[] {
  const { base } = texts;
  const [ours, others] = alternatives(align(base, texts.mine), align(base, texts.theirs), texts);
  const [mine, theirs] = [new Side(unsaid(ours, others, texts)), new Side(others)];
  const merged: Stretch[] = [];
  let isLineGone = false;
  const push = (stretch: Stretch) => {
    merged.push(isLineGone ? { ...stretch, gap: "line gone" } : stretch);
    isLineGone = false;
  };
  for (let at = 0; ; ) {
    written(mine.at(at), theirs.at(at), texts).forEach(push);
    if (at === base.pieces.length) return merged;
    const until = Math.min(mine.next, theirs.next, base.pieces.length);
    const kept = Math.min(until, Math.max(at, mine.goneUntil, theirs.goneUntil));
    isLineGone ||= base.pieces.slice(at, kept).some(isLineEnd);
    if (kept < until) push(fromBoth(texts, mine.where(kept, until), theirs.where(kept, until)));
    at = until;
  }
}

function bothOf(texts: Texts): Stretch[] {
  const merged: Stretch[] = [];
  let [m, t] = [0, 0];
  for (const { start, end, from, to } of [...align(texts.theirs, texts.mine), endOf(texts)]) {
    if (t < start) merged.push(fromBoth(texts, [m, from], [t, start]));
    merged.push(...united(texts, [from, to], [start, end]));
    [m, t] = [to, end];
  }
  return merged;
}

function endOf({ mine, theirs }: Texts): Hunk {
  const [start, from] = [theirs.pieces.length, mine.pieces.length];
  return { start, end: start, from, to: from };
}

/** What one side did to the base, place by place. */
class Side {
  readonly #hunks: readonly Hunk[];
  #at = 0;
  /** So many pieces more than the base this side has up to here. */
  #ahead = 0;
  /** Up to there it has taken everything away. */
  goneUntil = 0;

  constructor(hunks: readonly Hunk[]) {
    this.#hunks = hunks;
  }

  /** Where something was done next. */
  get next(): number {
    return this.#hunks[this.#at]?.start ?? Infinity;
  }

  /** What was done at this place of the base; places are asked for in order. */
  at(place: number): Hunk | null {
    const hunk = this.#hunks[this.#at];
    if (hunk?.start !== place) return null;
    this.#at += 1;
    this.goneUntil = hunk.end;
    this.#ahead = hunk.to - hunk.end;
    return hunk;
  }

  /** Where pieces of the base that it has kept are in it. */
  where(from: number, to: number): Span {
    return [from + this.#ahead, to + this.#ahead];
  }
}

/** The same, but what they wrote at or within what mine changed is not written once more: they may have it from here. */
function unsaid(mine: readonly Hunk[], theirs: readonly Hunk[], texts: Versions): Hunk[] {
  return mine.map((hunk) => {
    const part = sliceOf(texts.mine, hunk.from, hunk.to).trim();
    const isThere = ({ start, end, from, to }: Hunk) => start <= hunk.end && end >= hunk.start && placeIn(texts.theirs, [from, to], part) >= 0;
    return part !== "" && texts.areWords && theirs.some(isThere) ? { ...hunk, isSaid: true } : hunk;
  });
}

/** What was written at one place of the base. What stands before a word stays before what came in that word's place. */
function written(mine: Hunk | null, theirs: Hunk | null, texts: Versions): Stretch[] {
  const [m, t] = [mine, theirs].map((hunk): Span => (hunk && hunk.isSaid !== true ? [hunk.from, hunk.to] : [0, 0])) as [Span, Span];
  if (mine === null || theirs === null || m[0] === m[1] || t[0] === t[1]) return united(texts, m, t);
  const [mineIsNew, theirsIsNew] = [mine, theirs].map(({ start, end }) => start === end);
  if (mineIsNew !== theirsIsNew) return mineIsNew ? [fromMine(texts, m), fromTheirs(texts, t)] : [fromTheirs(texts, t), fromMine(texts, m)];
  const [before, ours, others] = [sliceOf(texts.base, mine.start, mine.end), sliceOf(texts.mine, ...m), sliceOf(texts.theirs, ...t)];
  if (mine.end !== theirs.end || !areLongRuns([before, ours, others])) return united(texts, m, t);
  const changes = mergeRuns(before, ours, others);
  return [{ ...fromBoth(texts, m, t), text: applyAll(others, changes), changes }];
}

/** Both; once where they are the same, or where the words of the one are among those of the other. */
function united(texts: Texts, mine: Span, theirs: Span): Stretch[] {
  const [m, t] = [sliceOf(texts.mine, ...mine), sliceOf(texts.theirs, ...theirs)];
  const all = fromBoth(texts, mine, theirs);
  if (m === "") return t === "" ? [] : [{ ...all, mine: NOWHERE }];
  if (t === "") return [fromMine(texts, mine)];
  if (m === t) return [all];
  if (!texts.areWords) return [{ ...all, mine: NOWHERE }, fromMine(texts, mine)];
  const [inMine, inTheirs] = [placeIn(texts.mine, mine, t), placeIn(texts.theirs, theirs, m)];
  if (inMine >= 0) {
    const [before, behind] = [m.slice(0, inMine), m.slice(inMine + t.length)];
    const changes = [{ index: 0, remove: 0, insert: before }, { index: t.length, remove: 0, insert: behind }].filter(({ insert }) => insert !== "");
    return [{ ...all, text: m, changes, theirs: [before === "" ? theirs[0] : -1, behind === "" ? theirs[1] : -1] }];
  }
  if (inTheirs >= 0) return [{ ...all, mine: [inTheirs === 0 ? mine[0] : -1, inTheirs + m.length === t.length ? mine[1] : -1] }];
  return [{ ...all, mine: NOWHERE }, { ...fromMine(texts, mine), gap: "alternative" }];
}

/** Where in what is in `span` the words of `part` are; -1: nowhere. */
function placeIn({ text, at }: Pieces, [from, to]: Span, part: string): number {
  const [start, end] = [at[from] ?? 0, at[to] ?? 0];
  const ends = new Set(at.slice(from, to + 1));
  const isEnd = (index: number) => ends.has(index) || isBlank(text.charAt(index - 1)) || isBlank(text.charAt(index));
  for (let place = text.indexOf(part, start); place >= 0 && place + part.length <= end; place = text.indexOf(part, place + 1)) {
    if (isEnd(place) && isEnd(place + part.length)) return place - start;
  }
  return -1;
}

function fromMine({ mine }: Texts, span: Span): Stretch {
  return { text: sliceOf(mine, ...span), keep: NOWHERE, changes: [], mine: span, theirs: NOWHERE, gap: null };
}

function fromBoth(texts: Texts, mine: Span, theirs: Span): Stretch {
  return { ...fromTheirs(texts, theirs), mine };
}

function fromTheirs({ theirs }: Texts, span: Span): Stretch {
  return { text: sliceOf(theirs, ...span), keep: span, changes: [], mine: NOWHERE, theirs: span, gap: null };
}

/**
 * A time, a date, an amount is of several words, or of two people none: where both changed words side by side, with a
 * number among them, the words of each stay together.
 */
function alternatives(mine: readonly Hunk[], theirs: readonly Hunk[], texts: Versions): [Hunk[], Hunk[]] {
  const sides = { mine: [...mine], theirs: [...theirs] };
  for (let i = 0, j = 0; i < sides.mine.length && j < sides.theirs.length; ) {
    const [m, t] = [sides.mine[i] as Hunk, sides.theirs[j] as Hunk];
    const isApart = m.start !== t.start || m.end !== t.end;
    if (isApart && isOneThing(m, t, texts) && isNumber(m, t, texts)) {
      const span: Span = [Math.min(m.start, t.start), Math.max(m.end, t.end)];
      i = widen(sides.mine, i, span);
      j = widen(sides.theirs, j, span);
    } else if (m.end < t.end || (m.end === t.end && m.start < t.start)) i += 1;
    else j += 1;
  }
  return [sides.mine, sides.theirs];
}

/** Both replaced something, and nothing but blanks of one line is between. */
function isOneThing(a: Hunk, b: Hunk, { base }: Versions): boolean {
  if ([a, b].some(({ start, end, from, to }) => start === end || from === to)) return false;
  const between = sliceOf(base, Math.min(a.end, b.end), Math.max(a.start, b.start));
  return isBlank(between) && !/[\n\r]/.test(between);
}

function isNumber(m: Hunk, t: Hunk, { base, mine, theirs }: Versions): boolean {
  const was = [m, t].map(({ start, end }) => sliceOf(base, start, end));
  return hasNumber([...was, sliceOf(mine, m.from, m.to), sliceOf(theirs, t.from, t.to)].join(" "));
}

/** Makes the hunk at `i` one of all that lies in `span` of the base, with those that it meets; returns where it is then. */
function widen(hunks: Hunk[], i: number, [start, end]: Span): number {
  let last = i;
  while ((hunks[last + 1]?.start ?? Infinity) <= end) last += 1;
  let first = i;
  while ((hunks[first - 1]?.end ?? -1) >= start) first -= 1;
  const [a, b] = [hunks[first] as Hunk, hunks[last] as Hunk];
  const from = a.from - Math.max(0, a.start - start);
  const to = b.to + Math.max(0, end - b.end);
  hunks.splice(first, last - first + 1, { start: Math.min(a.start, start), end: Math.max(b.end, end), from, to });
  return first;
}

function splicesOf(merged: readonly Stretch[], theirs: Pieces, blankBetween: (a: Stretch, b: Stretch) => string): Splice[] {
  const splices: Splice[] = [];
  let [at, insert] = [0, ""];
  const close = (until: number) => {
    const [index, end] = [theirs.at[at] ?? 0, theirs.at[until] ?? theirs.text.length];
    if (end > index || insert !== "") splices.push({ index, remove: end - index, insert });
    insert = "";
  };
  for (const [i, stretch] of merged.entries()) {
    const before = merged[i - 1];
    if (before) insert += blankBetween(before, stretch);
    if (stretch.keep === NOWHERE) {
      insert += stretch.text;
      continue;
    }
    const [from, to] = stretch.keep;
    close(from);
    splices.push(...stretch.changes.map((change) => ({ ...change, index: change.index + (theirs.at[from] ?? 0) })));
    at = to;
  }
  close(theirs.pieces.length);
  return splices;
}

/** What has never stood side by side does not become one word, nor what was on two lines one line. */
function blankBetween(a: Stretch, b: Stretch): string {
  if (isMet(a.mine, b.mine) || isMet(a.theirs, b.theirs)) return "";
  if (b.gap === "line gone") return /[\n\r]$/.test(a.text) || /^[\n\r]/.test(b.text) ? "" : "\n";
  if (!runTogether(a.text, b.text)) return "";
  if (b.gap === "alternative") return /[\n\r]/.test(a.text + b.text) ? "\n" : " ";
  return meetUnspaced(a.text, b.text) ? "" : " ";
}

function isMet(a: Span, b: Span): boolean {
  return a[1] >= 0 && a[1] === b[0];
}
