// Where an open trip stops for good: keeps what is here before anything else, and says whether it opens again.
import { keep, type SetAside, type TripDocument } from "../../../document";
import type { SyncState } from "../../../document/types";
import { recoveryOf } from "../../../sync/recovery";

/** More recoveries than this within the time, and the person is asked before the next one. */
const MOST = 3;
const WITHIN_MS = 60_000;

export interface Recovered {
  /** What was set aside; null: nothing had to be. */
  readonly kept: SetAside | null;
  readonly again: boolean;
  readonly bring: boolean;
}

export class Recoveries {
  #times: number[] = [];
  readonly #done = new WeakSet<TripDocument>();

  /** null: nothing is to be done by itself. Rejects with `KeepError` where it cannot be kept here. */
  async recover(doc: TripDocument, sync: SyncState, now: number): Promise<Recovered | null> {
    const plan = recoveryOf(sync);
    if (plan === null || this.#done.has(doc)) return null;
    this.#times = this.#times.filter((time) => time > now - WITHIN_MS);
    if (this.#times.length >= MOST) return null;
    this.#times.push(now);
    this.#done.add(doc);
    try {
      return { kept: await keep(doc, plan), again: plan.again, bring: plan.bring };
    } catch (error) {
      this.#done.delete(doc);
      throw error;
    }
  }

  /** The person says that it is to be tried once more. */
  allow(): void {
    this.#times = [];
  }
}
