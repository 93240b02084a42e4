// Where a floating thing goes: beside its anchor, turned over where there is no room, never outside the window.

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
export interface Size {
  width: number;
  height: number;
}
export type Side = "below" | "above" | "right";
export type Align = "start" | "middle" | "end";
export interface Spot {
  left: number;
  top: number;
  room: number;
}

/** What is seen of the page; by default it begins at its top left corner. */
export interface Window extends Size {
  left?: number;
  top?: number;
}

const MARGIN = 8;
/** With less room than this on either side of its anchor, it lies over it instead. */
const LEAST_ROOM = 160;

/** The top left corner for something of `size` beside `anchor`, and how high it may be there. */
export function place(anchor: Box, size: Size, window: Window, side: Side, align: Align, gap = 6): Spot {
  const [head, foot] = [(window.top ?? 0) + MARGIN, (window.top ?? 0) + window.height - MARGIN];
  const most = Math.max(0, foot - head);
  if (side === "right") {
    const left = besides(anchor, size, window, gap);
    return { left, top: clamp(anchor.top, head, foot - size.height), room: most };
  }
  const under = foot - anchor.bottom - gap;
  const over = anchor.top - gap - head;
  const below =
    side === "below" ? under >= size.height || under >= over : !(over >= size.height || over >= under);
  const beside = below ? under : over;
  const room = beside < Math.min(size.height, LEAST_ROOM) ? most : Math.min(beside, most);
  const height = Math.min(size.height, room);
  return {
    left: within(aligned(anchor, size.width, align), size, window),
    top: clamp(below ? anchor.bottom + gap : anchor.top - gap - height, head, foot - height),
    room,
  };
}

function besides(anchor: Box, size: Size, window: Window, gap: number): number {
  const fits = anchor.right + gap + size.width + MARGIN <= (window.left ?? 0) + window.width;
  return within(fits ? anchor.right + gap : anchor.left - gap - size.width, size, window);
}

function within(left: number, size: Size, window: Window): number {
  const start = window.left ?? 0;
  return clamp(left, start + MARGIN, start + window.width - size.width - MARGIN);
}

function aligned(anchor: Box, width: number, align: Align): number {
  if (align === "start") return anchor.left;
  if (align === "end") return anchor.right - width;
  return (anchor.left + anchor.right - width) / 2;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
