// How much of a page an on-screen keyboard covers, from what the browser says of its visible part. Pure.

/** What `visualViewport` tells. */
export interface Seen {
  readonly offsetLeft: number;
  readonly offsetTop: number;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

/** Less than this is a bar of the browser that comes and goes. */
const LEAST_PX = 100;

/** Pixels at the foot of the page; 0 while the page is zoomed, since then less of it is seen anyway. */
export function keyboardOf(height: number, seen: Seen): number {
  const covered = Math.round(height - seen.height - seen.offsetTop);
  return seen.scale > 1.01 || covered < LEAST_PX ? 0 : covered;
}
