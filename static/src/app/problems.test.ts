// Claims about refusals in a person's words: what has a remedy of its own says so, and nothing is left without a sentence.
import { afterEach, describe, expect, it } from "vitest";
import { ApiError, NetworkError } from "../api";
import { setLanguage } from "../ui/text.svelte";
import { problemText } from "./problems";

/** What the server refuses under a name, and the status with which it does. */
const NAMED = [
  [409, "too_many_invites"],
  [409, "too_many_trips"],
  [409, "versions_full"],
  [409, "full"],
  [409, "last_owner"],
  [409, "trashed"],
  [409, "role_changed"],
  [410, "invite_spent"],
  [503, "busy"],
] as const;

afterEach(() => setLanguage("en"));

describe.each(["ko", "en"] as const)("a refusal (%s)", (language) => {
  const said = (status: number, code: string) => {
    setLanguage(language);
    return problemText(new ApiError(status, code, "the server's own words"));
  };

  it("with a remedy of its own is not told as any other of its status", () => {
    const sentences = NAMED.map(([status, code]) => {
      expect(said(status, code), code).not.toBe(said(status, "another"));
      return said(status, code);
    });
    expect(new Set(sentences).size).toBe(NAMED.length);
  });

  it("is told as what it is: too often, not there, not allowed, logged out, out of reach", () => {
    const sentences = [401, 403, 404, 409, 422, 429, 500].map((status) => said(status, "another"));
    sentences.push(problemText(new NetworkError("no answer")), problemText(new Error("a fault")));
    expect(new Set(sentences).size).toBe(sentences.length);
    expect(said(410, "another")).toBe(said(404, "another"));
    expect(said(503, "unavailable")).toBe(said(500, "another"));
  });

  it("never shows what the server wrote for programs", () => {
    for (const status of [400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 503])
      expect(said(status, "another")).not.toContain("the server's own words");
  });
});
