// Which item of a menu a key moves the focus to.
import { foldLetters } from "../text/fold";

/** The index that `key` leads to from `current` (-1: none yet), or null when the key is not for the menu. */
export function nextItem(texts: readonly string[], current: number, key: string): number | null {
  const count = texts.length;
  if (count === 0) return null;
  if (key === "ArrowDown") return (current + 1) % count;
  if (key === "ArrowUp") return current <= 0 ? count - 1 : current - 1;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return [...key].length === 1 && key !== " " ? byLetter(texts, current, key) : null;
}

function byLetter(texts: readonly string[], current: number, letter: string): number | null {
  const wanted = foldLetters(letter);
  if (wanted === "") return null;
  for (let step = 1; step <= texts.length; step++) {
    const index = (Math.max(current, -1) + step) % texts.length;
    if (foldLetters(texts[index] ?? "").startsWith(wanted)) return index;
  }
  return null;
}
