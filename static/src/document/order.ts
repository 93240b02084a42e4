// Where things stand in a list: order keys, their comparison, and which keys a drop has to write. Pure.
import {
  generateJitteredKeyBetween,
  generateKeyBetween,
  generateNJitteredKeysBetween,
} from "fractional-indexing-jittered";

/** One thing of an ordered list, as it is rendered. */
export interface Keyed {
  readonly id: string;
  readonly key: string;
}

/** Bytewise on UTF-8. UTF-16 order differs from it only where a surrogate meets U+E000..U+FFFF. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

export function compareKeyed(a: Keyed, b: Keyed): number {
  return compareBytes(a.key, b.key) || compareBytes(a.id, b.id);
}

/** The n-th (from 0) integer key: "a0" … "az", "b00" … */
export function nthKey(n: number): string {
  let rest = n;
  for (let digits = 1; ; digits++) {
    const size = 62 ** digits;
    if (rest < size) return String.fromCharCode(96 + digits) + base62(rest, digits);
    rest -= size;
  }
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function base62(value: number, digits: number): string {
  let text = "";
  for (let rest = value, i = 0; i < digits; i++, rest = Math.floor(rest / 62)) {
    text = DIGITS.charAt(rest % 62) + text;
  }
  return text;
}

/** The next plain key after `key`: the same for everybody, so that equal acts make equal data. */
export function keyAfter(key: string | null): string {
  try {
    const next = generateKeyBetween(key, null);
    if (key === null || compareBytes(key, next) < 0) return next;
  } catch {
    // A key that no client of ours made: whatever starts with it comes after it.
  }
  return `${key ?? ""}V`;
}

/**
 * The keys to write so that `id` stands right behind `after` (null: first) in `list`, which is in
 * order and does not hold `id`. Usually one; where its neighbours' keys leave no room between them
 * (equal, or made by something else), the run around the gap gets new keys.
 */
export function place(list: readonly Keyed[], id: string, after: string | null): Map<string, string> {
  const gap = after === null ? 0 : list.findIndex((item) => item.id === after) + 1;
  // Grow the run by one neighbour on each side that is in the way until keys fit between its ends.
  for (let from = gap, to = gap; ; ) {
    const ids = [...list.slice(from, gap), { id }, ...list.slice(gap, to)].map((item) => item.id);
    const lower = list[from - 1]?.key ?? null;
    const upper = list[to]?.key ?? null;
    const keys = keysBetween(lower, upper, ids.length);
    if (keys) return new Map(ids.map((each, i) => [each, keys[i] ?? ""]));
    [from, to] = widen(list, from, to);
  }
}

/** Takes in the whole run of equal keys at both ends, or at least one more item. */
function widen(list: readonly Keyed[], from: number, to: number): [number, number] {
  const lower = list[from - 1]?.key;
  const upper = list[to]?.key;
  let [start, end] = [from, to];
  if (lower !== undefined && (lower === upper || !isUsable(lower) || upper === undefined)) {
    while (start > 0 && list[start - 1]?.key === lower) start -= 1;
  }
  if (upper !== undefined && (lower === upper || !isUsable(upper) || lower === undefined)) {
    while (end < list.length && list[end]?.key === upper) end += 1;
  }
  // Both look fine and still nothing fits between: take both in.
  return start === from && end === to ? [Math.max(0, from - 1), Math.min(list.length, to + 1)] : [start, end];
}

function isUsable(key: string): boolean {
  return keysBetween(key, null, 1) !== null && keysBetween(null, key, 1) !== null;
}

/** `count` jittered keys strictly between the two, in order; null where there are none. */
function keysBetween(lower: string | null, upper: string | null, count: number): string[] | null {
  if (lower !== null && upper !== null && compareBytes(lower, upper) >= 0) return null;
  try {
    const keys =
      count === 1
        ? [generateJitteredKeyBetween(lower, upper)]
        : generateNJitteredKeysBetween(lower, upper, count);
    const whole = [lower, ...keys, upper].filter((key) => key !== null);
    const ascending = whole.every((key, i) => i === 0 || compareBytes(whole[i - 1] ?? "", key) < 0);
    return ascending && keys.every((key) => /^[0-9A-Za-z]+$/.test(key)) ? keys : null;
  } catch {
    return null;
  }
}
