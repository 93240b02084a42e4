// What people see of a text, as the server counts it: characters, what of them is invisible, where a text may be cut.

/** The most bytes of a text for each character that it may have: the longest emoji have 35. */
export const BYTES_PER_CHARACTER = 36;

const CHARACTERS = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** White space, controls, what Unicode calls ignorable by default, and what is drawn empty. */
const INVISIBLE =
  /^[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb\u{16fe4}\u{1d159}]*$/u;
/** What turns the reading direction; phones put it around a name that is pasted. */
const DIRECTION_MARKS = /[\u061c\u200e\u200f\u202a-\u202d\u2066-\u206f]/gu;
/** Selectors say how the character before them looks; tags do so for one flag. */
const SELECTOR = /[\u180b-\u180d\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]$/u;
const TAG = /[\u{e0020}-\u{e007f}]$/u;
const FLAG = "\u{1f3f4}";

const bytes = new TextEncoder();

/** How many characters people see: a family of emoji is one. */
export function lengthOf(text: string): number {
  let count = 0;
  for (const _ of CHARACTERS.segment(text)) count += 1;
  return count;
}

/** The characters of a text as a person counts them. */
export function charactersOf(text: string): string[] {
  return Array.from(CHARACTERS.segment(text), ({ segment }) => segment);
}

/** The first so many characters, none of them in half; and of no more bytes than as many may have. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text; // each character has a unit at least, and three bytes a unit at most
  let left = most * BYTES_PER_CHARACTER;
  let characters = 0;
  for (const { segment, index } of CHARACTERS.segment(text)) {
    left -= bytes.encode(segment).length;
    if (characters === most || left < 0) return text.slice(0, index);
    characters += 1;
  }
  return text;
}

/** As many whole characters as so many UTF-16 units hold. */
export function cutUnits(text: string, max: number): string {
  if (text.length <= max) return text;
  if (max <= 0) return "";
  return text.slice(0, CHARACTERS.segment(text).containing(max)?.index ?? 0);
}

/** The text without what nobody sees at its ends, and without marks of the reading direction; "" if nothing is to be seen. */
export function visible(text: string): string {
  const characters = [...CHARACTERS.segment(text.replace(DIRECTION_MARKS, ""))].map(({ segment }) => segment);
  const first = characters.findIndex((character) => !INVISIBLE.test(character));
  if (first < 0) return "";
  let end = characters.length;
  while (INVISIBLE.test(characters[end - 1] ?? "x")) end -= 1;
  return characters.slice(first, end - 1).join("") + bare(characters[end - 1] ?? "");
}

/** Whether each code point of it alone leaves no ink. */
export function isInvisible(text: string): boolean {
  return INVISIBLE.test(text);
}

/** Whether somebody sees anything of it. */
export function isVisible(text: string): boolean {
  return visible(text) !== "";
}

/** A visible character without what hangs on its end unseen. */
function bare(character: string): string {
  const points = [...character];
  const belongs = (rest: string) => SELECTOR.test(rest) || (TAG.test(rest) && rest.startsWith(FLAG));
  while (INVISIBLE.test(points.at(-1) ?? "x") && !belongs(points.join(""))) points.pop();
  return points.join("");
}
