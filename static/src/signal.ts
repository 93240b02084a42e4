// A value that can be read and watched; Svelte's store contract, so `$name` and `fromStore` work on it.

export interface Readable<T> {
  get(): T;
  /** Calls `run` at once and after every change. */
  subscribe(run: (value: T) => void): () => void;
}

export class Signal<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener(value);
  }

  subscribe(run: (value: T) => void): () => void {
    // A wrapper of its own: the same function may subscribe twice.
    const listener = (value: T) => run(value);
    this.#listeners.add(listener);
    run(this.#value);
    return () => this.#listeners.delete(listener);
  }
}
