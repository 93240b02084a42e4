// Ties an input or textarea to a shared text: minimal edits out, remote edits in, and nothing touched while the field composes.
import type * as Y from "yjs";
import { withoutSteering } from "../bidi";
import { lengthOf } from "../characters";
import { clampShared } from "./clamp";
import { diff, mapIndex, mapRanges, type Delta, type Range, type Splice } from "./diff";
import { fieldName, type EditableText, type TextHome } from "./text-home";

type Field = HTMLInputElement | HTMLTextAreaElement;

export function bindField(field: Field, text: EditableText, home: TextHome): () => void {
  const binding = new Binding(field, text, home);
  return () => binding.end();
}

/** `typed` units at `from` in the field became `kept` units at `to` in the text. */
interface Written {
  readonly from: number;
  readonly typed: number;
  readonly to: number;
  readonly kept: number;
}

class Binding {
  readonly #field: Field;
  readonly #text: EditableText;
  readonly #home: TextHome;
  readonly #listening = new AbortController();
  readonly #unobserve: () => void;
  /** What the field showed when it was last equal to the text. */
  #base: string;
  #composing = false;
  /** Remote edits since the composition began; the field does not show them yet. */
  #held: Delta[] = [];
  #writing = false;

  constructor(field: Field, text: EditableText, home: TextHome) {
    this.#field = field;
    this.#text = text;
    this.#home = home;
    this.#base = text.read();
    field.value = this.#base;
    this.#unobserve = text.observe((event) => this.#onRemote(event));
    this.#listen();
  }

  end(): void {
    this.#compose(false);
    this.#listening.abort();
    this.#unobserve();
    this.#blur();
  }

  #listen(): void {
    const { signal } = this.#listening;
    const on = (type: string, run: (event: Event) => void) =>
      this.#field.addEventListener(type, run, { signal });
    on("compositionstart", () => this.#compose(true));
    on("compositionend", () => this.#compose(false));
    on("input", () => this.#onInput());
    on("beforeinput", (event) => this.#onBeforeInput(event as InputEvent));
    on("focus", () => (this.#home.history.cut(), this.#showSelection()));
    on("blur", () => (this.#compose(false), this.#blur()));
    for (const type of ["keyup", "pointerup", "select"]) on(type, () => this.#showSelection());
  }

  #compose(composing: boolean): void {
    if (this.#composing === composing) return;
    this.#composing = composing;
    if (!composing) this.#onInput();
  }

  #onInput(): void {
    if (this.#composing) return;
    const splice = diff(this.#base, this.#field.value, this.#field.selectionEnd ?? undefined);
    this.#settle(splice ? this.#write(splice) : null);
    this.#showSelection();
  }

  /** The edit was made on `base`; what others did meanwhile moves it. Says where it came to lie. */
  #write({ index, remove, insert }: Splice): Written {
    let at = index;
    let ranges: Range[] = remove > 0 ? [[index, index + remove]] : [];
    for (const delta of this.#held) {
      at = mapIndex(at, delta);
      ranges = mapRanges(ranges, delta);
    }
    const cleaned = withoutSteering(insert);
    const fitting = this.#fitting(cleaned, ranges);
    if (fitting !== cleaned) this.#home.bench.limited("text");
    // Ranges before the place shift it by what is taken out.
    const to = ranges.reduce((place, [start, end]) => place - Math.max(0, Math.min(end, at) - start), at);
    this.#writing = true;
    this.#text.type((shared) => {
      for (const [start, end] of [...ranges].reverse()) shared.delete(start, end - start);
      if (fitting !== "") shared.insert(to, fitting);
    });
    this.#writing = false;
    return { from: index, typed: insert.length, to, kept: fitting.length };
  }

  /** As much of what was typed as there is room for: what people count, and what the server does. */
  #fitting(insert: string, removed: readonly Range[]): string {
    const rest = without(this.#text.read(), removed);
    const units = Math.max(0, this.#home.bench.limits().text - rest.length);
    const { limit } = this.#text;
    // Never more characters than units: a long note is not counted at every letter.
    if (rest.length + insert.length <= Math.min(limit, units + rest.length)) return insert;
    return clampShared(insert, Math.max(0, limit - lengthOf(rest)), units);
  }

  /** Shows what the text says now; the caret stays with the characters that it stood between. */
  #settle(written: Written | null = null): void {
    const value = this.#text.read();
    const { selectionStart, selectionEnd, selectionDirection } = this.#field;
    if (this.#field.value !== value) {
      const follow = this.#held.length > 0 ? this.#held : [deltaBetween(this.#field.value, value)];
      const moved = (index: number) => {
        const within = written ? index - written.from : -1;
        if (written && within >= 0 && within <= written.typed)
          return written.to + Math.min(within, written.kept);
        return follow.reduce((at, delta) => mapIndex(at, delta), index);
      };
      this.#replace(value, moved(selectionStart ?? 0), moved(selectionEnd ?? 0), selectionDirection);
    }
    this.#base = value;
    this.#held = [];
  }

  #replace(value: string, start: number, end: number, direction: Field["selectionDirection"]): void {
    const { scrollTop } = this.#field;
    const focused = this.#field.ownerDocument.activeElement === this.#field;
    this.#field.value = value;
    if (focused) this.#field.setSelectionRange(start, end, direction ?? "none");
    this.#field.scrollTop = scrollTop;
  }

  #onRemote(event: Y.YTextEvent | null): void {
    if (this.#writing) return;
    if (event) this.#held.push(event.delta);
    else this.#held = [deltaBetween(this.#base, this.#text.read())];
    if (!this.#composing) this.#settle();
  }

  /** The browser's own undo would take back what others typed. */
  #onBeforeInput(event: InputEvent): void {
    if (event.inputType !== "historyUndo" && event.inputType !== "historyRedo") return;
    event.preventDefault();
    if (event.inputType === "historyUndo") this.#home.history.undo();
    else this.#home.history.redo();
  }

  #showSelection(): void {
    const { selectionStart, selectionEnd, ownerDocument } = this.#field;
    if (this.#composing || ownerDocument.activeElement !== this.#field) return;
    const sel = this.#text.anchor(selectionStart ?? 0, selectionEnd ?? 0);
    this.#home.presence.select(fieldName(this.#text.ref), sel);
  }

  #blur(): void {
    this.#home.presence.deselect(fieldName(this.#text.ref));
  }
}

/** A delta that leads from one value to another, where none was observed (a limit cut the input). */
function deltaBetween(before: string, after: string): Delta {
  const splice = diff(before, after);
  if (!splice) return [];
  return [{ retain: splice.index }, { delete: splice.remove }, { insert: splice.insert }];
}

function without(text: string, ranges: readonly Range[]): string {
  return [...ranges].reverse().reduce((rest, [start, end]) => rest.slice(0, start) + rest.slice(end), text);
}
