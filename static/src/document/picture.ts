// What a document says as plain data: every text, entry and row under its name, to be compared and made again elsewhere.
import * as Y from "yjs";
import { asSharedMap, asSharedText } from "./schema";
import { EMBED } from "./words";

/** Root maps whose entries are plain JSON. */
export const PLAIN_ROOTS = ["meta", "days", "alts", "lists", "tracks"] as const;
/** Root maps whose entries are maps of plain fields, texts and small maps. */
export const ROW_ROOTS = ["cards", "items"] as const;
/** Root texts besides those of days. */
export const TEXT_ROOTS = ["title", "desc"] as const;

const DAY_TEXT = /^day:.+:(title|note)$/s;

/** A row's field: a text, a small map, or a plain value. */
export type Field =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "map"; readonly entries: ReadonlyMap<string, unknown> }
  | { readonly is: "plain"; readonly value: unknown };

export type Row = ReadonlyMap<string, Field>;

export interface Picture {
  readonly texts: ReadonlyMap<string, string>;
  readonly entries: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, Row>>;
}

export function pictureOf(doc: Y.Doc): Picture {
  const texts = new Map<string, string>();
  const days = [...doc.share.keys()].filter((name) => DAY_TEXT.test(name));
  for (const name of [...TEXT_ROOTS, ...days]) texts.set(name, textOf(doc.getText(name)));
  const entries = new Map(PLAIN_ROOTS.map((root) => [root as string, plainEntries(doc.getMap(root))]));
  const rows = new Map(ROW_ROOTS.map((root) => [root as string, rowsOf(doc.getMap(root))]));
  return { texts, entries, rows };
}

/** The text with one character for each thing in it that is none, so that offsets are those of the shared text. */
export function textOf(text: Y.Text): string {
  const plain = text.toJSON();
  if (plain.length === text.length) return plain;
  return (text.toDelta() as { insert: unknown }[])
    .map(({ insert }) => (typeof insert === "string" ? insert : EMBED))
    .join("");
}

/** What may be typed again: what stands for something else may not. */
export function typed(text: string): string {
  return text.replaceAll(EMBED, "");
}

export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

export function sameField(a: Field | undefined, b: Field | undefined): boolean {
  if (a === undefined || b === undefined || a.is !== b.is) return a === b;
  if (a.is === "text") return b.is === "text" && a.text === b.text;
  if (a.is === "plain") return b.is === "plain" && sameValue(a.value, b.value);
  return b.is === "map" && sameValue([...a.entries].sort(byKey), [...b.entries].sort(byKey));
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : Number(a > b));

function plainEntries(map: Y.Map<unknown>): Map<string, unknown> {
  return new Map([...map.entries()].filter(([, value]) => !(value instanceof Y.AbstractType)));
}

function rowsOf(map: Y.Map<unknown>): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const [key, value] of map.entries()) {
    const row = asSharedMap(value);
    if (row) rows.set(key, pictureOfRow(row));
  }
  return rows;
}

export function pictureOfRow(row: Y.Map<unknown>): Row {
  return new Map([...row.entries()].flatMap(([name, field]) => fieldOf(name, field)));
}

function fieldOf(name: string, value: unknown): [string, Field][] {
  const text = asSharedText(value);
  if (text) return [[name, { is: "text", text: textOf(text) }]];
  const map = asSharedMap(value);
  if (map) return [[name, { is: "map", entries: plainEntries(map) }]];
  return value instanceof Y.AbstractType || value instanceof Y.Doc ? [] : [[name, { is: "plain", value }]];
}
