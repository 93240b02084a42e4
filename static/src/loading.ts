// Parts of the program and of its data that come over the network: asked for until they are here.
import { LOAD_MS, within } from "./deadline";

/** The pause after a failure, each time twice as long … */
const FIRST_PAUSE_MS = 1_000;
/** … up to this. Once the browser is online again it ends at once. */
const LONGEST_PAUSE_MS = 30_000;

/** What `load` brings, once it does. Throws only what `signal` was aborted with. */
export async function loaded<T>(load: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    try {
      const part = await within(LOAD_MS, load);
      signal.throwIfAborted();
      return part;
    } catch (error) {
      signal.throwIfAborted();
      console.warn("moim: a part could not be loaded; trying again", error);
      await untilOnline(pause, signal);
    }
  }
}

function untilOnline(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
