// Shared texts: their value as a signal, minimal edits, carets of peers.
import * as Y from "yjs";
import { withoutSteering } from "../bidi";
import { clampShared, MAX } from "./clamp";
import { diff } from "./diff";
import { bindField } from "./field";
import { asSharedMap, asSharedText, dayNote, dayTitle, type Roots } from "./schema";
import { Signal, type Readable } from "../signal";
import { fieldName, type EditableText, type TextHome } from "./text-home";
import type { Caret, SharedText, TextRef } from "./types";

/** Makes the text say `value` by the smallest edit. */
export function replaceText(text: Y.Text, value: string, caret?: number): void {
  const splice = diff(text.toString(), value, caret);
  if (!splice) return;
  if (splice.remove > 0) text.delete(splice.index, splice.remove);
  if (splice.insert !== "") text.insert(splice.index, splice.insert);
}

export class TripText implements SharedText, EditableText {
  readonly ref: TextRef;
  readonly value: Readable<string>;
  readonly carets: Readable<readonly Caret[]>;
  /** The longest that a reader shows, in characters. */
  readonly limit: number;
  readonly #home: TextHome;

  constructor(ref: TextRef, home: TextHome) {
    this.ref = ref;
    this.limit = limitOf(ref);
    this.#home = home;
    this.value = watched(
      () => this.read(),
      (run) => this.observe(() => run()),
    );
    this.carets = watched(
      () => this.#carets(),
      (run) => {
        const stops = [home.presence.peers.subscribe(run), this.observe(() => run())];
        return () => stops.forEach((stop) => stop());
      },
    );
  }

  readonly bind = (field: HTMLInputElement | HTMLTextAreaElement): (() => void) =>
    bindField(field, this, this.#home);

  read(): string {
    return this.#text()?.toString() ?? "";
  }

  set(value: string): void {
    const text = this.#text();
    const cleaned = withoutSteering(value);
    const wanted = clampShared(cleaned, this.limit, this.#home.bench.limits().text);
    if (wanted !== cleaned) this.#home.bench.limited("text");
    if (text && text.toString() !== wanted) this.#home.bench.step(() => replaceText(text, wanted));
  }

  type(change: (text: Y.Text) => void): void {
    const text = this.#text();
    if (!text) return;
    this.#home.bench.typing(() => change(text));
  }

  observe(changed: (event: Y.YTextEvent | null) => void): () => void {
    let text = this.#text();
    const follow = () => {
      const now = this.#text();
      if (now === text) return;
      text?.unobserve(changed);
      text = now;
      text?.observe(changed);
      changed(null);
    };
    text?.observe(changed);
    const unwatch = watchCard(this.ref, this.#home.bench.roots, follow);
    return () => {
      unwatch();
      text?.unobserve(changed);
    };
  }

  anchor(start: number, end: number): unknown {
    const text = this.#text();
    if (!text) return null;
    const at = (index: number) =>
      Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, index)) as unknown;
    return { anchor: at(start), head: at(end) };
  }

  #text(): Y.Text | null {
    return resolve(this.ref, this.#home.bench.doc, this.#home.bench.roots);
  }

  #carets(): readonly Caret[] {
    const name = fieldName(this.ref);
    return this.#home.presence.selections(name).flatMap(({ client, user, sel }) => {
      const [anchor, head] = [this.#index(sel.anchor), this.#index(sel.head)];
      return anchor === null || head === null ? [] : [{ client, user, anchor, head }];
    });
  }

  #index(position: unknown): number | null {
    try {
      const relative = Y.createRelativePositionFromJSON(position);
      const absolute = Y.createAbsolutePositionFromRelativePosition(relative, this.#home.bench.doc);
      return absolute?.type === this.#text() ? absolute.index : null;
    } catch {
      return null; // anybody may have written it
    }
  }
}

function resolve(ref: TextRef, doc: Y.Doc, roots: Roots): Y.Text | null {
  switch (ref.of) {
    case "title":
      return roots.title;
    case "desc":
      return roots.desc;
    case "dayTitle":
      return dayTitle(doc, ref.day);
    case "dayNote":
      return dayNote(doc, ref.day);
    case "cardTitle":
      return asSharedText(asSharedMap(roots.cards.get(ref.card))?.get("title"));
    case "cardNote":
      return asSharedText(asSharedMap(roots.cards.get(ref.card))?.get("note"));
  }
}

/** Texts of cards go and come with them; the others are always there. */
function watchCard(ref: TextRef, { cards }: Roots, run: () => void): () => void {
  if (!("card" in ref)) return () => undefined;
  const look = ({ keysChanged }: Y.YMapEvent<unknown>) => {
    if (keysChanged.has(ref.card)) run();
  };
  cards.observe(look);
  return () => cards.unobserve(look);
}

function limitOf(ref: TextRef): number {
  return MAX[ref.of];
}

/** Reads on demand, observes only while somebody listens. */
function watched<T>(read: () => T, observe: (changed: () => void) => () => void): Readable<T> {
  return {
    get: read,
    subscribe(run) {
      const signal = new Signal(read());
      const stop = observe(() => signal.set(read()));
      const unsubscribe = signal.subscribe(run);
      return () => {
        unsubscribe();
        stop();
      };
    },
  };
}
