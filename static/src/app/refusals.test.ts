// Claims about the words with which the server refuses: each has a sentence of its own in both languages, or a reason why not.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ApiError } from "../api";
import description from "../api/openapi.json";
import { en } from "../i18n/messages/en";
import { ko } from "../i18n/messages/ko";
import { classOf } from "../protocol/close-codes";
import { SyncMachine } from "../sync/machine";
import { setLanguage } from "../ui/text.svelte";
import { problemText } from "./problems";

const SERVER = join(import.meta.dirname, "../../../src");

/** What is told by the sentence of its status alone, and why that is enough. */
const GENERAL: Readonly<Record<string, string>> = {
  malformed: "only a program that is wrong sends such a body",
  malformed_key: "only a program that is wrong sends such a key",
  malformed_query: "only a program that is wrong asks so",
  malformed_cursor: "only a program that is wrong asks so",
  not_json: "only a program that is wrong sends something else",
  method_not_allowed: "only a program that is wrong asks so",
  key_reused: "only a program that is wrong sends one key with two bodies",
  in_progress: "the same request is under way already: that somebody was faster is what there is to say",
  conflict: "that somebody was faster is all that the server knows",
  no_token: "logged out, as every 401",
  no_session: "logged out, as every 401",
  session_over: "logged out, as every 401",
  cross_site: "no page of ours asks across sites",
  not_found: "not there, as every 404",
  invalid: "forms name the fields; elsewhere it is what was entered",
  too_many: "too often, as every 429",
  internal: "the server's fault, as every 500",
  unavailable: "the server's fault, as every 500",
};

type Words = ReadonlyMap<string, number>;

/** The words between backquotes in the descriptions of the answers, with their status. */
function described(): Words {
  const words = new Map<string, number>();
  for (const acts of Object.values(description.paths as Record<string, Record<string, unknown>>)) {
    for (const act of Object.values(acts)) {
      const { responses = {} } = act as { responses?: Record<string, { description?: string }> };
      for (const [status, answer] of Object.entries(responses)) {
        if (Number(status) < 400) continue;
        for (const [, word] of (answer.description ?? "").matchAll(/`([a-z_]+)`/g)) words.set(word ?? "", Number(status));
      }
    }
  }
  return words;
}

const STATUS: Readonly<Record<string, number>> = {
  ...{ bad_request: 400, unauthorized: 401, forbidden: 403, conflict: 409 },
  ...{ BAD_REQUEST: 400, UNAUTHORIZED: 401, FORBIDDEN: 403, NOT_FOUND: 404, METHOD_NOT_ALLOWED: 405, CONFLICT: 409, GONE: 410 },
  ...{ PAYLOAD_TOO_LARGE: 413, UNSUPPORTED_MEDIA_TYPE: 415, UNPROCESSABLE_ENTITY: 422, TOO_MANY_REQUESTS: 429 },
  ...{ Invalid: 422, Limited: 429, Busy: 503, Unavailable: 503, Internal: 500 },
};

/** The words in the sources of the server, which an undocumented answer has too. */
function written(): Words {
  const words = new Map<string, number>();
  const forms = [
    /\b(bad_request|unauthorized|forbidden|conflict)\(\s*"([a-z_]+)"/g,
    /StatusCode::([A-Z_]+),\s*(?:code: )?"([a-z_]+)"/g,
    /\bSelf::(\w+)(?:\(_\)| \{ \.\. \}) => "([a-z_]+)"/g,
  ];
  for (const name of readdirSync(join(SERVER, "http"), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".rs")) continue;
    const source = readFileSync(join(SERVER, "http", name), "utf8").split("#[cfg(test)]")[0] ?? "";
    for (const form of forms) for (const [, by, word] of source.matchAll(form)) words.set(word ?? "", STATUS[by ?? ""] ?? 0);
    for (const [, word] of source.matchAll(/\bcode(?:: |, detail\) = \()"([a-z_]+)"/g)) if (!words.has(word ?? "")) words.set(word ?? "", 400);
  }
  return words;
}

const words: Words = new Map([...written(), ...described()]);

afterEach(() => setLanguage("en"));

describe("the words with which the server refuses", () => {
  it("are read from its description and its sources", () => {
    expect(described().size).toBeGreaterThan(20);
    for (const word of described().keys()) expect([...written().keys()], word).toContain(word);
    expect([...words].filter(([, status]) => status === 0)).toEqual([]);
  });

  it.each(["ko", "en"] as const)("have a sentence of their own, or a reason to have none (%s)", (language) => {
    setLanguage(language);
    const general = new Set([...words].map(([, status]) => problemText(new ApiError(status, "", ""))));
    const own = new Map<string, string>();
    for (const [word, status] of words) {
      const sentence = problemText(new ApiError(status, word, ""));
      if (word in GENERAL) expect(general, word).toContain(sentence);
      else expect(general, `${word} is told as any other ${status}`).not.toContain(sentence);
      if (!(word in GENERAL)) own.set(word, sentence);
    }
    expect(new Set(own.values()).size, "no two are told alike").toBe(own.size);
    expect(Object.keys(GENERAL).filter((word) => !words.has(word)), "is said no more").toEqual([]);
  });
});

describe("the codes with which the server closes a socket for good", () => {
  const table = readFileSync(join(SERVER, "protocol/close.rs"), "utf8");
  const codes = [...table.matchAll(/^\s+\w+ = (\d{4}),$/gm)].map(([, code]) => Number(code));

  it.each(codes.filter((code) => classOf(code) === "stayAway"))("have a title and a text: %i", (code) => {
    const machine = new SyncMachine();
    machine.handle({ type: "opened" });
    machine.handle({ type: "closed", code, reason: "" });
    const { state } = machine;
    const reason = state.kind === "refused" ? state.reason : "gone";
    expect(["refused", "access-changed"]).toContain(state.kind);
    for (const messages of [ko, en]) expect(messages).toMatchObject({ [`stopped.${reason}`]: expect.any(String), [`stopped.${reason}Text`]: expect.any(String) });
  });
});
