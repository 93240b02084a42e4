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

export interface Key {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  keyCode: number;
}

/** Whether a key belongs to a Hangul (or other) composition and so to nobody else. */
export function composing(event: { isComposing: boolean; keyCode: number }): boolean {
  return event.isComposing || event.keyCode === 229;
}

/**
 * What a key means. Letters go by their place on the keyboard, so that M works while a Hangul layout is on.
 * In a text field only the shortcuts with ⌘ or Ctrl count, and undo there is the field's own.
 */
export function command(event: Key, typing: boolean): Command | null {
  if (composing(event)) return null;
  if (event.metaKey || event.ctrlKey) return chord(event, typing);
  if (typing || event.altKey) return null;
  if (event.key === "?") return "help";
  if (event.key === "/") return "search";
  return PLAIN[event.key] ?? LETTERS[event.code] ?? null;
}

function chord(event: Key, typing: boolean): Command | null {
  if (event.code === "KeyS" && !event.shiftKey) return "save";
  if (typing) return null;
  if (event.code === "KeyZ") return event.shiftKey ? "redo" : "undo";
  return event.code === "KeyY" ? "redo" : null;
}

const PLAIN: Partial<Record<string, Command>> = {
  " ": "pick",
  Enter: "open",
  Escape: "leave",
  Delete: "trash",
  Backspace: "trash",
};
const LETTERS: Partial<Record<string, Command>> = { KeyM: "move", KeyN: "new", KeyE: "edit", KeyF: "fit" };
