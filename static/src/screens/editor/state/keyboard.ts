// The keyboard on the board: which card an arrow selects, where an arrow carries a card that was picked up, which key means what.

/** A column as the keyboard sees it: the tray (day null) or a day, and its cards in order. */
export interface Column {
  day: string | null;
  cards: readonly string[];
}
export type Arrow = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight";
/** A place in a column, counted without the card that is carried. */
export interface Seat {
  column: number;
  index: number;
}

export function isArrow(key: string): key is Arrow {
  return key === "ArrowUp" || key === "ArrowDown" || key === "ArrowLeft" || key === "ArrowRight";
}

/** The card that an arrow selects from `selected`; the first card when nothing is. Empty columns are passed over. */
export function select(columns: readonly Column[], selected: string | null, arrow: Arrow): string | null {
  const seat = find(columns, selected);
  if (seat === null) return columns.find((column) => column.cards.length > 0)?.cards[0] ?? null;
  if (arrow === "ArrowUp" || arrow === "ArrowDown") {
    const next = seat.index + (arrow === "ArrowDown" ? 1 : -1);
    return columns[seat.column]?.cards[next] ?? selected;
  }
  const step = arrow === "ArrowRight" ? 1 : -1;
  for (let column = seat.column + step; column >= 0 && column < columns.length; column += step) {
    const cards = columns[column]?.cards ?? [];
    if (cards.length > 0) return cards[Math.min(seat.index, cards.length - 1)] ?? null;
  }
  return selected;
}

/** Where an arrow carries the card: up and down by one, left and right into the next column at the same height. */
export function carry(columns: readonly Column[], card: string, seat: Seat, arrow: Arrow): Seat {
  const room = (column: number) => (columns[column]?.cards ?? []).filter((id) => id !== card).length;
  if (arrow === "ArrowUp") return { ...seat, index: Math.max(0, seat.index - 1) };
  if (arrow === "ArrowDown") return { ...seat, index: Math.min(room(seat.column), seat.index + 1) };
  const column = Math.max(0, Math.min(columns.length - 1, seat.column + (arrow === "ArrowRight" ? 1 : -1)));
  return { column, index: Math.min(seat.index, room(column)) };
}

/** Where a card sits, or null if it is on no column. */
export function find(columns: readonly Column[], card: string | null): Seat | null {
  for (const [column, { cards }] of columns.entries()) {
    const index = card === null ? -1 : cards.indexOf(card);
    if (index >= 0) return { column, index };
  }
  return null;
}

export type Command =
  | "undo"
  | "redo"
  | "save"
  | "move"
  | "new"
  | "edit"
  | "trash"
  | "search"
  | "fit"
  | "help"
  | "pick"
  | "open"
  | "leave";

/** Where a key is pressed: on the board, in a text that all share, in any other text field, or on a switch or a list. */
export type KeyFocus = "board" | "shared" | "field" | "control";

interface Shortcut {
  readonly command: Command;
  /** A letter, a sign, or the name of a key. */
  readonly key: string;
  /** With ⌘ or Ctrl. */
  readonly mod?: true;
  /** Undefined: either way. */
  readonly shift?: boolean;
  /** Where else than on the board it counts. */
  readonly also?: readonly KeyFocus[];
}

const UNLESS_OWN: readonly KeyFocus[] = ["shared", "control"];

/** Every shortcut there is. A command's first line is the one that is shown. */
export const SHORTCUTS: readonly Shortcut[] = [
  { command: "undo", key: "z", mod: true, shift: false, also: UNLESS_OWN },
  { command: "redo", key: "z", mod: true, shift: true, also: UNLESS_OWN },
  { command: "redo", key: "y", mod: true, shift: false, also: UNLESS_OWN },
  { command: "save", key: "s", mod: true, shift: false, also: ["shared", "field", "control"] },
  { command: "move", key: "m" },
  { command: "new", key: "n" },
  { command: "edit", key: "e" },
  { command: "fit", key: "f" },
  { command: "search", key: "/" },
  { command: "help", key: "?" },
  { command: "pick", key: " " },
  { command: "open", key: "Enter" },
  { command: "leave", key: "Escape" },
  { command: "trash", key: "Delete" },
  { command: "trash", key: "Backspace" },
];

export interface Key {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  keyCode: number;
  getModifierState?: (name: "AltGraph") => boolean;
}

/** Whether a key belongs to a Hangul (or other) composition and so to nobody else. */
export function composing(event: { isComposing: boolean; keyCode: number }): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** What a key press means, or null: then it is the browser's. */
export function command(event: Key, focus: KeyFocus, mac = isMac()): Command | null {
  if (composing(event) || writes(event)) return null;
  const mod = event.metaKey || event.ctrlKey;
  // A Mac's text fields have Ctrl for themselves (Ctrl+Y, Ctrl+E …).
  if (mod && (mac ? event.ctrlKey : event.metaKey && event.ctrlKey)) return null;
  const key = keyOf(event);
  const found = SHORTCUTS.find(
    (one) =>
      one.key === key &&
      (one.mod ?? false) === mod &&
      (one.shift === undefined || one.shift === event.shiftKey) &&
      (focus === "board" || one.also?.includes(focus)),
  );
  return found?.command ?? null;
}

/** AltGr or Option makes another character (ś, €, µ); Windows reports AltGr as Ctrl+Alt. */
function writes(event: Key): boolean {
  return event.altKey || event.getModifierState?.("AltGraph") === true;
}

/**
 * The key by what it types where that is Latin (so QWERTZ, AZERTY and Dvorak have their own Z); where another
 * script is on, or nothing is known, by its place on the keyboard.
 */
function keyOf({ key, code }: Key): string {
  if (key === "\u061f") return "?"; // the Arabic question mark
  const sign = key.normalize("NFKC"); // Japanese keyboards type full-width letters
  if (/^\p{Script=Latin}$/u.test(sign)) return sign.toLowerCase();
  const letter = /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase();
  const foreign = sign === "" || sign === "Unidentified" || /^[\p{L}\p{M}]{1,2}$/u.test(sign);
  return foreign && letter !== undefined ? letter : sign;
}

export function isMac(): boolean {
  return /Mac|iP(hone|ad)/.test(globalThis.navigator?.userAgent ?? "");
}

/** The keys of a command as they are written on this machine's keyboard. */
export function keysFor(wanted: Command, mac = isMac()): string[] {
  const shortcut = SHORTCUTS.find((one) => one.command === wanted);
  if (shortcut === undefined) return [];
  const shift = shortcut.shift === true ? [mac ? "⇧" : "Shift"] : [];
  const mod = shortcut.mod ? [mac ? "⌘" : "Ctrl"] : [];
  const key = NAMES[shortcut.key] ?? shortcut.key.toUpperCase();
  return mac ? [...shift, ...mod, key] : [...mod, ...shift, key];
}

/** The same in one word: "⇧⌘Z", "Ctrl+Shift+Z". */
export function keysText(wanted: Command, mac = isMac()): string {
  return keysFor(wanted, mac).join(mac ? "" : "+");
}

const NAMES: Partial<Record<string, string>> = { " ": "Space", Enter: "Enter", Escape: "Esc", Delete: "Del" };
