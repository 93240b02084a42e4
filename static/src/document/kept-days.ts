// Days that somebody else removes while what this person typed in them is on its way: they come back, with what was typed.
import * as Y from "yjs";
import { pictureOf } from "./picture";

const TEXT = /^day:(.+):(?:title|note)$/s;

/** The day that a root text belongs to; null: none. */
function dayOf(root: string): string | null {
  return TEXT.exec(root)?.[1] ?? null;
}

export interface KeptDaysOptions {
  readonly doc: Y.Doc;
  /** Origin of what others did. */
  readonly remote: unknown;
  readonly mayKeep: () => boolean;
  readonly keep: (change: () => void) => void;
}

export class KeptDays {
  readonly #options: KeptDaysOptions;
  /** In these something was typed here that the server has not confirmed. */
  readonly #edited = new Set<string>();
  #removed = new Map<string, unknown>();

  constructor(options: KeptDaysOptions) {
    this.#options = options;
    options.doc.on("afterTransaction", this.#look);
    options.doc.on("afterAllTransactions", this.#write);
  }

  /** What is in the document, and was not in `base`, was typed on an earlier visit. */
  recall(base: Uint8Array): void {
    const was = new Y.Doc();
    Y.applyUpdate(was, base);
    const before = pictureOf(was).texts;
    for (const [root, text] of pictureOf(this.#options.doc).texts) {
      const day = dayOf(root);
      if (day !== null && text !== (before.get(root) ?? "")) this.#edited.add(day);
    }
    was.destroy();
  }

  /** The server has everything. */
  settle(): void {
    this.#edited.clear();
  }

  end(): void {
    this.#options.doc.off("afterTransaction", this.#look);
    this.#options.doc.off("afterAllTransactions", this.#write);
  }

  readonly #look = (transaction: Y.Transaction): void => {
    if (transaction.origin === this.#options.remote) this.#noteRemoved(transaction);
    else for (const type of transaction.changed.keys()) this.#noteEdited(type._item === null ? Y.findRootTypeKey(type) : "");
  };

  #noteEdited(root: string): void {
    const day = dayOf(root);
    if (day !== null) this.#edited.add(day);
  }

  /** Only until the transaction ends is what was deleted in it still there. */
  #noteRemoved({ doc, changed, deleteSet }: Y.Transaction): void {
    for (const [type, keys] of changed) {
      if (type !== doc.share.get("days")) continue;
      for (const key of keys) {
        const item = key !== null && this.#edited.has(key) ? type._map.get(key) : undefined;
        if (key === null || !item || !Y.isDeleted(deleteSet, item.id)) continue;
        this.#removed.set(key, item.content.getContent().at(-1));
      }
    }
  }

  readonly #write = (): void => {
    const { doc, mayKeep, keep } = this.#options;
    if (this.#removed.size === 0) return;
    const removed = this.#removed;
    this.#removed = new Map();
    if (mayKeep()) keep(() => removed.forEach((value, day) => doc.getMap("days").set(day, value)));
  };
}
