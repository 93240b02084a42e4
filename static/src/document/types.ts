// The public surface of a trip document: what screens read, subscribe to and call. Nothing here names Yjs.
import type { DocumentLimits, Role, Ticket } from "../api/types";
import type { Halt, SyncState } from "../sync/machine";
import type { SetAside, SetAsideReason, Mergeable } from "./set-aside";
import type { Readable } from "../signal";
import type { Card, CardKind, CardStatus, Estimate, Place, Projection, When } from "../api/projection";

export type * from "../api/projection";
export type { DocumentLimits, Role, Ticket } from "../api/types";
export type { Readable } from "../signal";
export type { SyncState } from "../sync/machine";

/** Who edits; the server overwrites it in what peers see. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly color: string;
}

export interface OpenOptions {
  /** `trip:<ULID>` */
  readonly id: string;
  readonly user: Person;
  /** Fetches a new ticket; rejects with an ApiError (status 403, 404: access is gone) or a network error. */
  readonly ticket: (ms?: number) => Promise<Ticket>;
  /** Base of the socket; default: this page's host, `ws(s)://host/sync/`. */
  readonly syncUrl?: string;
  /** Default true where IndexedDB exists. */
  readonly persist?: boolean;
  /** An edit was not made, or cut, because there is no room for it. */
  readonly onLimit?: (limit: LocalLimit) => void;
}

/** Where a card is rendered. */
export interface CardPosition {
  readonly card: Card;
  /** The column: a day's id, or null for the idea tray (also for lost cards). */
  readonly day: string | null;
  readonly index: number;
}

export interface TrashedCard {
  readonly card: Card;
  /** User id of who put it there; "" if unknown. */
  readonly by: string;
  /** Milliseconds since 1970; 0 if unknown. */
  readonly at: number;
}

/**
 * One immutable picture of the trip. Objects that did not change keep their identity from one view to
 * the next (cards, days), so keyed lists re-render only what changed.
 */
export interface TripView {
  readonly trip: Projection;
  /** Every visible card by id. */
  readonly cards: ReadonlyMap<string, CardPosition>;
  /** Newest first. */
  readonly trash: readonly TrashedCard[];
  /** Groups of at least two card ids that name the same place. */
  readonly duplicates: readonly (readonly string[])[];
  /** False until the local copy or the server's state has been read: show skeletons. */
  readonly loaded: boolean;
}

/** Where a card goes: into a column, right below the card `after` (null: on top), or to its end. */
export interface DropTarget {
  /** Day id, or null for the idea tray. */
  readonly day: string | null;
  readonly after: string | null | "end";
}

export interface NewCard {
  readonly kind: CardKind;
  readonly title: string;
  readonly note?: string;
  readonly place?: Place | null;
  readonly to?: Place | null;
  readonly when?: When | null;
  readonly dur?: number | null;
  readonly status?: CardStatus;
  readonly link?: string | null;
  readonly est?: Estimate | null;
  readonly icon?: string | null;
  readonly color?: string | null;
  /** Default: the tray's end. */
  readonly at?: DropTarget;
  /** Made at the gesture, so that a double click cannot make two. Default: a new ULID. */
  readonly id?: string;
}

/** The plain fields of a card; each is written as a unit. */
export interface CardFields {
  readonly place: Place | null;
  readonly to: Place | null;
  readonly when: When | null;
  readonly dur: number | null;
  readonly status: CardStatus;
  readonly link: string | null;
  readonly est: Estimate | null;
  readonly icon: string | null;
  readonly color: string | null;
}

export interface Cards {
  /** Whether one more card may be added. */
  hasRoom(): boolean;
  /** The new card's id; an id that exists already changes nothing. */
  add(card: NewCard): string;
  /** One `at` write; false when it lies there already (then nothing is written). */
  move(id: string, target: DropTarget): boolean;
  /** Writes only what differs. */
  set(id: string, fields: Partial<CardFields>): void;
  /** Replaces the title by a minimal edit (for commands; fields use `texts`). */
  setTitle(id: string, title: string): void;
  setNote(id: string, note: string): void;
  trash(id: string): void;
  restore(id: string): void;
  /** A copy right below the card; its id, or null if there is no such card. */
  duplicate(id: string): string | null;
}

/** A locked card whose date would no longer fit its day (behaviour 12). */
export interface LockedCard {
  readonly card: Card;
  readonly day: string;
  /** The day that has the card's date after the change, if there is one. */
  readonly home: string | null;
}

export type LockedChoice = "move" | "keep";

export interface Days {
  /** A day made by hand, right below `after` (null: first, "end": last). Its id. */
  add(after?: string | null | "end"): string;
  /** Its cards come to lie in the tray, marked as lost. */
  remove(id: string): void;
  move(id: string, after: string | null): void;
  /** null gives the day its date by rank again. */
  pin(id: string, date: string | null): void;
  /** Adds d<n>… at the end or takes days from the end (behaviour 4). */
  setCount(count: number): void;
  /** Both dates inclusive; null start: undated. Keep `locked(start)` for the dialog before calling it. */
  setDates(start: string | null, end: string | null, locked?: ReadonlyMap<string, LockedChoice>): void;
  /** Locked cards that would no longer fit if the trip began on `start`. */
  locked(start: string | null): readonly LockedCard[];
  /** Moves the whole trip; one transaction with what was chosen for locked cards (default: keep). */
  shift(start: string | null, locked?: ReadonlyMap<string, LockedChoice>): void;
}

