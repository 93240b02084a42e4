// Korean particles, which go by the sound that the word before them ends in: 섬을, 바다를. Pure.
import { josa } from "es-hangul";

type Pair = Parameters<typeof josa.pick>[1];

/** How digits and Latin letters that end in a consonant are read. */
const READ: Readonly<Record<string, string>> = {
  ...{ 0: "영", 1: "일", 2: "이", 3: "삼", 4: "사", 5: "오", 6: "육", 7: "칠", 8: "팔", 9: "구" },
  ...{ l: "엘", m: "엠", n: "엔", r: "알" },
};
/** Where the sound is not known, Korean writes both: 을(를). */
const BOTH: Readonly<Record<string, string>> = { "으로/로": "(으)로", "이에요/예요": "(이)에요", "이라/라": "(이)라" };

/** The one of `pair` ("을/를") that fits after `word`. */
export function particleAfter(word: string, pair: string): string {
  const last = [...word.normalize("NFC")].filter((letter) => /[\p{L}\p{N}]/u.test(letter)).at(-1) ?? "";
  const sound = /[가-힣]/.test(last) ? last : soundOf(word, last);
  if (sound !== null) return josa.pick(sound, pair as Pair);
  const [closed = "", open = ""] = pair.split("/");
  return BOTH[pair] ?? `${closed}(${open})`;
}

/** A digit is read by itself; a letter only where it stands alone, as in an abbreviation. */
function soundOf(word: string, last: string): string | null {
  if (/[0-9]/.test(last)) return READ[last] ?? null;
  const abbreviation = /(^|[^A-Za-z])[A-Z]+[^\p{L}\p{N}]*$/u.test(word);
  return abbreviation && /[A-Z]/.test(last) ? (READ[last.toLowerCase()] ?? "가") : null;
}
