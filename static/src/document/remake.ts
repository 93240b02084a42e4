// Makes changes of another copy again in a document, and says beforehand which ones no server would take.
import * as Y from "yjs";
import { clampText, MAX } from "./clamp";
import type { Splice } from "./diff";
import type { Change, LeftReason } from "./difference";
import { applyAll, spliceText } from "./hunks";
import { mergeTexts } from "./merge-texts";
import type { DocumentLimits } from "../api/types";
import { sameValue, textOf, typed, type Field } from "./picture";
import { asSharedMap, asSharedText, plain } from "./schema";

/** Until a ticket says what its server takes at most. */
export const DEFAULT_LIMITS: DocumentLimits = {
  cards: 2_000,
  days: 366,
  text: 20_000,
  update: 64 * 1024,
};

/** What was left out of a change, and why. */
export interface Left {
  readonly change: Change;
  readonly reason: LeftReason;
}

/** How full a document is, kept up to date while changes are made. */
export class Room {
  readonly #limits: DocumentLimits;
  #visible: number;
  #days: number;

  constructor(doc: Y.Doc, limits: DocumentLimits) {
    this.#limits = limits;
    const cards = [...doc.getMap("cards").values()].map(asSharedMap);
    this.#visible = cards.filter((card) => card && !isTrashed(card.get("del"))).length;
    this.#days = doc.getMap("days").size;
  }

  get text(): number {
    return this.#limits.text;
  }

