// The trip document's shared types by name, and how a new card and a new text are written.
import * as Y from "yjs";

/** Origin of everything that this tab does; undo follows it alone. */
export const LOCAL = Symbol("local");
/** Local too, but not undone: what has to stay even when the step after it is taken back. */
export const LASTING = Symbol("lasting");

export interface Roots {
  readonly title: Y.Text;
  readonly desc: Y.Text;
  readonly meta: Y.Map<unknown>;
  readonly days: Y.Map<unknown>;
  readonly cards: Y.Map<unknown>;
}

export function rootsOf(doc: Y.Doc): Roots {
  return {
    title: doc.getText("title"),
    desc: doc.getText("desc"),
    meta: doc.getMap("meta"),
    days: doc.getMap("days"),
    cards: doc.getMap("cards"),
  };
}

export function dayTitle(doc: Y.Doc, day: string): Y.Text {
  return doc.getText(`day:${day}:title`);
}

export function dayNote(doc: Y.Doc, day: string): Y.Text {
  return doc.getText(`day:${day}:note`);
}

/** Only exactly a Y.Text; XML texts derive from it and are of a wrong type here. */
export function asSharedText(value: unknown): Y.Text | null {
  return value instanceof Y.Text && value.constructor === Y.Text ? value : null;
}

/** Only exactly a Y.Map; XML hooks derive from it. */
export function asSharedMap(value: unknown): Y.Map<unknown> | null {
  return value instanceof Y.Map && value.constructor === Y.Map ? (value as Y.Map<unknown>) : null;
}

/** A plain value under a key; shared types and documents are of a wrong type wherever one is expected. */
export function plain(map: Y.Map<unknown>, key: string): unknown {
  const value = map.get(key);
  return value instanceof Y.AbstractType || value instanceof Y.Doc ? undefined : value;
}
