// Edits of cards: each gesture is one undo step and writes only what differs.
import * as Y from "yjs";
import { withoutSteering } from "../bidi";
import { ulid } from "../ids";
import * as clamp from "./clamp";
import { place } from "./order";
import type { StoredCard } from "./reader";
import { asSharedMap, asSharedText } from "./schema";
import { replaceText } from "./texts";
import type { CardFields, Cards, DropTarget, NewCard } from "./types";
import type { Workbench } from "./workbench";

const { MAX } = clamp;

/** How each plain field is made valid before it is written. */
const VALID: { readonly [K in keyof CardFields]: (value: unknown) => CardFields[K] } = {
  place: clamp.asPlace,
  to: clamp.asPlace,
  when: clamp.asWhen,
  dur: clamp.asMinutes,
  status: clamp.asStatus,
  link: clamp.asLink,
  est: clamp.asEstimate,
  icon: clamp.asText,
  color: clamp.asColor,
};

const FIELDS = Object.keys(VALID) as (keyof CardFields)[];

export class CardEdits implements Cards {
  readonly #bench: Workbench;

  constructor(bench: Workbench) {
    this.#bench = bench;
  }

  add(card: NewCard): string {
    const id = card.id ?? ulid(this.#bench.now());
    const { roots } = this.#bench;
    if (roots.cards.has(id)) return id;
    if (!this.hasRoom()) {
      this.#bench.limited("cards");
      return id;
    }
    const { day, after } = card.at ?? { day: null, after: "end" };
    const keys = this.#keys(id, { day, after });
    // It is made in the trash and taken out of it in a step of its own: undoing a creation then sets
    // `del` again, and never deletes what a peer may be editing.
    this.#bench.lasting(() => {
      this.#writeKeys(keys, id, day);
      roots.cards.set(id, this.#newCard(card, [day, keys.get(id) ?? ""]));
    });
    this.#bench.step(() => this.#map(id)?.set("del", null));
    return id;
  }

  /** A new card counts also while it is in the trash: the server says so, too. */
  hasRoom(): boolean {
    const { cards } = this.#bench.limits();
    if (this.#bench.roots.cards.size < cards) return true;
    return [...this.#bench.reader.cards().values()].filter(({ deleted }) => !deleted).length < cards;
  }

  move(id: string, target: DropTarget): boolean {
    const stored = this.#visible(id);
    if (!stored || this.#liesAt(stored, target)) return false;
    const keys = this.#keys(id, target);
    this.#bench.step(() => {
      this.#writeKeys(keys, id, target.day);
      this.#map(id)?.set("at", [target.day, keys.get(id) ?? ""]);
      this.#bench.reader.touch(id);
    });
    return true;
  }

  set(id: string, fields: Partial<CardFields>): void {
    const card = this.#bench.reader.rendered(id);
    const map = this.#map(id);
    if (!card || !map) return;
    const changes = FIELDS.flatMap((field) => {
      if (!(field in fields)) return [];
      const value = VALID[field](fields[field]);
      return same(value, card[field]) ? [] : [[field, value] as const];
    });
    if (changes.length === 0) return;
    this.#bench.step(() => changes.forEach(([field, value]) => map.set(field, value)));
  }

  setTitle(id: string, title: string): void {
    this.#setText(id, "title", this.#fitting(title, MAX.cardTitle));
  }

  setNote(id: string, note: string): void {
    this.#setText(id, "note", this.#fitting(note, MAX.cardNote));
  }

  trash(id: string): void {
    if (!this.#visible(id)) return;
    this.#bench.step(() => this.#map(id)?.set("del", this.#stamp()));
  }

  restore(id: string): void {
    if (!this.#bench.reader.cards().get(id)?.deleted) return;
    this.#bench.step(() => this.#map(id)?.set("del", null));
  }

  duplicate(id: string): string | null {
    const stored = this.#visible(id);
    if (!stored) return null;
    const day = this.#columnOf(stored);
    return this.add({ ...stored.card, id: ulid(this.#bench.now()), at: { day, after: id } });
  }

  #newCard(card: NewCard, at: [string | null, string]): Y.Map<unknown> {
    const map = new Y.Map<unknown>();
    const { user, now } = this.#bench;
    map.set("kind", card.kind);
    map.set("at", at);
    map.set("title", new Y.Text(this.#fitting(card.title, MAX.cardTitle)));
    map.set("note", new Y.Text(this.#fitting(card.note ?? "", MAX.cardNote)));
    for (const field of FIELDS) map.set(field, VALID[field](card[field] ?? null));
    for (const field of ["who", "files"]) map.set(field, new Y.Map());
    for (const field of ["bk", "alt", "from"]) map.set(field, null);
    map.set("by", user.id);
    map.set("ts", now());
    map.set("del", this.#stamp());
    return map;
  }

  #fitting(text: string, most: number): string {
    const cleaned = withoutSteering(text);
    const fitting = clamp.clampShared(cleaned, most, this.#bench.limits().text);
    if (fitting !== cleaned) this.#bench.limited("text");
    return fitting;
  }

  #stamp(): { by: string; ts: number } {
    return { by: this.#bench.user.id, ts: this.#bench.now() };
  }

  #map(id: string): Y.Map<unknown> | null {
    return asSharedMap(this.#bench.roots.cards.get(id));
  }

  #visible(id: string): StoredCard | null {
    const stored = this.#bench.reader.cards().get(id);
    return stored && !stored.deleted ? stored : null;
  }

  /** The column that it is rendered in: a card whose day is gone lies in the tray. */
  #columnOf({ day }: StoredCard): string | null {
    return this.#bench.reader.days().some(({ id }) => id === day) ? day : null;
  }

  #liesAt(stored: StoredCard, { day, after }: DropTarget): boolean {
    if (this.#columnOf(stored) !== day || after === stored.id) return after === stored.id;
    const column = this.#bench.reader.column(day);
    const index = column.findIndex(({ id }) => id === stored.id);
    return after === "end" ? index === column.length - 1 : (column[index - 1]?.id ?? null) === after;
  }

  /** New keys for the card and for those around it that leave no room. */
  #keys(id: string, { day, after }: DropTarget): Map<string, string> {
    const list = this.#bench.reader.column(day).filter((each) => each.id !== id);
    // A neighbour that a peer moved away meanwhile tells nothing: then it goes to the end.
    const known = after === null || list.some((each) => each.id === after);
    return place(list, id, known && after !== "end" ? after : (list.at(-1)?.id ?? null));
  }

  /** A neighbour keeps its day, also one that is gone. */
  #writeKeys(keys: ReadonlyMap<string, string>, moved: string, day: string | null): void {
    for (const [id, key] of keys) {
      if (id === moved) continue;
      const stored = this.#bench.reader.cards().get(id);
      this.#map(id)?.set("at", [stored ? stored.day : day, key]);
      this.#bench.reader.touch(id);
    }
  }

  #setText(id: string, field: "title" | "note", value: string): void {
    const text = asSharedText(this.#map(id)?.get(field));
    if (text && text.toString() !== value) this.#bench.step(() => replaceText(text, value));
  }
}

/** Plain values, small; their keys come in one order from `VALID`. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
