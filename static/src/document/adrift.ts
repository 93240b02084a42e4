// What is set aside, held against the document that the server has now: edits of what that has no more, or has twice, are made to fit.
import * as Y from "yjs";
import { ulid } from "../ids";
import { changesBetween, type Change } from "./difference";
import { docOf, type Sources } from "./merge";
import { pictureOf, type Picture, type Row } from "./picture";
import { rowOf, STANDING } from "./remake";
import { asSharedMap } from "./schema";

/**
 * The same edits without any that have no place in `theirs`. A card that is not there becomes one of this person's own,
 * under an id that nobody else makes; a day whose text was edited is added again. null: all of them have a place.
 */
export function withPlaces({ state, base }: Sources, theirs: Uint8Array, user: string): Sources | null {
  const was = base && docOf(base);
  if (was === null) return null; // all that is here is added anyway
  const doc = docOf(state);
  const [mine, there] = [pictureOf(doc), pictureOf(docOf(theirs))];
  const changes = changesBetween(pictureOf(was), mine);
  const rows = rowsWithout(changes, there);
  const days = daysWithout(changes, mine, there);
  if (rows.length === 0 && days.length === 0) return null;
  doc.transact(() => {
    rows.forEach((change) => makeOwn(doc, change, mine, user));
    // Written anew: so it stands beside a deletion of the one that was.
    days.forEach((day) => doc.getMap("days").set(day, mine.entries.get("days")?.get(day)));
  });
  was.transact(() => days.forEach((day) => was.getMap("days").delete(day)));
  return { state: Y.encodeStateAsUpdate(doc), base: Y.encodeStateAsUpdate(was) };
}

/** The same copy as what it adds to what the server has now: for one whose history the server shares. */
export function joined({ state, base }: Sources, theirs: Uint8Array): Sources {
  const [doc, now, mine] = [docOf(theirs), docOf(theirs), docOf(state)];
  Y.applyUpdate(doc, state);
  const was = pictureOf(base ? docOf(base) : new Y.Doc());
  for (const [root, rows] of pictureOf(mine).rows) {
    for (const [key, row] of rows) {
      if (isSame(mine, now, root, key)) continue;
      // It was made twice under one id, of which a document shows one: what was done to the other is told apart by what it says.
      put(doc, root, key, row);
      put(now, root, key, was.rows.get(root)?.get(key));
    }
  }
  return { state: Y.encodeStateAsUpdate(doc), base: Y.encodeStateAsUpdate(now) };
}

/** Whether a row is the same thing in both, and not only of the same name; also where one of them has none. */
function isSame(one: Y.Doc, other: Y.Doc, root: string, key: string): boolean {
  const [a, b] = [one, other].map((doc) => asSharedMap(doc.getMap(root).get(key)));
  if (!a || !b) return true;
  const isSameType = (x: unknown, y: unknown) =>
    !(x instanceof Y.AbstractType && y instanceof Y.AbstractType) || Y.compareIDs(x._item?.id ?? null, y._item?.id ?? null);
  return isSameType(a, b) && [...a.entries()].every(([name, value]) => isSameType(value, b.get(name)));
}

function put(doc: Y.Doc, root: string, key: string, row: Row | undefined): void {
  if (row) doc.getMap(root).set(key, rowOf(row));
  else doc.getMap(root).delete(key);
}

type FieldChange = Change & { kind: "field" };

/** One edit of each row that is not there. Where it lay, or that it was thrown away, is nothing to keep it for. */
function rowsWithout(changes: readonly Change[], there: Picture): FieldChange[] {
  const found = new Map<string, FieldChange>();
  for (const change of changes) {
    if (change.kind !== "field" || STANDING.has(change.name) || there.rows.get(change.root)?.has(change.key)) continue;
    found.set(JSON.stringify([change.root, change.key]), change);
  }
  return [...found.values()];
}

function daysWithout(changes: readonly Change[], mine: Picture, there: Picture): string[] {
  const edited = changes.flatMap((change) => {
    const [, day] = (change.kind === "text" && /^day:(.+):(?:title|note)$/s.exec(change.root)) || [];
    return day === undefined ? [] : [day];
  });
  const isHere = (day: string) => mine.entries.get("days")?.has(day) === true;
  return [...new Set(edited)].filter((day) => isHere(day) && there.entries.get("days")?.has(day) !== true);
}

function makeOwn(doc: Y.Doc, { root, key }: FieldChange, mine: Picture, user: string): void {
  const row = mine.rows.get(root)?.get(key);
  const map = doc.getMap(root);
  if (!row) return;
  map.delete(key);
  const own = root === "cards" ? new Map([...row, ["by", { is: "plain", value: user }] as const]) : row;
  map.set(ulid(), rowOf(own));
}
