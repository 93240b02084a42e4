// Claims about the sync chip.
import { describe, expect, it } from "vitest";
import { chipOf, stopped } from "./chip";

describe("chipOf", () => {
  it("says saved only when the connection does", () => {
    expect(chipOf({ kind: "saved" }).text).toBe("sync.saved");
    expect(chipOf({ kind: "saving", changes: 0 }).text).toBe("sync.saving");
  });
  it("counts what is on this device only", () => {
    expect(chipOf({ kind: "offline", changes: 3 })).toEqual({
      tone: "warn",
      text: "sync.offlineChanges",
      count: 3,
    });
    expect(chipOf({ kind: "offline", changes: 0 }).text).toBe("sync.offline");
  });
});

describe("stopped", () => {
  it("lets a person whose role was lowered go on reading", () => {
    expect(stopped({ kind: "access-changed", role: "viewer", copy: true })).toBe(false);
    expect(stopped({ kind: "access-changed", role: null, copy: true })).toBe(true);
  });
});
