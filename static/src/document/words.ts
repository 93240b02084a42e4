// The pieces of a text that a merge takes or leaves whole: words, numbers, blanks, line ends. Pure; their sum is the text.
import { charactersOf } from "../characters";

/** Stands for something in a shared text that is no character. */
export const EMBED = "\ufffc";

/** Scripts that are written without blanks between words. */
const UNSPACED = ["Han", "Hiragana", "Katakana", "Bopomofo", "Thai", "Lao", "Khmer", "Myanmar"].map((script) => `\\p{scx=${script}}`).join("");
/** What a number is counted in there, and written with. */
const COUNTER = "年月日号號時时点點刻分秒半間间円元圆圓块塊万萬億亿千百十週周泊回番人名個个";
const NUMERAL = "〇零一二三四五六七八九十百千万萬億亿";
const LETTER = String.raw`[^\s\p{P}\p{S}${UNSPACED}]`;

/** A line end, other blanks, and what stands between blanks; what stands for something else is by itself. */
const RUNS = new RegExp(String.raw`\r\n|[\n\r]|[^\S\n\r]+|${EMBED}|[^\s${EMBED}]+`, "gu");
const HAS_UNSPACED = new RegExp(`[${UNSPACED}]`, "u");
/** Within such a run: a time or an amount, a word of another script, words to be told apart, signs. */
const PARTS = new RegExp(
  [
    String.raw`\p{Sc}?\p{Nd}(?:[\p{Nd}.,:/~〜–-]*[\p{Nd}${COUNTER}]\p{M}*)*`,
    `[${NUMERAL}]+(?:[${COUNTER}][${NUMERAL}]*)+`,
    String.raw`${LETTER}+(?:[\p{P}\p{S}]+${LETTER}+)*`,
    String.raw`(?<words>(?:(?![${NUMERAL}]+[${COUNTER}])[${UNSPACED}][\p{M}\u200b-\u200d]*)+)`,
    String.raw`(?:(?!\p{Sc})[\p{P}\p{S}\p{M}\p{Cf}])+`,
    "[^]",
  ].join("|"),
  "gu",
);
const WORDS = new Intl.Segmenter(undefined, { granularity: "word" });

/** What is longer, without blanks, was written by somebody who leaves them out: it is of many words, and nobody knows which. */
const LONG_WORD = 40;
const NUMBER_OR_NOT = /\p{Nd}(?:[\p{Nd}.,:]*\p{Nd})*|[^\p{Nd}]+/gu;
/** What stands by itself, whatever is beside it. */
const SIMPLE = /^[\n\r -~\u00a0-\u00a8\u00aa-\u00ac\u00b0-\u02ff\u2010-\u2027\u3000-\u3029\u3041-\u3096\u30a1-\u30fc\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]{2}$/u;
/** So many units beside a cut tell whether it is within a character. */
const NEAR = 16;

/** Looks up words in a dictionary once for all texts that have them: `known` is what was found for each run. */
export function piecesOf(text: string, known = new Map<string, readonly string[]>()): string[] {
  const parts = (run: string): readonly string[] => {
    if (!HAS_UNSPACED.test(run)) return [run];
    const found = known.get(run) ?? partsOf(run);
    known.set(run, found);
    return found;
  };
  return whole(Array.from(text.matchAll(RUNS), ([run]) => parts(run)).flat());
}

/** Smaller pieces, for what is longer than any word: characters, and numbers as a whole. */
export function finePiecesOf(run: string): string[] {
  return whole(Array.from(run.matchAll(NUMBER_OR_NOT), ([part]) => (hasNumber(part) ? [part] : charactersOf(part))).flat());
}

/** Whether one of these is longer than any word, and none of them ends at a blank. An address is a word whatever its length. */
export function areLongRuns(versions: readonly string[]): boolean {
  return versions.every((run) => /^\S+$/u.test(run) && !run.includes("://")) && versions.some((run) => run.length > LONG_WORD);
}

/** Puts together again what is one character: a blank may carry a mark. */
function whole(parts: readonly string[]): string[] {
  const pieces: string[] = [];
  for (const part of parts) {
    const before = pieces.at(-1);
    if (before !== undefined && isOneCharacter(before, part)) pieces[pieces.length - 1] = before + part;
    else pieces.push(part);
  }
  return pieces;
}

function isOneCharacter(before: string, part: string): boolean {
  if (SIMPLE.test(before.slice(-1) + part.slice(0, 1)) || before === EMBED || part === EMBED) return false;
  const near = before.slice(-NEAR);
  return !endsAt(near + part.slice(0, NEAR), near.length);
}

/** Whether a character ends at `index`. */
function endsAt(text: string, index: number): boolean {
  let at = 0;
  for (const character of charactersOf(text)) {
    if (at >= index) break;
    at += character.length;
  }
  return at === index;
}

function partsOf(run: string): readonly string[] {
  return [...run.matchAll(PARTS)].flatMap(({ 0: part, groups }) =>
    groups?.["words"] === undefined ? [part] : Array.from(WORDS.segment(part), ({ segment }) => segment),
  );
}

export function isLineEnd(piece: string): boolean {
  return piece === "\n" || piece === "\r\n" || piece === "\r";
}

export function isBlank(text: string): boolean {
  return text.trim() === "";
}

export function hasNumber(text: string): boolean {
  return /\p{Nd}/u.test(text);
}

/** Whether two texts that have come to lie side by side would read as one word. */
export function runTogether(before: string, after: string): boolean {
  return /[^\s\p{Ps}\p{Pi}、。，！？；：・]$/u.test(before) && /^[^\s\p{Pe}\p{Pf}.,!?;:…、。，！？；：・]/u.test(after);
}

/** Whether both are of scripts without blanks, where they meet. */
export function meetUnspaced(before: string, after: string): boolean {
  return HAS_UNSPACED.test([...before.slice(-2)].at(-1) ?? "") && HAS_UNSPACED.test([...after.slice(0, 2)][0] ?? "");
}

/** Whether `text` may be parted at `index`: no number and no character is cut. */
export function mayPart(text: string, index: number): boolean {
  const [start, rest] = [text.slice(0, index), text.slice(index)];
  if (/\p{Nd}$/u.test(start) && /^[.,:]?\p{Nd}/u.test(rest)) return false;
  return endsAt(text, index);
}
