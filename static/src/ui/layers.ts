// What lies over a page (dialogs, sheets, drawers) as entries of the browser's history: Back closes the topmost and leaves the page only when nothing is open.

/** The part of the browser's history that is needed. */
export interface Entries {
  /** How many layers the current entry stands for. */
  depth(): number;
  push(depth: number): void;
  /** Asynchronous, as the browser's is: `popped` is called when it is done. */
  go(by: number): void;
}

interface Layer {
  readonly close: () => void;
}

/** A `go` that the browser never carried out must not keep the history still for ever. */
const PATIENCE_MS = 1_000;

export class Layers {
  readonly #entries: Entries;
  readonly #later: (run: () => void, ms: number) => void;
  #open: Layer[] = [];
  #due = false;
  /** Not 0: a `go` is under way. */
  #moving = 0;
  #turn = 0;

  constructor(
    entries: Entries,
    later: (run: () => void, ms: number) => void = (run, ms) => void setTimeout(run, ms),
  ) {
    this.#entries = entries;
    this.#later = later;
  }

  /** A layer has opened; Back calls `close`. Returns what to call when it is closed, whoever did it. */
  open(close: () => void): () => void {
    const layer = { close };
    this.#open.push(layer);
    this.settle();
    return () => {
      const at = this.#open.indexOf(layer);
      if (at < 0) return;
      this.#open.splice(at, 1);
      this.settle();
    };
  }

  /** Brings the history to as many entries as there are layers, once this turn is over: one may close as another opens. */
  settle(): void {
    if (this.#due) return;
    this.#due = true;
    this.#later(() => {
      this.#due = false;
      this.#match();
    }, 0);
  }

  /** The browser went to another entry. */
  popped(): void {
    const own = this.#moving > 0;
    this.#moving = 0;
    if (own) return this.#match();
    const depth = this.#entries.depth();
    const closing = this.#open.slice(depth).reverse();
    this.#open = this.#open.slice(0, depth);
    for (const layer of closing) layer.close();
    this.#match();
  }

  /** Whether the current entry stands for a layer: then a new address takes its place. */
  get covered(): boolean {
    return this.#entries.depth() > 0;
  }

  #match(): void {
    if (this.#moving > 0) return;
    const [wanted, depth] = [this.#open.length, this.#entries.depth()];
    for (let at = depth + 1; at <= wanted; at++) this.#entries.push(at);
    if (depth <= wanted) return;
    const turn = (this.#moving = ++this.#turn);
    this.#entries.go(wanted - depth);
    this.#later(() => {
      if (this.#moving === turn) this.#moving = 0;
    }, PATIENCE_MS);
  }
}

interface State {
  readonly layers?: number;
}

const browser: Entries = {
  depth: () => (history.state as State | null)?.layers ?? 0,
  push: (depth) => history.pushState({ layers: depth } satisfies State, ""),
  go: (by) => history.go(by),
};

export const layers = new Layers(browser);

if (typeof addEventListener === "function" && typeof history !== "undefined") {
  addEventListener("popstate", () => layers.popped());
  layers.settle(); // a page that was loaded again comes back without its layers
}
