// Claims about what a browser remembers.
import { afterEach, describe, expect, it, vi } from "vitest";
import { recall, remember, remembered } from "./storage";

afterEach(() => vi.unstubAllGlobals());

/** As Chromium does it where cookies are blocked. */
function forbid(): void {
  const forbidden = () => {
    throw new DOMException("Access is denied for this document.", "SecurityError");
  };
  vi.stubGlobal("localStorage", new Proxy({}, { get: forbidden, ownKeys: forbidden }));
}

describe("storage", () => {
  it("gives back what was remembered, and null once it is forgotten", () => {
    const kept = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
    remember("a", "1");
    expect(recall("a")).toBe("1");
    remember("a", null);
    expect(recall("a")).toBeNull();
  });
  it("remembers nothing where that is forbidden, and never throws", () => {
    forbid();
    remember("a", "1");
    remember("a", null);
    expect(recall("a")).toBeNull();
    expect(remembered("")).toEqual([]);
  });
  it("remembers nothing where there is no storage at all", () => {
    vi.stubGlobal("localStorage", undefined);
    remember("a", "1");
    expect(recall("a")).toBeNull();
    expect(remembered("")).toEqual([]);
  });
  it("names what begins alike", () => {
    vi.stubGlobal("localStorage", { "moim/a": "1", "moim/b": "2", other: "3" });
    expect(remembered("moim/")).toEqual(["moim/a", "moim/b"]);
  });
});
