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

const MARGIN = 8;

/** The top left corner for something of `size` beside `anchor`, and how high it may be there. */
export function place(anchor: Box, size: Size, window: Size, side: Side, align: Align, gap = 6): Spot {
  if (side === "right") return beside(anchor, size, window, gap);
  const under = window.height - anchor.bottom - gap - MARGIN;
  const over = anchor.top - gap - MARGIN;
  const below =
    side === "below" ? under >= size.height || under >= over : !(over >= size.height || over >= under);
  const room = Math.max(0, below ? under : over);
  const height = Math.min(size.height, room);
  return {
    left: clamp(aligned(anchor, size.width, align), MARGIN, window.width - size.width - MARGIN),
    top: below ? anchor.bottom + gap : anchor.top - gap - height,
    room,
  };
}

function beside(anchor: Box, size: Size, window: Size, gap: number): Spot {
  const fits = anchor.right + gap + size.width + MARGIN <= window.width;
  const left = fits ? anchor.right + gap : anchor.left - gap - size.width;
  return {
    left: clamp(left, MARGIN, window.width - size.width - MARGIN),
    top: clamp(anchor.top, MARGIN, window.height - size.height - MARGIN),
    room: window.height - 2 * MARGIN,
  };
}

function aligned(anchor: Box, width: number, align: Align): number {
  if (align === "start") return anchor.left;
  if (align === "end") return anchor.right - width;
  return (anchor.left + anchor.right - width) / 2;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
