// Claims about the end of waiting.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TimeoutError, within } from "./deadline";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("within", () => {
  it("gives what the work gives, and leaves no timer behind", async () => {
    await expect(within(1_000, () => Promise.resolve(7))).resolves.toBe(7);
    await expect(within(1_000, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends the work and the waiting, also where the work does not listen", async () => {
    let given: AbortSignal | null = null;
    const waiting = within(1_000, (signal) => {
      given = signal;
      return new Promise(() => undefined);
    });
    const ended = expect(waiting).rejects.toBeInstanceOf(TimeoutError);
    await vi.advanceTimersByTimeAsync(999);
    expect(given).toMatchObject({ aborted: false });
    await vi.advanceTimersByTimeAsync(1);
    await ended;
    expect(given).toMatchObject({ aborted: true });
  });
});

/** The client's sources without their tests. */
function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.(ts|svelte)$/.test(entry.name) && !entry.name.includes(".test") ? [path] : [];
  });
}

describe("the client", () => {
  it("makes no request and loads no part of itself without a deadline", () => {
    const waits = /\bfetch\(|(?<!typeof )\bimport\(["'`]/;
    const bare = sources(import.meta.dirname).flatMap((path) => {
      const lines = readFileSync(path, "utf8").split("\n");
      return lines.flatMap((line, at) => {
        const around = lines.slice(Math.max(0, at - 3), at + 4).join("\n");
        const held = /within\(|signal/.test(around) || /^\s*(\/\/|\*|\/\*)/.test(line);
        return waits.test(line) && !held ? [`${path}:${at + 1}: ${line.trim()}`] : [];
      });
    });
    expect(bare).toEqual([]);
  });
});
