// How fast requests may follow one another: a bucket of tokens, kept below the server's own (20 a second, 60 at once).

const PER_SECOND = 10;
const AT_ONCE = 40;

export class Pace {
  #tokens = AT_ONCE;
  #at = 0;

  /** Takes one token, if there is one. */
  take(now: number): boolean {
    const gained = (Math.max(0, now - this.#at) / 1000) * PER_SECOND;
    this.#tokens = Math.min(AT_ONCE, this.#tokens + gained);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until there is a token, for one who has just got none. */
  get wait(): number {
    return Math.ceil(((1 - this.#tokens) / PER_SECOND) * 1000);
  }
}
