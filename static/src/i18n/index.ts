// Typed messages in Korean and English: `t("trip.days", {count: 3})`. Screens fill messages/ko.ts and messages/en.ts.
import type { Language } from "../api/types";
import { isolated } from "../bidi";
import { Signal, type Readable } from "../signal";
import { recall, remember } from "../storage";
import { particleAfter } from "./particles";
import type { Message } from "./messages/message";
import { en } from "./messages/en";
import { ko, type MessageKey, type Messages } from "./messages/ko";

export type { Language };

export type { Message, MessageKey };

/** `{name}` parts of a text as the parameters that it needs; `{name:을/를}` adds the particle that fits. */
type NamesIn<T extends string> = T extends `${string}{${infer N}}${infer Rest}` ? NameOf<N> | NamesIn<Rest> : never;
type NameOf<N extends string> = N extends `${infer Name}:${string}` ? Name : N;
type TextOf<M> = M extends string ? M : M extends { readonly other: infer O extends string } ? O : never;
export type Params<K extends MessageKey> = { readonly [N in NamesIn<TextOf<Messages[K]>>]: string | number };
type Rest<K extends MessageKey> = [keyof Params<K>] extends [never] ? [] : [params: Params<K>];

const STORED = "moim-language";
const tables: Readonly<Record<Language, Readonly<Record<MessageKey, Message>>>> = { ko, en };
const current = new Signal<Language>(firstLanguage());

/** The language now. In components use `$language` so that texts follow it. */
export const language: Readable<Language> = current;

/** A function for the language `in`; components derive it: `const t = $derived(translator($language))`. */
export function translator(to: Language): <K extends MessageKey>(key: K, ...rest: Rest<K>) => string {
  return (key, ...rest) =>
    format(to, tables[to][key], (rest[0] ?? {}) as Readonly<Record<string, string | number>>);
}

/** For code outside components. */
export function t<K extends MessageKey>(key: K, ...rest: Rest<K>): string {
  return translator(current.get())(key, ...rest);
}

/** Chosen by the person or read from the account; remembered in this browser. */
export function setLanguage(to: Language): void {
  remember(STORED, to);
  current.set(to);
}

export function isLanguage(value: unknown): value is Language {
  return value === "ko" || value === "en";
}

function firstLanguage(): Language {
  const stored = recall(STORED);
  if (isLanguage(stored)) return stored;
  return globalThis.navigator?.language?.toLowerCase().startsWith("ko") ? "ko" : "en";
}

const plurals: Readonly<Record<Language, Intl.PluralRules>> = {
  ko: new Intl.PluralRules("ko"),
  en: new Intl.PluralRules("en"),
};

/** Fills `{name}`, and `{name:을/를}` with its particle; a message with forms takes the one of `count`. */
export function format(
  to: Language,
  message: Message,
  params: Readonly<Record<string, string | number>>,
): string {
  const text = typeof message === "string" ? message : formOf(to, message, params["count"]);
  return text.replace(/\{(\w+)(?::([^}]+))?\}/g, (whole, name: string, particle?: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    if (typeof value === "number") {
      const digits = value.toLocaleString(to);
      return particle === undefined ? digits : `${digits}${particleAfter(digits, particle)}`;
    }
    return particle === undefined ? isolated(value) : `${isolated(value)}${particleAfter(value, particle)}`;
  });
}

function formOf(to: Language, message: Exclude<Message, string>, count: string | number | undefined): string {
  const one = typeof count === "number" && plurals[to].select(count) === "one";
  return (one ? message.one : undefined) ?? message.other;
}

if (typeof document !== "undefined") {
  current.subscribe((to) => (document.documentElement.lang = to));
}
