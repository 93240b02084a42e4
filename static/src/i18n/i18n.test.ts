// Messages: both languages say the same things with the same parameters; interpolation and plurals.
import { describe, expect, it } from "vitest";
import { format, type Message } from "./index";
import { en } from "./messages/en";
import { ko } from "./messages/ko";

const texts = (message: Message): string[] =>
  typeof message === "string" ? [message] : Object.values(message).filter((text): text is string => typeof text === "string");
const names = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort();

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
