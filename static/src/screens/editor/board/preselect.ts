// Which suggestion Enter takes without an arrow key: one that goes on from what was typed, never one that only resembles it.

/** The index of the first label that begins with `query`, or 0 for initial consonants alone; -1: Enter takes the text as it is. */
export function preselect(query: string, labels: readonly string[]): number {
  const wanted = fold(query);
  if (labels.length === 0 || wanted === "") return -1;
  if (/^[ㄱ-ㅎ ]+$/.test(wanted)) return 0;
  return labels.findIndex((label) => fold(label).startsWith(wanted));
}

function fold(text: string): string {
  return text.normalize("NFC").toLocaleLowerCase().replace(/\s+/g, " ").trim();
}
