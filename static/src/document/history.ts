// Undo and redo of this tab's own edits, exactly one step at a time, and never half of one.
import * as Y from "yjs";
import { LOCAL } from "./schema";
import { Signal, type Readable } from "../signal";
import { absorb, editsOf, extend, giveUp, overwrite, type Step } from "./steps";
import type { History, UndoOutcome } from "./types";

/** What is typed without a longer pause than this is one step. */
const CAPTURE_MS = 400;
/** The most steps that can be taken back; each keeps alive what it deleted. */
const STEPS_MAX = 500;
/** How long the edit of a restore may arrive after the answer that it was made. */
const ADOPT_MS = 5_000;

type StackItem = Y.UndoManager["undoStack"][number];
type TextStep = Step<Y.Text>;
type Events = Y.Transaction["changedParentTypes"];

export interface HistoryOptions {
  readonly doc: Y.Doc;
  /** May this person write now? */
  readonly writable: () => boolean;
  /** Origin of what the server sent. */
  readonly remote: unknown;
  /** A client that somebody types with, known from awareness. */
  readonly isPeer: (client: number) => boolean;
  /** Whether anybody else types here, in any window. */
  readonly hasPeers: () => boolean;
}

/** Edits of the server that are expected as this person's doing, and those that came. */
interface Adoption {
  readonly found: StackItem[];
  open: boolean;
}

export class UndoHistory implements History {
  readonly #manager: Y.UndoManager;
  readonly #state = new Signal({ canUndo: false, canRedo: false });
  readonly #options: HistoryOptions;
  /** What the texts of the steps said last; tells which of several equal letters were removed. */
  readonly #values = new Map<Y.Text, string>();
  #adoption: Adoption | null = null;

