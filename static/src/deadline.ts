// Where waiting ends: each request of the client gets so long, then it is given up.

/** Something took longer than it may. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/** Reads and small changes over REST, with their answers. */
export const REQUEST_MS = 10_000;
/** A ticket for a socket: without one nothing is sent, so it is given up sooner and asked for again. */
export const TICKET_MS = 8_000;
/** A ticket after a socket fell silent: the browser's other idle connections are as dead, and a request that is given up ends its own. */
export const DOUBTED_TICKET_MS = 2_500;
/** Going on with a session, and ending it. */
export const SESSION_MS = 8_000;
/** What the server works on for longer: versions, restores, copies, sample trips. */
export const WORK_MS = 60_000;
/** Gazetteer, base map and parts of the program: megabytes, on slow networks. */
export const LOAD_MS = 60_000;
/** A question to the place worker, with the load of the gazetteer that may come before it. */
export const PLACES_MS = LOAD_MS + 10_000;
/** Waiting for the turn among the windows of this browser; one of them may be frozen. */
export const TURN_MS = 10_000;

/** Runs `work` for `ms` at most; its signal ends what it has begun. Throws `TimeoutError` beyond, whatever `work` does. */
export async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new TimeoutError(`no answer within ${ms} ms`);
      reject(error);
      ending.abort(error);
    }, ms);
  });
  try {
    return await Promise.race([work(ending.signal), over]);
  } finally {
    clearTimeout(timer);
  }
}
