// Whether an open socket still carries anything: after a silence it is asked, and without an answer it is dead (W13).

/** After so much silence the server is asked. */
export const QUIET_MS = 4_000;
/** Nobody looks at the page: it may be found out later. */
export const HIDDEN_QUIET_MS = 20_000;
/** The answer gets so long … */
export const ANSWER_MS = 5_000;
/** … or up to this, where sockets that lived were taken for dead: the server, or the network, is slow. */
export const MOST_ANSWER_MS = 40_000;
/** Where two sockets in a row seem dead so soon after their opening, they may have lived. */
const YOUNG_MS = 60_000;
/** A timer that is so much late says that this machine was asleep or busy, not that the other one is silent. */
const LATE_MS = 1_000;

export interface PulseOptions {
  /** Asks the server. */
  readonly probe: () => void;
  readonly dead: () => void;
}

export class Pulse {
  readonly #options: PulseOptions;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #asked = false;
  #patience = ANSWER_MS;
  #diedYoung = false;
  #since = 0;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** The socket has opened. */
  start(): void {
    this.#since = performance.now();
    this.beat();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#asked = false;
  }

  /** Something came. */
  beat(): void {
    const seen = typeof document === "undefined" || document.visibilityState === "visible";
    this.#asked = false;
    this.#wait(seen ? QUIET_MS : HIDDEN_QUIET_MS, () => this.doubt());
  }

  /** Asks now, unless that was done already. */
  doubt(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#await(true);
    this.#options.probe();
  }

  #await(first: boolean): void {
    const due = performance.now() + this.#patience;
    this.#wait(this.#patience, () => {
      if (first && performance.now() > due + LATE_MS) {
        // The answer may be waiting behind this very timer.
        this.#await(false);
        return this.#options.probe();
      }
      this.#learn();
      this.#options.dead();
    });
  }

  #learn(): void {
    const young = performance.now() - this.#since < YOUNG_MS;
    this.#patience = young && this.#diedYoung ? Math.min(2 * this.#patience, MOST_ANSWER_MS) : ANSWER_MS;
    this.#diedYoung = young;
  }

  #wait(ms: number, then: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }
}