export interface TripMeta {
  readonly tz: string | null;
  readonly cur: string | null;
  readonly cover: string | null;
  readonly color: string | null;
}

/** Names a shared text. */
export type TextRef =
  | { readonly of: "title" }
  | { readonly of: "desc" }
  | { readonly of: "dayTitle" | "dayNote"; readonly day: string }
  | { readonly of: "cardTitle" | "cardNote"; readonly card: string };

export interface Caret {
  readonly client: number;
  readonly user: Person;
  readonly anchor: number;
  readonly head: number;
}

/** A text that several people type in at once. */
export interface SharedText {
  readonly ref: TextRef;
  /** The current value, and every later one. */
  readonly value: Readable<string>;
  /** Carets of peers in this text (UTF-16 offsets). */
  readonly carets: Readable<readonly Caret[]>;
  /** Replaces the whole by a minimal edit. */
  set(value: string): void;
  /**
   * A Svelte attachment: `<textarea {@attach trip.text({of: "cardNote", card: id}).bind} />`.
   * The field is uncontrolled: give it no `value`. Handles composition, selection and presence.
   */
  readonly bind: (field: HTMLInputElement | HTMLTextAreaElement) => () => void;
}

/** What a person does right now; never stored. */
export interface Activity {
  /** The screen part that is looked at: "board", "map", "history" … */
  readonly view: string | null;
  /** The card that is open. */
  readonly card: string | null;
  /** The text that has the focus, as `fieldName(ref)`. */
  readonly field: string | null;
  readonly cur: { readonly lng: number; readonly lat: number } | null;
  readonly vp: { readonly c: readonly [number, number]; readonly z: number } | null;
  /** The card that is being dragged. */
  readonly drag: string | null;
  /** The client id that is followed. */
  readonly follow: number | null;
}

export interface Peer extends Activity {
  readonly client: number;
  readonly user: Person;
  /** How its cursor is shown: fading after 3 s without a move, hidden after 60 s. */
  readonly cursor: "shown" | "faded" | "hidden";
}

export interface Presence {
  /** Everybody else inside, one entry a tab, in a steady order. */
  readonly peers: Readable<readonly Peer[]>;
  /** This tab's client id. */
  readonly client: number;
  /** Merges into my state. `cur` and `vp` are sent at most ten times a second. */
  set(activity: Partial<Activity>): void;
}

export type UndoOutcome = "done" | "nothing" | "overwritten";

export interface History {
  readonly state: Readable<{ readonly canUndo: boolean; readonly canRedo: boolean }>;
  /** Exactly one step; "overwritten": somebody else changed it first, nothing happened. */
  undo(): UndoOutcome;
  redo(): UndoOutcome;
  /** Takes back what was done last, if it is still the newest step once the returned function is called. */
  undoLater(): () => UndoOutcome | "covered";
  /** What the server edits because of `act` (a version restored) is a step of this person. */
  adopt<T>(act: () => Promise<T>): Promise<T>;
}

/** What an edit was not made for: there is no room for it. */
export type LocalLimit = "cards" | "days" | "text";

/** A trip, open. `openTrip(options)` gives one; `close()` ends it. */
export interface TripDocument extends Mergeable {
  readonly view: Readable<TripView>;
  readonly sync: Readable<SyncState>;
  /** What the server takes at most, as it said last. */
  readonly limits: DocumentLimits;
  /** The role of the last ticket or access message; null until known. */
  readonly role: Readable<Role | null>;
  readonly presence: Presence;
  readonly history: History;
  readonly cards: Cards;
  readonly days: Days;
  text(ref: TextRef): SharedText;
  setMeta(meta: Partial<TripMeta>): void;
  /** The whole local copy, for "save my copy" as a file (a Yjs update). */
  encode(): Uint8Array;
  /** All that is here as a copy, for a file; it is not kept anywhere. */
  aside(reason: SetAsideReason): SetAside;
  /**
   * Keeps all that is here on the device, apart from the local copy, and answers once it is on the disk. From then on
   * nothing can be edited here any more. null: another window that shares the copy has kept all of it. Rejects with
   * `KeepError`; then nothing may be dropped.
   */
  setAside(reason: SetAsideReason): Promise<SetAside | null>;
  /** Reads what other windows have written to the local copy so far. */
  gather(): Promise<void>;
  /**
   * Deletes the local copy: only where the server has all of it, or it was set aside. From then on nothing can be
   * edited here any more.
   */
  forget(): Promise<void>;
  /** Tries to connect right now instead of waiting for the next attempt. */
  reconnect(): void;
  /** False while this browser keeps no copy on this device: its store is missing, closed or full. */
  readonly kept: Readable<boolean>;
  /** All that was done here so far is in the local copy: false for the moments in which it is being written. */
  readonly written: boolean;
  /** Nothing is sent or taken any more, and nothing can be written, until `reconnect`. */
  halt(why: Halt): void;
  close(): Promise<void>;
}
