// Where the carets of peers stand in a text: the text cut into pieces with the carets between them.
import type { Caret } from "../../../document/types";

export type Part = { text: string; caret?: undefined } | { text?: undefined; caret: Caret };

/** Carets beyond the text (a peer is ahead of us) stand at its end. */
export function cutAtCarets(text: string, carets: readonly Caret[]): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const caret of [...carets].sort((a, b) => a.head - b.head)) {
    const at = Math.max(from, Math.min(caret.head, text.length));
    if (at > from) parts.push({ text: text.slice(from, at) });
    parts.push({ caret });
    from = at;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}
