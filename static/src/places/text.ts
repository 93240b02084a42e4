// How names and queries are compared: Latin without accents, Hangul by its letters and by its initials. Pure.
import { disassemble } from "es-hangul";

const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const FIRST = 0xac00;
const LAST = 0xd7a3;
const PER_INITIAL = 588;

/** Lower case, no accents, no spaces and punctuation; Hangul as its letters: "제주 도" → "ㅈㅔㅈㅜㄷㅗ". */
export function fold(text: string): string {
  const latin = text.normalize("NFD").replace(/\p{M}/gu, "").normalize("NFC").toLowerCase();
  const bare = latin
    .replace(/[\s\p{P}\p{S}]/gu, "")
    .replace(/ß/g, "ss")
    .replace(/ø/g, "o")
    .replace(/ł/g, "l")
    .replace(/đ/g, "d");
  return /[가-힣ㄱ-ㅣ]/.test(bare) ? disassemble(bare) : bare;
}

/** "제주도" → "ㅈㅈㄷ"; other characters are left out. */
export function initials(text: string): string {
  let result = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= FIRST && code <= LAST) result += INITIALS.charAt(Math.floor((code - FIRST) / PER_INITIAL));
  }
  return result;
}

/** Whether somebody types initials only: "ㅈㅈㄷ". */
export function isInitials(query: string): boolean {
  const bare = query.replace(/\s/g, "");
  return bare !== "" && [...bare].every((character) => INITIALS.includes(character));
}

/** Where `query` stands in `label`, as UTF-16 offsets; null if it is not seen there. */
export function findMatch(label: string, query: string): readonly [number, number] | null {
  const form = isInitials(query) ? initials : fold;
  const wanted = isInitials(query) ? query.replace(/\s/g, "") : fold(query);
  if (wanted === "") return null;
  for (let start = 0; start < label.length; start++) {
    if (!form(label.slice(start)).startsWith(wanted) || form(label.charAt(start)) === "") continue;
    for (let end = start + 1; end <= label.length; end++) {
      if (form(label.slice(start, end)).length >= wanted.length) return [start, end];
    }
  }
  return null;
}
