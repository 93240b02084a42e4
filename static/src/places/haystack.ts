// Many short texts as one long one, so that looking through all of them for what was typed takes a millisecond or two. Pure.
import type { Fit } from "../text/fold";

/** Before a text that is the end of another one, from the beginning of a word on. */
export const WORD = "\u0001";
const BAR = "|";

export class Haystack {
  readonly #text: string;
  /** Where the texts of each owner begin, ascending. */
  readonly #starts: Uint32Array;

  /** The texts of each owner; none holds a bar. */
  constructor(owners: readonly (readonly string[])[]) {
    const parts: string[] = [];
    this.#starts = new Uint32Array(owners.length);
    let length = 0;
    owners.forEach((texts, i) => {
      this.#starts[i] = length;
      if (texts.length === 0) return;
      const part = `${BAR}${texts.join(BAR)}${BAR}`;
      parts.push(part);
      length += part.length;
    });
    this.#text = parts.join("");
  }

  /** Tells of each place where it is found, with the owner's index; an owner may be told of several times. */
  find(wanted: string, tell: (owner: number, fit: Fit) => void): void {
    if (wanted === "") return;
    let owner = 0;
    for (let at = this.#text.indexOf(wanted); at >= 0; at = this.#text.indexOf(wanted, at + 1)) {
      owner = this.#ownerOf(at, owner);
      tell(owner, this.#fit(at, wanted.length));
    }
  }

  #fit(at: number, length: number): Fit {
    const before = this.#text[at - 1];
    if (before === WORD) return "word";
    if (before !== BAR) return "inside";
    return this.#text[at + length] === BAR ? "whole" : "start";
  }

  /** The last one that begins at or before `at`; `from`: not before this one. */
  #ownerOf(at: number, from: number): number {
    let [low, high] = [from, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