  constructor(options: HistoryOptions) {
    this.#options = options;
    const { doc } = options;
    this.#manager = new Y.UndoManager(doc, {
      trackedOrigins: new Set<unknown>([LOCAL, options.remote]),
      captureTimeout: CAPTURE_MS,
      captureTransaction: (transaction) => this.#captures(transaction),
    });
    this.#manager.on("stack-item-added", ({ stackItem, changedParentTypes, origin, type }) => {
      this.#note(stackItem, changedParentTypes);
      if (origin === options.remote) this.#adopt(stackItem);
      if (type === "undo") this.#limit();
      this.#show();
    });
    this.#manager.on("stack-item-updated", ({ stackItem, changedParentTypes }) =>
      this.#note(stackItem, changedParentTypes),
    );
    for (const event of ["stack-item-popped", "stack-cleared"] as const) {
      this.#manager.on(event, () => this.#show());
    }
    doc.on("afterTransaction", this.#onTransaction);
  }

  get state(): Readable<{ readonly canUndo: boolean; readonly canRedo: boolean }> {
    return this.#state;
  }

  /** The next edit begins a new step. */
  cut(): void {
    this.#manager.stopCapturing();
  }

  undo(): UndoOutcome {
    return this.#pop("undo");
  }

  redo(): UndoOutcome {
    return this.#pop("redo");
  }

  undoLater(): () => UndoOutcome | "covered" {
    const newest = this.#manager.undoStack.at(-1);
    return () => (this.#manager.undoStack.at(-1) === newest ? this.undo() : "covered");
  }

  /**
   * What the server edits at this person's word (a version restored) is a step like any other. If others
   * have the server edit in the same instant, nobody can tell whose edit is whose: then none is.
   */
  async adopt<T>(act: () => Promise<T>): Promise<T> {
    const adoption: Adoption = { found: [], open: true };
    this.#adoption?.found.splice(0).forEach((item) => this.#disown(item));
    this.#adoption = adoption;
    const end = () => {
      adoption.open = false;
      if (adoption.found.length !== 1) adoption.found.forEach((item) => this.#disown(item));
      if (this.#adoption === adoption) this.#adoption = null;
    };
    try {
      const done = await act();
      if (adoption.found.length > 0) end();
      else setTimeout(end, ADOPT_MS);
      return done;
    } catch (error) {
      adoption.found.splice(0).forEach((item) => this.#disown(item));
      end();
      throw error;
    }
  }

  destroy(): void {
    this.#options.doc.off("afterTransaction", this.#onTransaction);
    this.#manager.destroy();
  }

  /**
   * Yjs goes on to older items until one has an effect: after a peer overwrote my last move it would
   * take back the one before. So it is shown only the newest.
   */
  #pop(way: "undo" | "redo"): UndoOutcome {
    const manager = this.#manager;
    const stack = way === "undo" ? "undoStack" : "redoStack";
    const newest = manager[stack].at(-1);
    if (newest === undefined || !this.#options.writable()) return "nothing";
    const older = manager[stack].slice(0, -1);
    manager[stack] = stepOf(newest).overwritten ? [] : [newest];
    const done = manager[way]() !== null;
    manager[stack] = [...older, ...manager[stack]];
    this.cut();
    this.#show();
    return done ? "done" : "overwritten";
  }

  #captures(transaction: Y.Transaction): boolean {
    if (transaction.changed.size === 0) return false;
    if (transaction.origin !== this.#options.remote) return true;
    if (this.#adoption?.open !== true) return false;
    const authors = authorsOf(transaction);
    if (authors.length > 1 || (authors.length === 1 && !this.#hasServerEdit(transaction))) return false;
    this.cut();
    return true;
  }

  /** The server makes each edit with a client of its own, which nobody has seen before. */
  #hasServerEdit(transaction: Y.Transaction): boolean {
    return authorsOf(transaction).some(
      (client) => !transaction.beforeState.has(client) && !this.#options.isPeer(client),
    );
  }

  /** What only deletes bears no name: it is the server's where nobody else is here. */
  #isByServer(transaction: Y.Transaction): boolean {
    const isNameless = authorsOf(transaction).length === 0;
    return isNameless ? !this.#options.hasPeers() : this.#hasServerEdit(transaction);
  }

  #adopt(item: StackItem): void {
    this.cut();
    this.#adoption?.found.push(item);
  }

  #disown(item: StackItem): void {
    const at = this.#manager.undoStack.indexOf(item);
    if (at < 0) return;
    const older = this.#manager.undoStack.slice(0, at);
    giveUp(stepOf(item), older.map(stepOf).reverse());
    this.#manager.undoStack = [...older, ...this.#manager.undoStack.slice(at + 1)];
    this.#show();
  }

  #limit(): void {
    if (this.#manager.undoStack.length > STEPS_MAX) this.#manager.undoStack.shift();
  }

  /** Remembers what an own edit did to texts. */
  #note(item: StackItem, events: Events): void {
    for (const [text, event] of textEvents(events)) {
      const value = text.toString();
      extend(stepOf(item), text, editsOf(event.delta, this.#values.get(text), value));
      this.#values.set(text, value);
    }
  }

  readonly #onTransaction = (transaction: Y.Transaction): void => {
    const { origin } = transaction;
    const adopted = origin === this.#options.remote && this.#wasAdopted(transaction);
    if (origin === LOCAL || origin === this.#manager || adopted) return;
    const whole = origin === this.#options.remote && this.#isByServer(transaction);
    for (const [text, event] of textEvents(transaction.changedParentTypes)) {
      const before = this.#values.get(text);
      if (before === undefined) continue;
      const value = text.toString();
      const edits = editsOf(event.delta, before, value);
      for (const stack of [this.#manager.undoStack, this.#manager.redoStack]) {
        const steps = stack.map(stepOf).reverse();
        if (whole) overwrite(steps, text);
        edits.forEach((edit) => absorb(steps, text, edit));
      }
      this.#values.set(text, value);
    }
  };

  #wasAdopted(transaction: Y.Transaction): boolean {
    return this.#adoption?.found.some(({ deletions }) => deletions === transaction.deleteSet) === true;
  }

  #show(): void {
    const state = {
      canUndo: this.#manager.undoStack.length > 0,
      canRedo: this.#manager.redoStack.length > 0,
    };
    if (!state.canUndo && !state.canRedo) this.#values.clear();
    const now = this.#state.get();
    if (now.canUndo !== state.canUndo || now.canRedo !== state.canRedo) this.#state.set(state);
  }
}

const STEP = "step";

function stepOf(item: StackItem): TextStep {
  const known = item.meta.get(STEP) as TextStep | undefined;
  if (known) return known;
  const step: TextStep = { patches: [], overwritten: false };
  item.meta.set(STEP, step);
  return step;
}

/** Whose elements are new. */
function authorsOf({ beforeState, afterState }: Y.Transaction): number[] {
  return [...afterState].flatMap(([client, clock]) =>
    clock > (beforeState.get(client) ?? 0) ? [client] : [],
  );
}

function textEvents(events: Events): [Y.Text, Y.YTextEvent][] {
  return [...events].flatMap(([type, all]): [Y.Text, Y.YTextEvent][] => {
    if (!(type instanceof Y.Text)) return [];
    const own = all.find((event) => event.target === (type as unknown));
    return own instanceof Y.YTextEvent ? [[type, own]] : [];
  });
}
