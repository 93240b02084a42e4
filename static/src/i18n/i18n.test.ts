// Messages: both languages say the same things with the same parameters; interpolation and plurals.
import { describe, expect, it } from "vitest";
import { format, type Message } from "./index";
import { en } from "./messages/en";
import { ko } from "./messages/ko";

const texts = (message: Message): string[] =>
  typeof message === "string" ? [message] : Object.values(message).filter((text): text is string => typeof text === "string");
const names = (text: string) => [...new Set([...text.matchAll(/\{(\w+)(?::[^}]+)?\}/g)].map(([, name]) => name))].sort();

describe("messages", () => {
  it("exist in both languages, none empty", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(ko).sort());
    for (const message of [...Object.values<Message>(ko), ...Object.values(en)]) {
      for (const text of texts(message)) expect(text.trim()).not.toBe("");
    }
  });

  it.each(Object.entries<Message>(ko))("%s takes the same parameters in English", (key, message) => {
    const korean = names(texts(message).join(" "));
    const english = names(texts(en[key as keyof typeof ko]).join(" "));
    expect(english).toEqual(korean);
  });
});

/** What Korean changes after a word goes by that word. */
const PARTICLES = "(을|를|이에요|예요|은|는|이|가|과|와|으로|로|이라|라)";

describe("Korean", () => {
  it("fits its particles to what is filled in", () => {
    const fixed = Object.entries<Message>(ko).flatMap(([key, message]) =>
      texts(message).filter((text) => new RegExp(`\\{\\w+\\}[’”)]?${PARTICLES}(?![가-힣])`).test(text)).map(() => key),
    );
    expect(fixed).toEqual([]);
    expect(format("ko", ko["share.changed"], { name: "지우", role: "보기 전용" })).toBe(
      "지우님은 이제 보기 전용이에요.",
    );
    expect(format("ko", ko["share.changed"], { name: "지우", role: "소유자" })).toBe("지우님은 이제 소유자예요.");
    expect(format("ko", ko["board.dayRemoved"], { day: "3일차" })).toContain("3일차를");
  });
  it("never writes 예요 after a closed syllable, nor 이에요 after an open one", () => {
    for (const message of Object.values<Message>(ko)) {
      for (const text of texts(message)) {
        for (const [, before = ""] of text.matchAll(/([가-힣])예요/g)) expect(text, text).toMatch(isOpen(before) ? /./ : /^$/);
        for (const [, before = ""] of text.matchAll(/([가-힣])이에요/g)) expect(text, text).toMatch(isOpen(before) ? /^$/ : /./);
      }
    }
  });
});

const isOpen = (syllable: string) => (syllable.charCodeAt(0) - 0xac00) % 28 === 0;

describe("both languages", () => {
  it("have a singular wherever English counts things", () => {
    const counted = Object.entries<Message>(en).filter(([, message]) =>
      texts(message).some((text) => /\{(count|n)\} [a-z]+s\b/.test(text)),
    );
    expect(counted.length).toBeGreaterThan(10);
    for (const [key, message] of counted) expect(typeof message === "object" && message.one, key).toBeTruthy();
  });
  it("say nothing in the other language", () => {
    for (const message of Object.values<Message>(en)) for (const text of texts(message)) expect(text).not.toMatch(/[가-힣]/);
  });
  it("name no key of one kind of keyboard", () => {
    for (const message of [...Object.values<Message>(ko), ...Object.values<Message>(en)]) {
      for (const text of texts(message)) expect(text).not.toMatch(/[⌘⌥⇧]|Ctrl\+/);
    }
  });
});

describe("format", () => {
  it("fills parameters, numbers as the language writes them", () => {
    expect(format("en", "{name} moved {count} cards", { name: "지우", count: 1234 })).toBe("지우 moved 1,234 cards");
    expect(format("ko", "{unknown}", {})).toBe("{unknown}");
  });

  it("takes the plural form of the count", () => {
    const message = { one: "{count} day", other: "{count} days" };
    expect([0, 1, 2].map((count) => format("en", message, { count }))).toEqual(["0 days", "1 day", "2 days"]);
    expect(format("ko", { other: "{count}일" }, { count: 1 })).toBe("1일");
  });
});
