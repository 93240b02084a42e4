// Carries out a recovery: keeps first, lets go of the local copy only then, and brings in what was kept as far as it can be.
import { recoveryOf, type Recovery } from "../sync/recovery";
import { merge, MergeInterrupted, type MergeResult, type SetAside, type SetAsideHead } from "./set-aside";
import type { TripDocument } from "./types";

/** null: there was nothing to keep, or another window has. Rejects with `KeepError` where it cannot be kept: then everything is still as it was. */
export async function keep(trip: TripDocument, plan: Recovery): Promise<SetAside | null> {
  await trip.gather();
  // Somebody may have typed since it was planned, here or in another window.
  const { keep: reason, again } = recoveryOf(trip.sync.get()) ?? plan;
  const kept = reason === null ? null : await trip.setAside(reason);
  // What is kept has it all: the trip must not send the same again.
  if (again || reason !== null) await trip.forget();
  return kept;
}

/** Goes on after each lost connection, until all of it has an answer or the trip is closed. */
export async function bring(aside: SetAsideHead, trip: TripDocument, isOpen: () => boolean): Promise<MergeResult> {
  for (;;) {
    try {
      return await merge(aside, trip);
    } catch (error) {
      if (!(error instanceof MergeInterrupted) || !isOpen()) throw error;
    }
  }
}
