// The one way in which what somebody types is compared with what is written: without case, accents, width, spaces and
// punctuation; Hangul by its letters and by its initials. Pure.
import { disassemble } from "es-hangul";

const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const FIRST = 0xac00;
const LAST = 0xd7a3;
const PER_INITIAL = 588;
/** Letters that are no base letter with a mark, by what people type for them. */
const LETTERS: Readonly<Record<string, string>> = {
  ...{ ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ł: "l", þ: "th", ı: "i", ħ: "h", ŧ: "t", ŋ: "n", ĸ: "k" },
  ...{ ə: "e", ɛ: "e", ɔ: "o", ɓ: "b", ɗ: "d", ɖ: "d", ƙ: "k", ƴ: "y", ƒ: "f", ɣ: "g", ʋ: "v", ɲ: "n", ɨ: "i", ʉ: "u" },
  ...{ ς: "σ", ґ: "г", ة: "ه", ى: "ي", ی: "ي", ک: "ك", ٱ: "ا" },
};
const SPECIAL = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "gu");
/** Marks over Latin, Greek, Cyrillic, Hebrew and Arabic letters; those of other scripts are letters of their own. */
const MARKS =
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/g;
/** Spaces, punctuation, symbols, what can't be seen, and marks that stand alone (the Hawaiian okina). */
const LEFT_OUT = /[\s\p{P}\p{S}\p{C}\u02b0-\u02ff]/gu;

/** Comparable, with Hangul in syllables: "São  Paulo" → "saopaulo", "Ｔｏｋｙｏ" → "tokyo", "ひらがな" → "ヒラガナ". */
export function fold(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase().replace(/[^a-z0-9]/g, "");
  return composed(text)
    .toLowerCase()
    .normalize("NFD")
    .replace(MARKS, "")
    .normalize("NFC")
    .replace(LEFT_OUT, "")
    .replace(SPECIAL, (letter) => LETTERS[letter] ?? letter)
    .replace(/[\u3041-\u3096]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60));
}

/** Comparable, with Hangul in letters, so that a syllable that is half typed fits: "제주 도" → "ㅈㅔㅈㅜㄷㅗ". */
export function foldLetters(text: string): string {
  return fold(text).replace(/[가-힣ㄱ-ㅣ]/g, lettersOf);
}

/** There are a few thousand syllables at most, and many names. */
const letters = new Map<string, string>();

function lettersOf(syllable: string): string {
  let known = letters.get(syllable);
  if (known === undefined) letters.set(syllable, (known = disassemble(syllable)));
  return known;
}

/** "제주도" → "ㅈㅈㄷ"; other characters are left out. */
export function initials(text: string): string {
  let result = "";
  for (const character of composed(text)) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= FIRST && code <= LAST) result += INITIALS.charAt(Math.floor((code - FIRST) / PER_INITIAL));
  }
  return result;
}

/** Whether somebody types initials only: "ㅈㅈㄷ". */
export function isInitials(query: string): boolean {
  const bare = composed(query).replace(/\s/g, "");
  return bare !== "" && [...bare].every((character) => INITIALS.includes(character));
}

/** How a text fits what was typed, best first. */
export type Fit = "whole" | "start" | "word" | "inside";

/** What was typed, ready to be compared with many texts. */
export interface Needle {
  /** Null: it does not fit. */
  fits(text: Comparable): Fit | null;
}

/** A text in the forms in which it is compared. */
export interface Comparable {
  readonly raw: string;
  readonly letters: string;
  readonly initials: string;
  /** Where its words begin in `letters`, but for the first. */
  readonly words: readonly number[];
}

export function comparable(raw: string): Comparable {
  const words: number[] = [];
  let from = 0;
  for (const word of raw.split(/[\s\p{P}]+/u)) {
    const length = foldLetters(word).length;
    if (from > 0 && length > 0) words.push(from);
    from += length;
  }
  return { raw, letters: foldLetters(raw), initials: initials(raw), words };
}

/** Null: there is nothing to look for. */
export function needle(query: string): Needle | null {
  if (isInitials(query)) {
    const wanted = composed(query).replace(/\s/g, "");
    return { fits: (text) => fit(text.initials, wanted, []) ?? fit(text.letters, wanted, text.words) };
  }
  const wanted = foldLetters(query);
  if (wanted !== "") return { fits: (text) => fit(text.letters, wanted, text.words) };
  const sign = query.normalize("NFC").trim(); // "🍜" or "!?" alone
  return sign === "" ? null : { fits: (text) => fit(text.raw.normalize("NFC"), sign, []) };
}

/** Where `query` stands in `label`, as UTF-16 offsets; null if it is not seen there. */
export function findMatch(label: string, query: string): readonly [number, number] | null {
  const form = isInitials(query) ? initials : foldLetters;
  const wanted = isInitials(query) ? composed(query).replace(/\s/g, "") : foldLetters(query);
  if (wanted === "") return null;
  for (let start = 0; start < label.length; start++) {
    if (!form(label.slice(start)).startsWith(wanted) || form(label.charAt(start)) === "") continue;
    for (let end = start + 1; end <= label.length; end++) {
      if (form(label.slice(start, end)).length >= wanted.length) return [start, end];
    }
  }
  return null;
}

function fit(text: string, wanted: string, words: readonly number[]): Fit | null {
  const at = text.indexOf(wanted);
  if (at < 0) return null;
  if (at === 0) return text.length === wanted.length ? "whole" : "start";
  return words.some((word) => text.startsWith(wanted, word)) ? "word" : "inside";
}

/** One form for one character, whatever its width; the Hangul letters that keyboards give stay as they are. */
function composed(text: string): string {
  return text
    .replace(/[^\u3131-\u318e]+/g, (part) => part.normalize("NFKC"))
    .replace(/[\u1100-\u1112]/g, (jamo) => INITIALS.charAt(jamo.charCodeAt(0) - 0x1100));
}
