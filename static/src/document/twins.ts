// Rows that two people made under one id at the same time: a document shows one of them, and what the other says is kept beside it.
import { digest } from "lib0/hash/sha256";
import * as Y from "yjs";
import { says } from "./hunks";
import { pictureOfRow, ROW_ROOTS, sameValue, typed, type Field, type Row } from "./picture";
import { rowOf, STANDING } from "./remake";
import { asSharedMap } from "./schema";

/** A row that has just lost its place to another one of its id, which nobody put there in its stead. */
export interface LostRow {
  readonly root: string;
  readonly key: string;
  readonly row: Row;
}

/** So many rows under one id are looked at; each stands for one who made it again. */
const MOST_TWINS = 64;
/** Who made it, and where it lies, is nothing that somebody typed. */
const MAKING = new Set([...STANDING, "kind", "by", "ts"]);

/** Keeps the rows that edits of `origin` made lose their place, while `mayKeep`; returns how to stop. */
export function keepTwins(doc: Y.Doc, origin: unknown, mayKeep: () => boolean, keep: (change: () => void) => void): () => void {
  let lost: LostRow[] = [];
  // Only until the transaction ends is what was deleted in it still there.
  const look = (transaction: Y.Transaction) => {
    if (transaction.origin === origin) lost.push(...lostRows(transaction));
  };
  const write = () => {
    const [rows, { length }] = [lost, lost];
    lost = [];
    if (length > 0 && mayKeep()) keep(() => rows.forEach((row) => keepRow(doc, row)));
  };
  doc.on("afterTransaction", look);
  doc.on("afterAllTransactions", write);
  return () => {
    doc.off("afterTransaction", look);
    doc.off("afterAllTransactions", write);
  };
}

/** Those that were here and gave way, and those that came and found another one which was here. */
export function lostRows(transaction: Y.Transaction): LostRow[] {
  const { doc, changed } = transaction;
  return [...changed].flatMap(([map, keys]) => {
    const root = ROW_ROOTS.find((name) => doc.share.get(name) === map);
    if (root === undefined) return [];
    return [...keys].flatMap((key) => (key === null ? [] : lostUnder(transaction, root, key, map._map.get(key))));
  });
}

function lostUnder(transaction: Y.Transaction, root: string, key: string, winner: Y.Item | undefined): LostRow[] {
  const found: LostRow[] = [];
  const before = winner ? origins(transaction.doc, winner) : new Set<string>();
  let item = winner?.left ?? null;
  for (let i = 0; winner && item && i < MOST_TWINS; i++, item = item.left) {
    const map = item.content instanceof Y.ContentType ? asSharedMap(item.content.type) : null;
    const isSeen = wasHere(transaction, item) || wasHere(transaction, winner);
    if (!map || !died(transaction, item) || !isSeen || before.has(nameOf(item.id))) continue;
    found.push({ root, key, row: rowThatDied(transaction, map) });
  }
  return found;
}

/** What whoever made it had before: they put it in its place on purpose. */
function origins(doc: Y.Doc, item: Y.Item): Set<string> {
  const names = new Set<string>();
  for (let id = item.origin; id && names.size < MOST_TWINS; ) {
    const before: Y.Item | Y.GC = Y.getItem(doc.store, id);
    names.add(nameOf(before.id));
    id = before instanceof Y.Item ? before.origin : null;
  }
  return names;
}

const nameOf = ({ client, clock }: Y.ID) => `${client}/${clock}`;

function wasHere({ beforeState }: Y.Transaction, { id }: Y.Item): boolean {
  return id.clock < (beforeState.get(id.client) ?? 0);
}

function died({ deleteSet }: Y.Transaction, { id }: Y.Item): boolean {
  return Y.isDeleted(deleteSet, id);
}

/** As it was: of what is in it only what went with it. */
function rowThatDied(transaction: Y.Transaction, map: Y.Map<unknown>): Row {
  return new Map([...map._map].flatMap(([name, item]): [string, Field][] => {
    const value = valueThatDied(transaction, item);
    return value === null ? [] : [[name, value]];
  }));
}

function valueThatDied(transaction: Y.Transaction, item: Y.Item): Field | null {
  if (!died(transaction, item)) return null;
  if (!(item.content instanceof Y.ContentType)) return { is: "plain", value: item.content.getContent().at(-1) };
  const { type } = item.content;
  if (type instanceof Y.Text) return { is: "text", text: textThatDied(transaction, type._start) };
  if (!asSharedMap(type)) return null;
  const entries = [...type._map].filter(([, one]) => died(transaction, one) && !(one.content instanceof Y.ContentType));
  return { is: "map", entries: new Map(entries.map(([name, one]) => [name, one.content.getContent().at(-1)])) };
}

function textThatDied(transaction: Y.Transaction, first: Y.Item | null): string {
  const parts: string[] = [];
  for (let item = first; item; item = item.right) {
    if (item.content instanceof Y.ContentString && died(transaction, item)) parts.push(item.content.str);
  }
  return parts.join("");
}

/** Beside the one that is shown, unless that says the same. Everybody who sees it does so, under one id: then it is there once. */
function keepRow(doc: Y.Doc, { root, key, row }: LostRow): void {
  const map = doc.getMap(root);
  const winner = asSharedMap(map.get(key));
  if (winner && isIn(row, pictureOfRow(winner))) return;
  const own = ownKey(key, row);
  // Where there is one, it has been kept before, and whatever people did to it since holds.
  if (!map.has(own)) map.set(own, rowOf(row));
}

/** Whether all that somebody typed or chose in `mine` is in `theirs`. */
function isIn(mine: Row, theirs: Row): boolean {
  return [...mine].every(([name, field]) => {
    if (MAKING.has(name)) return true;
    const there = theirs.get(name);
    if (field.is === "text") return says(there?.is === "text" ? there.text : "", typed(field.text));
    if (field.is === "map") return [...field.entries].every(([key, value]) => there?.is === "map" && sameValue(there.entries.get(key), value));
    return field.value === null || field.value === undefined || (there?.is === "plain" && sameValue(there.value, field.value));
  });
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Letters of a ULID behind its time. */
const TAIL = 16;

/** A ULID of the same time as `key`, which everybody who has the same row reckons alike. */
function ownKey(key: string, row: Row): string {
  const time = /^[0-7][0-9A-HJKMNP-TV-Z]{9}/.exec(key)?.[0] ?? "0000000000";
  const fields = [...row].filter(([name]) => !MAKING.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  const words = JSON.stringify(fields, (_, value: unknown) => (value instanceof Map ? [...(value as Map<string, unknown>)].sort() : value));
  const sum = digest(new TextEncoder().encode(`${key}/${words}`));
  return time + Array.from(sum.subarray(0, TAIL), (byte) => CROCKFORD.charAt(byte & 31)).join("");
}
