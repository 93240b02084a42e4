// What one picture of a trip has that another lacks, as changes that can each be made by itself. Pure.
import { hunks } from "./hunks";
import { sameField, sameValue, typed, type Field, type Picture, type Row } from "./picture";

/** The smallest thing that is made again, or left, as a whole. */
export type Change =
  /** `base` null: nobody knows what was there before; then nothing is taken away. */
  | { readonly kind: "text"; readonly root: string; readonly base: string | null; readonly mine: string }
  | EntryChange
  | { readonly kind: "row"; readonly root: string; readonly key: string; readonly row: Row }
  | FieldChange;

interface EntryChange {
  readonly kind: "entry";
  readonly root: string;
  readonly key: string;
  readonly base: unknown;
  readonly mine: unknown;
}

interface FieldChange {
  readonly kind: "field";
  readonly root: string;
  readonly key: string;
  readonly name: string;
  readonly base: Field | undefined;
  readonly mine: Field | undefined;
}

/** What makes room first, then days before the cards that lie in them. */
export function changesBetween(base: Picture | null, mine: Picture): Change[] {
  const all = [...entryChanges(base, mine), ...rowChanges(base, mine), ...textChanges(base, mine)];
  return [...all.filter(makesRoom), ...all.filter((change) => !makesRoom(change))];
}

function makesRoom(change: Change): boolean {
  if (change.kind === "entry") return change.mine === undefined;
  if (change.kind !== "field" || change.name !== "del") return false;
  return change.mine?.is === "plain" && change.mine.value !== null;
}

function textChanges(base: Picture | null, mine: Picture): Change[] {
  return [...mine.texts].flatMap(([root, text]): Change[] => {
    const before = base === null ? null : (base.texts.get(root) ?? "");
    return (before ?? "") === text ? [] : [{ kind: "text", root, base: before, mine: text }];
  });
}

function entryChanges(base: Picture | null, mine: Picture): Change[] {
  return [...mine.entries].flatMap(([root, entries]) => {
    const before = base?.entries.get(root) ?? new Map<string, unknown>();
    return [...new Set([...before.keys(), ...entries.keys()])].flatMap((key): Change[] => {
      const [was, is] = [before.get(key), entries.get(key)];
      return sameValue(was, is) ? [] : [{ kind: "entry", root, key, base: was, mine: is }];
    });
  });
}

/** A row that is only in the base was deleted for good, which no client of ours does: it stays. */
function rowChanges(base: Picture | null, mine: Picture): Change[] {
  return [...mine.rows].flatMap(([root, rows]) =>
    [...rows].flatMap(([key, row]): Change[] => {
      const before = base?.rows.get(root)?.get(key);
      if (!before) return [{ kind: "row", root, key, row }];
      return [...new Set([...before.keys(), ...row.keys()])].flatMap((name): Change[] => {
        const [was, is] = [before.get(name), row.get(name)];
        return sameField(was, is) ? [] : [{ kind: "field", root, key, name, base: was, mine: is }];
      });
    }),
  );
}

/** Why something was not taken, as the server says it or as is known beforehand. */
export type LeftReason = "cards" | "days" | "text" | "document" | "update" | "missing" | "refused";

/** One thing that is kept on this device, in words that a list can show. */
export interface SetAsideItem {
  readonly kind: "title" | "desc" | "dayTitle" | "dayNote" | "day" | "settings" | "card" | "cardTitle" | "cardNote" | "cardField" | "other";
  /** The card or day that it belongs to; "" for the trip itself. */
  readonly title: string;
  /** All that was typed. */
  readonly detail: string;
  readonly reason: LeftReason | null;
}

export function describe(change: Change, mine: Picture, reason: LeftReason | null): SetAsideItem {
  switch (change.kind) {
    case "text":
      return { ...ofText(change.root, mine), detail: added(change.base ?? "", change.mine), reason };
    case "entry":
      return { kind: change.root === "days" ? "day" : change.root === "meta" ? "settings" : "other", title: change.key, detail: shown(change.mine), reason };
    case "row":
      return { kind: change.root === "cards" ? "card" : "other", title: titleOf(change.row), detail: wordsOf(change.row), reason };
    case "field":
      return { kind: ofField(change), title: titleOf(mine.rows.get(change.root)?.get(change.key)), detail: fieldWords(change), reason };
  }
}

function ofText(root: string, mine: Picture): { kind: SetAsideItem["kind"]; title: string } {
  if (root === "title" || root === "desc") return { kind: root, title: "" };
  const [, day = "", part = ""] = /^day:(.+):(title|note)$/s.exec(root) ?? [];
  return { kind: part === "title" ? "dayTitle" : "dayNote", title: typed(mine.texts.get(`day:${day}:title`) ?? "") };
}

function ofField({ root, name }: Change & { kind: "field" }): SetAsideItem["kind"] {
  if (root !== "cards") return "other";
  return name === "title" ? "cardTitle" : name === "note" ? "cardNote" : "cardField";
}

function titleOf(row: Row | undefined): string {
  const field = row?.get("title") ?? row?.get("text");
  return field?.is === "text" ? typed(field.text) : "";
}

/** Everything in a row that somebody typed. */
function wordsOf(row: Row): string {
  const words = [...row].flatMap(([name, field]) => (name === "title" ? [] : field.is === "text" ? [typed(field.text)] : []));
  const links = row.get("link");
  if (links?.is === "plain" && typeof links.value === "string") words.push(links.value);
  return words.filter((text) => text !== "").join("\n");
}

function fieldWords({ base, mine }: Change & { kind: "field" }): string {
  if (mine === undefined) return "";
  if (mine.is === "text") return added(base?.is === "text" ? base.text : "", mine.text);
  return mine.is === "plain" ? shown(mine.value) : shown(Object.fromEntries(mine.entries));
}

/** What was typed, without what stood there before. */
function added(base: string, mine: string): string {
  return hunks(base, mine)
    .map(({ insert }) => typed(insert))
    .filter((text) => text !== "")
    .join("\n");
}

function shown(value: unknown): string {
  return value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
}
