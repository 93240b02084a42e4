// Undo and redo of this tab's own edits, exactly one step at a time.
import * as Y from "yjs";
import { LOCAL, type Roots } from "./schema";
import { Signal, type Readable } from "./signal";
import type { History, UndoOutcome } from "./types";

/** What is typed without a longer pause than this is one step. */
const CAPTURE_MS = 400;

export class UndoHistory implements History {
  readonly #manager: Y.UndoManager;
  readonly #state = new Signal({ canUndo: false, canRedo: false });
  readonly #writable: () => boolean;

  constructor(roots: Roots, writable: () => boolean) {
    this.#writable = writable;
    this.#manager = new Y.UndoManager(Object.values(roots) as Y.AbstractType<unknown>[], {
      trackedOrigins: new Set([LOCAL]),
      captureTimeout: CAPTURE_MS,
    });
    for (const event of ["stack-item-added", "stack-item-popped", "stack-cleared"] as const) {
      this.#manager.on(event, () => this.#show());
    }
  }

  get state(): Readable<{ readonly canUndo: boolean; readonly canRedo: boolean }> {
    return this.#state;
  }

  /** Texts of days are roots of their own; they join when they are first edited. */
  include(text: Y.Text): void {
    this.#manager.addToScope(text);
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

  destroy(): void {
    this.#manager.destroy();
  }

  /**
   * Yjs goes on to older items until one has an effect: after a peer overwrote my last move it would
   * take back the one before. So it is shown only the newest.
   */
  #pop(way: "undo" | "redo"): UndoOutcome {
    const manager = this.#manager;
    const stack = way === "undo" ? "undoStack" : "redoStack";
    if (manager[stack].length === 0 || !this.#writable()) return "nothing";
    const older = manager[stack].slice(0, -1);
    manager[stack] = manager[stack].slice(-1);
    const done = manager[way]() !== null;
    manager[stack] = [...older, ...manager[stack]];
    this.#show();
    return done ? "done" : "overwritten";
  }

  #show(): void {
    const state = {
      canUndo: this.#manager.undoStack.length > 0,
      canRedo: this.#manager.redoStack.length > 0,
    };
    const now = this.#state.get();
    if (now.canUndo !== state.canUndo || now.canRedo !== state.canRedo) this.#state.set(state);
  }
}
