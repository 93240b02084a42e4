// What a shared text needs from its trip, what a field needs from its text, and how others name it.
import type * as Y from "yjs";
import type { UndoHistory } from "./history";
import type { PresenceBoard } from "./presence";
import type { TextRef } from "./types";
import type { Workbench } from "./workbench";

/** How awareness names a text: `Peer.field === fieldName(ref)`. */
export function fieldName(ref: TextRef): string {
  if (ref.of === "title" || ref.of === "desc") return ref.of;
  return "day" in ref ? `${ref.of}:${ref.day}` : `${ref.of}:${ref.card}`;
}

/** What a shared text needs from its trip. */
export interface TextHome {
  readonly bench: Workbench;
  readonly history: UndoHistory;
  readonly presence: PresenceBoard;
}

/** A shared text as the field that shows it edits it. */
export interface EditableText {
  readonly ref: TextRef;
  /** The longest that a reader shows, in characters. */
  readonly limit: number;
  read(): string;
  /** One edit of the typing that goes on. */
  type(change: (text: Y.Text) => void): void;
  /** Calls `changed` after every change, with what a field needs to follow it; null: another text has come in its place. */
  observe(changed: (event: Y.YTextEvent | null) => void): () => void;
  /** A selection that stays where it is in the text while others type. */
  anchor(start: number, end: number): unknown;
}
