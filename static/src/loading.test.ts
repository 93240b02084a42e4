// Claims about loading parts: a failure is made up for, sooner once the browser is online, and never after nobody waits.
// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loaded } from "./loading";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Fails so often, and then brings "part". */
function failing(times: number) {
  return vi.fn(() =>
    times-- > 0 ? Promise.reject(new TypeError("Failed to fetch dynamically imported module")) : Promise.resolve("part"),
  );
}

describe("a part that can't be loaded", () => {
  it("is asked for until it is here, with longer and longer pauses", async () => {
    const load = failing(8);
    const part = loaded(load, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(999);
    expect(load).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(load).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(2_000 + 4_000 + 8_000 + 16_000);
    expect(load).toHaveBeenCalledTimes(6);
    await vi.advanceTimersByTimeAsync(3 * 30_000);
    await expect(part).resolves.toBe("part");
  });

  it("is asked for at once when the browser is online again", async () => {
    const load = failing(1);
    const part = loaded(load, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(0);
    dispatchEvent(new Event("online"));
    await expect(part).resolves.toBe("part");
  });

  it("is not asked for any more once nobody waits, and not given out then", async () => {
    const load = failing(Infinity);
    const nobody = new AbortController();
    const part = loaded(load, nobody.signal);
    const ended = expect(part).rejects.toBe("gone");
    await vi.advanceTimersByTimeAsync(0);
    nobody.abort("gone");
    await ended;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(load).toHaveBeenCalledTimes(1);
    await expect(loaded(failing(0), nobody.signal)).rejects.toBe("gone");
  });
});