  /** Takes room for a new card, if there is any. One in the trash may come out of it, so it counts as well. */
  card(isVisible: boolean): boolean {
    if (this.#visible >= this.#limits.cards) return false;
    this.#visible += Number(isVisible);
    return true;
  }

  /** A known card went into the trash, or came out of it, for which there is always room. */
  moved(by: number): void {
    this.#visible += by;
  }

  day(): boolean {
    if (this.#days >= this.#limits.days) return false;
    this.#days += 1;
    return true;
  }
}

const ofRoot = (change: Change & { kind: "text" }): TextChange => ({
  ...change,
  from: (base, mine) => ({ ...change, base, mine }),
});

function longestRoot(root: string): number {
  if (root === "title" || root === "desc") return MAX[root];
  return root.endsWith(":title") ? MAX.dayTitle : MAX.dayNote;
}

function longestField(root: string, name: string): number {
  if (root !== "cards") return Number.POSITIVE_INFINITY;
  return name === "title" ? MAX.cardTitle : MAX.cardNote;
}

/** Makes one change in the document, as far as there is room; returns what is left of it. */
export function remake(doc: Y.Doc, change: Change, room: Room | null): Left[] {
  switch (change.kind) {
    case "text":
      return remakeText(doc.getText(change.root), ofRoot(change), longestRoot(change.root), room);
    case "entry":
      return remakeEntry(doc, change, room);
    case "row":
      return remakeRow(doc, change, room);
    case "field":
      return remakeField(doc, change, room);
  }
}

function remakeText(text: Y.Text, at: TextChange, most: number, room: Room | null): Left[] {
  const theirs = textOf(text);
  const splices = mergeTexts(at.base, at.mine, theirs).map((one) => ({ ...one, insert: typed(one.insert) }));
  // What is too long already may stay so.
  const isShort = (value: string) =>
    room === null || (value.length <= Math.max(room.text, theirs.length) && clampText(value, most) === value);
  const { fitting, left } = fit(splices, theirs, isShort);
  spliceText(text, fitting);
  if (left.length === 0) return [];
  const now = textOf(text);
  return [{ change: at.from(now, applyAll(now, left)), reason: "text" }];
}

/** A text that is to be changed, and the change that is left of it if not all can be. */
interface TextChange {
  readonly base: string | null;
  readonly mine: string;
  readonly from: (base: string, mine: string) => Change;
}

/**
 * Deletions always fit, and make room; what is inserted, or comes in the place of something, goes whole or not at all.
 * `left` is of the text with `fitting`.
 */
function fit(
  splices: readonly Splice[],
  theirs: string,
  isShort: (value: string) => boolean,
): { fitting: Splice[]; left: Splice[] } {
  const nothing = (splice: Splice) => ({ ...splice, remove: 0, insert: "" });
  const taken = splices.map((splice) => (splice.insert === "" ? splice : nothing(splice)));
  const left = splices.map((splice) => (splice.insert === "" ? nothing(splice) : splice));
  const grows = ({ remove, insert }: Splice) => insert.length > remove;
  const order = [...splices.keys()].sort((a, b) => Number(grows(splices[a] as Splice)) - Number(grows(splices[b] as Splice)));
  for (const i of order) {
    const splice = splices[i] as Splice;
    taken[i] = splice;
    if (isShort(applyAll(theirs, taken))) left[i] = nothing(splice);
    else if (splice.insert !== "") taken[i] = nothing(splice);
  }
  let shift = 0;
  const moved = left.map((splice, i) => {
    const at = { ...splice, index: splice.index + shift };
    shift += (taken[i]?.insert.length ?? 0) - (taken[i]?.remove ?? 0);
    return at;
  });
  const isSomething = ({ remove, insert }: Splice) => remove > 0 || insert !== "";
  return { fitting: taken.filter(isSomething), left: moved.filter(isSomething) };
}

function remakeEntry(doc: Y.Doc, change: Change & { kind: "entry" }, room: Room | null): Left[] {
  const map = doc.getMap(change.root);
  if (change.mine === undefined) {
    // What somebody has changed since is not thrown away.
    if (sameValue(plain(map, change.key), change.base)) map.delete(change.key);
    return [];
  }
  if (sameValue(plain(map, change.key), change.mine)) return [];
  if (change.root === "days" && !map.has(change.key) && room && !room.day()) return [{ change, reason: "days" }];
  map.set(change.key, change.mine);
  return [];
}

function remakeRow(doc: Y.Doc, change: Change & { kind: "row" }, room: Room | null): Left[] {
  const { root, key, row } = change;
  const map = doc.getMap(root);
  const fieldOf = (name: string, mine: Field) => ({ kind: "field", root, key, name, base: undefined, mine }) as const;
  if (asSharedMap(map.get(key))) return [...row].flatMap(([name, mine]) => remakeField(doc, fieldOf(name, mine), room));
  const del = row.get("del");
  const isVisible = !(del?.is === "plain" && isTrashed(del.value));
  if (root === "cards" && room && !room.card(isVisible)) return [{ change, reason: "cards" }];
  // A text that is too long stays behind; the rest of the row does not.
  const long = [...row].filter(([, field]) => field.is === "text" && room !== null && field.text.length > room.text);
  map.set(key, rowOf(new Map([...row, ...long.map(([name]) => [name, { is: "text", text: "" }] as const)])));
  return long.map(([name, mine]) => ({ change: { ...fieldOf(name, mine), base: { is: "text", text: "" } }, reason: "text" }));
}

export function rowOf(row: ReadonlyMap<string, Field>): Y.Map<unknown> {
  const map = new Y.Map<unknown>();
  for (const [name, field] of row) {
    if (field.is === "text") map.set(name, new Y.Text(typed(field.text)));
    else map.set(name, field.is === "map" ? new Y.Map([...field.entries]) : field.value);
  }
  return map;
}

/** Where a thing lies, and whether it is thrown away: kept as others have it where nobody knows what it was before. */
export const STANDING = new Set(["at", "del"]);

function remakeField(doc: Y.Doc, change: Change & { kind: "field" }, room: Room | null): Left[] {
  const row = asSharedMap(doc.getMap(change.root).get(change.key));
  const { mine, base, name } = change;
  if (!row) return STANDING.has(name) ? [] : [{ change, reason: "missing" }];
  if (mine === undefined || (base === undefined && STANDING.has(name) && row.has(name))) return [];
  if (mine.is === "text") return remakeFieldText(row, change, mine.text, room);
  if (mine.is === "map") return remakeMap(row, name, base, mine);
  if (sameValue(plain(row, name), mine.value)) return [];
  if (change.root === "cards" && name === "del") {
    room?.moved(Number(isTrashed(row.get("del"))) - Number(isTrashed(mine.value)));
  }
  row.set(name, mine.value);
  return [];
}

function remakeFieldText(
  row: Y.Map<unknown>,
  change: Change & { kind: "field" },
  mine: string,
  room: Room | null,
): Left[] {
  const { base, name, root } = change;
  const text = asSharedText(row.get(name)) ?? row.set(name, new Y.Text());
  const from = (now: string, all: string): Change => ({
    ...change,
    base: { is: "text", text: now },
    mine: { is: "text", text: all },
  });
  const before = base?.is === "text" ? base.text : null;
  return remakeText(text, { base: before, mine, from }, longestField(root, name), room);
}

function remakeMap(row: Y.Map<unknown>, name: string, base: Field | undefined, mine: Field & { is: "map" }): Left[] {
  const map = asSharedMap(row.get(name));
  if (!map) {
    row.set(name, new Y.Map([...mine.entries]));
    return [];
  }
  const before = base?.is === "map" ? base.entries : new Map<string, unknown>();
  for (const [key, value] of mine.entries) {
    if (!sameValue(before.get(key), value) && !sameValue(plain(map, key), value)) map.set(key, value);
  }
  for (const key of before.keys()) if (!mine.entries.has(key)) map.delete(key);
  return [];
}

/** Anything but null and absence is a deletion (reading rule 1). */
function isTrashed(del: unknown): boolean {
  return del !== null && del !== undefined;
}
