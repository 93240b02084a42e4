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
