// What every kind of edit works with: the document, its reader, and the two ways to write.
import type * as Y from "yjs";
import type { TripReader } from "./reader";
import type { Roots } from "./schema";
import type { DocumentLimits } from "../api/types";
import type { LocalLimit, Person } from "./types";

export interface Workbench {
  readonly doc: Y.Doc;
  readonly roots: Roots;
  readonly reader: TripReader;
  readonly user: Person;
  readonly now: () => number;
  /** One transaction, one undo step of its own. Does nothing for somebody who may only read. */
  readonly step: (change: () => void) => void;
  /** One transaction that undo does not take back. */
  readonly lasting: (change: () => void) => void;
  /** What the server takes at most. */
  readonly limits: () => DocumentLimits;
  /** Says that there is no room for what was tried. */
  readonly limited: (limit: LocalLimit) => void;
  /** Part of the typing that goes on: merged with what was typed less than 400 ms ago. */
  readonly typing: (change: () => void) => void;
}
