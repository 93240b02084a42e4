// Keeps the old value where a new one says the same, so that what hangs on it is not worked out again.

/** Remembers the last value; gives it back for one that is the same. */
export function steady<T>(same: (before: T, now: T) => boolean): (now: T) => T {
  let last: { readonly value: T } | null = null;
  return (now) => {
    if (last === null || !same(last.value, now)) last = { value: now };
    return last.value;
  };
}

export function sameMap<K, V>(
  before: ReadonlyMap<K, V>,
  now: ReadonlyMap<K, V>,
  same: (before: V, now: V) => boolean = Object.is,
): boolean {
  if (before.size !== now.size) return false;
  for (const [key, value] of now) {
    const old = before.get(key);
    if (old === undefined || !same(old, value)) return false;
  }
  return true;
}

export function sameSet<T>(before: ReadonlySet<T>, now: ReadonlySet<T>): boolean {
  return before.size === now.size && [...now].every((value) => before.has(value));
}

export function sameList<T>(
  before: readonly T[],
  now: readonly T[],
  same: (before: T, now: T) => boolean = Object.is,
): boolean {
  return (
    before.length === now.length &&
    now.every((value, index) => {
      const old = before[index];
      return old !== undefined && same(old, value);
    })
  );
}
