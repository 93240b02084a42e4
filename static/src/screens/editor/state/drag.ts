// The geometry of dragging a card: when a drag begins, which gap it would fall into, how fast the edges scroll.
import type { Box } from "../../../ui/place";

export interface Point {
  x: number;
  y: number;
}
export interface Lane {
  /** A day's id, or null for the idea tray. */
  day: string | null;
  box: Box;
  /** Asked only of the lane that the point means: to measure the cards of all lanes takes too long for a frame. */
  cards: () => readonly { id: string; box: Pick<Box, "top" | "bottom"> }[];
}
/** A gap between cards, counted without the card that is being dragged. */
export interface Gap {
  day: string | null;
  index: number;
}

/** A pointer drags after this many pixels … */
export const START_PX = 4;
/** … a finger after this long on the spot, so that scrolling stays scrolling. */
export const TOUCH_HOLD_MS = 250;
/** How far a finger may tremble while it holds. */
export const TOUCH_SLOP_PX = 8;
const EDGE_PX = 64;
const MOST_PX_A_FRAME = 18;
/** How far beside a lane a point still means that lane. */
const REACH_PX = 48;

export function movedBy(from: Point, to: Point): number {
  return Math.hypot(to.x - from.x, to.y - from.y);
}

/** The gap that a card dropped at `point` falls into, or null away from every lane. */
export function gapAt(lanes: readonly Lane[], point: Point, dragged: string): Gap | null {
  const lane = nearest(lanes, point);
  if (lane === null) return null;
  const others = lane.cards().filter((card) => card.id !== dragged);
  const index = others.filter((card) => (card.box.top + card.box.bottom) / 2 < point.y).length;
  return { day: lane.day, index };
}

function nearest(lanes: readonly Lane[], point: Point): Lane | null {
  let best: Lane | null = null;
  let bestDistance = REACH_PX;
  for (const lane of lanes) {
    const distance =
      outside(point.x, lane.box.left, lane.box.right) + outside(point.y, lane.box.top, lane.box.bottom);
    if (distance < bestDistance) {
      best = lane;
      bestDistance = distance;
    }
  }
  return best;
}

function outside(value: number, low: number, high: number): number {
  return Math.max(0, low - value, value - high);
}

/** How far to scroll in this frame while the pointer is near an edge of `box`. */
export function edgeScroll(box: Box, point: Point): Point {
  return { x: pull(point.x, box.left, box.right), y: pull(point.y, box.top, box.bottom) };
}

function pull(value: number, low: number, high: number): number {
  const edge = Math.min(EDGE_PX, (high - low) / 4);
  const before = low + edge - value;
  const after = value - (high - edge);
  if (before > 0) return -speed(before / edge);
  return after > 0 ? speed(after / edge) : 0;
}

function speed(depth: number): number {
  return Math.ceil(Math.min(1, depth) ** 2 * MOST_PX_A_FRAME);
}
