// The answers to what is typed into a place search: which text they are for, and what Enter means before one is there. Pure but for time.
import type { Found } from "../../../places";
import { preselect } from "./preselect";

/** What Enter means for a text: a place, or the text itself. */
export type Taken =
  | { readonly found: Found }
  /** `late`: whether it is a place could not be found out. */
  | { readonly text: string; readonly late: boolean };

export interface Shown {
  /** The text that this is the answer to. */
  readonly text: string;
  readonly found: readonly Found[];
  /** The suggestion that Enter takes; -1: the text itself. */
  readonly best: number;
  /** Whether the search could not answer. */
  readonly failed: boolean;
}

export const NOTHING: Shown = { text: "", found: [], best: -1, failed: false };

/** So long Enter waits for the answer to its text. */
export const WAIT_MS = 4_000;

export class Asking {
  readonly #search: (text: string) => Promise<readonly Found[]>;
  readonly #show: (shown: Shown) => void;
  readonly #mustChoose: boolean;
  #asked = "";
  #shown = NOTHING;
  /** Who pressed Enter first is served first. */
  #line: Promise<unknown> = Promise.resolve();

  /** `mustChoose`: a text that is no place is of no use. */
  constructor(
    search: (text: string) => Promise<readonly Found[]>,
    show: (shown: Shown) => void,
    mustChoose: boolean,
  ) {
    this.#search = search;
    this.#show = show;
    this.#mustChoose = mustChoose;
  }

  /** Whether what is shown answers this text. */
  answers(text: string): boolean {
    return this.#shown.text === text;
  }

  /** The text has changed: its answer is shown once it is there, unless another text has been typed meanwhile. */
  async typed(text: string): Promise<void> {
    this.#asked = text;
    if (text === "") return this.#put(NOTHING);
    const shown = await this.#ask(text);
    if (this.#asked === text) this.#put(shown);
  }

  /**
   * What Enter takes for `text`: of the suggestions that are shown for it, the one at `active`; before they are there,
   * the one that will be chosen then. Null: nothing is to be had for it.
   */
  enter(text: string, active: number): Promise<Taken | null> {
    const now = this.answers(text) ? { ...this.#shown, best: active } : null;
    const taken = this.#line.then(async () => this.#taken(now ?? (await this.#inTime(text))));
    this.#line = taken.catch(() => undefined);
    return taken;
  }

  /** The field was emptied: nothing is asked for any more. */
  clear(): void {
    this.#asked = "";
    this.#put(NOTHING);
  }

  #taken({ text, found, best, failed }: Shown): Taken | null {
    const chosen = found[best];
    if (chosen) return { found: chosen };
    return this.#mustChoose ? null : { text, late: failed };
  }

  async #ask(text: string): Promise<Shown> {
    try {
      const found = await this.#search(text);
      const best = preselect(found);
      return { text, found, best: this.#mustChoose && found.length > 0 ? Math.max(0, best) : best, failed: false };
    } catch {
      return { text, found: [], best: -1, failed: true };
    }
  }

  #inTime(text: string): Promise<Shown> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve({ text, found: [], best: -1, failed: true }), WAIT_MS);
      void this.#ask(text).then((shown) => {
        clearTimeout(late);
        resolve(shown);
      });
    });
  }

  #put(shown: Shown): void {
    this.#shown = shown;
    this.#show(shown);
  }
}
