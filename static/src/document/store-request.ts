// Requests to the browser's databases, each with an end: a store that does not answer keeps nobody waiting.

/** A store that does not answer must not keep anybody waiting. */
export const STORE_MS = 15_000;

export class StoreError extends Error {
  override readonly name = "StoreError";
}

export function done<T>(request: IDBRequest): Promise<T> {
  return timely(
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result as T);
      request.onerror = () => reject(new StoreError("it failed", { cause: request.error }));
    }),
  );
}

/** Resolves once all of it is written. */
export function finished(task: IDBTransaction): Promise<void> {
  return timely(
    new Promise((resolve, reject) => {
      task.oncomplete = () => resolve();
      task.onabort = () => reject(new StoreError("it failed", { cause: task.error }));
    }),
  );
}

/** An open database; one that opens too late for anybody is closed again. */
export async function opened(request: IDBOpenDBRequest): Promise<IDBDatabase> {
  const waiting = new Promise<IDBDatabase>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new StoreError("it failed", { cause: request.error }));
  });
  try {
    return await timely(waiting);
  } catch (error) {
    void waiting.then((db) => db.close(), () => undefined);
    throw error;
  }
}

function timely<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new StoreError("it does not answer")), STORE_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
