// Claims about addresses.
import { describe, expect, it } from "vitest";
import { accountPath, parse, tripPath } from "./routes";

const ULID = "01JD6Z5W3T8Q4R2N7M1K0HABCD";

describe("parse", () => {
  it("reads a trip and writes it back", () => {
    expect(parse(`/trips/${ULID}`)).toEqual({ name: "trip", id: `trip:${ULID}` });
    expect(tripPath(`trip:${ULID}`)).toBe(`/trips/${ULID}`);
  });
  it("reads an invite", () => expect(parse("/invite/ab%2Dc")).toEqual({ name: "invite", token: "ab-c" }));
  it("reads what is kept on this device", () => expect(parse("/device")).toEqual({ name: "device" }));
  it("says missing for what it does not know", () => {
    expect(parse("/trips/nonsense")).toEqual({ name: "missing" });
    expect(parse(`/trips/${ULID}/more`)).toEqual({ name: "missing" });
    expect(parse("/what")).toEqual({ name: "missing" });
  });
  it("comes back to where the person wanted to go", () => {
    expect(parse("/login", new URL(accountPath("login", "/invite/abc"), "http://x").search)).toEqual({
      name: "login",
      next: "/invite/abc",
    });
  });
  it("never leads to another site", () => {
    for (const next of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"]) {
      expect(parse("/login", `?next=${encodeURIComponent(next)}`)).toEqual({ name: "login", next: "/" });
    }
  });
});
