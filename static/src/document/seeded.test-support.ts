// Chance and time that come from a seed, so that a round of random events runs the same again. Imported before anything that reads chance.
import { webcrypto } from "node:crypto";
import { vi } from "vitest";

/** A small generator: the same choices for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761 + 1;
  }

  below(most: number): number {
    this.#state = (Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((this.#state ^ (this.#state >>> 13)) >>> 0) % most;
  }

  of<T>(all: readonly T[]): T {
    return all[this.below(all.length)] as T;
  }
}

const START = Date.UTC(2026, 0, 1);
/** So often the stores get their turn in each millisecond that passes. */
const TURNS = 4;
let chance: Dice | null = null;

const fill = webcrypto.getRandomValues.bind(webcrypto);
// Yjs takes it once, when it is imported: for the ids of its clients.
Object.defineProperty(webcrypto, "getRandomValues", {
  value: <T extends Uint8Array | Uint32Array>(array: T): T => {
    if (chance === null) return fill(array);
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let i = 0; i < bytes.length; i++) bytes[i] = chance.below(256);
    return array;
  },
});

/** From now on ids, clients, jitter and the clock are those of this seed; stores and promises still run by themselves. */
export function begin(seed: number): void {
  chance = new Dice(~seed); // not the choices of the events once more
  vi.useFakeTimers({ now: START, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  vi.spyOn(Math, "random").mockImplementation(() => (chance?.below(1_000_000) ?? 0) / 1_000_000);
}

export function end(): void {
  chance = null;
  vi.useRealTimers();
  vi.restoreAllMocks();
}

/** What only looks leaves all that comes after it as it would be. */
export function look<T>(at: () => T): T {
  const before = chance;
  chance = null;
  try {
    return at();
  } finally {
    chance = before;
  }
}

/** So many milliseconds pass, and what is on its way arrives. */
export async function pass(ms = 6): Promise<void> {
  for (let i = 0; i < ms; i++) {
    vi.advanceTimersByTime(1);
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
