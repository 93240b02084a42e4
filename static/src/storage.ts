// What this browser remembers between visits; one that forbids it remembers nothing, and everything else works.

/** Null where there is nothing, or where the browser lets nobody look. */
export function recall(key: string): string | null {
  try {
    return globalThis.localStorage?.getItem(key) ?? null;
  } catch {
    return null;
  }
}

/** Null forgets it. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) globalThis.localStorage?.removeItem(key);
    else globalThis.localStorage?.setItem(key, value);
  } catch {
    // Full, or forbidden: it holds until the page is closed.
  }
}

/** What is remembered under names that begin so. */
export function remembered(prefix: string): string[] {
  try {
    return Object.keys(globalThis.localStorage ?? {}).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}

/** A browser that forbids all storage throws at the name of its databases alone. */
export function hasDatabases(): boolean {
  try {
    return typeof indexedDB !== "undefined" && indexedDB !== null;
  } catch {
    return false;
  }
}

let asked: Promise<void> | null = null;

/**
 * Asks the browser not to clear what is kept here when space is short, or after days without a visit: once a page, and only
 * where there is something that is nowhere else, since a browser may ask the person.
 */
export function keepForGood(): Promise<void> {
  asked ??= persist();
  return asked;
}

async function persist(): Promise<void> {
  try {
    const { storage } = globalThis.navigator;
    if (!(await storage.persisted())) await storage.persist();
  } catch {
    // It does not know of this, or says no: what is kept is kept as long as the browser likes.
  }
}
