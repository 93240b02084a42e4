// The bottom sheet of the phone: three heights, and which one a drag ends at.

export type Stop = "peek" | "half" | "full";

/** How high each stop stands, in pixels, for a page of `height`. */
export function stops(height: number): Record<Stop, number> {
  return { peek: 124, half: Math.round(height * 0.5), full: Math.round(height - 24) };
}

/** A quick throw (pixels a millisecond, up is positive) goes on to the next stop; otherwise the nearest. */
export function settle(height: number, at: number, speed: number): Stop {
  const places = stops(height);
  const order: Stop[] = ["peek", "half", "full"];
  if (Math.abs(speed) > 0.5) {
    const ahead =
      speed > 0 ? order.find((stop) => places[stop] > at) : order.findLast((stop) => places[stop] < at);
    if (ahead !== undefined) return ahead;
  }
  return order.reduce((best, stop) =>
    Math.abs(places[stop] - at) < Math.abs(places[best] - at) ? stop : best,
  );
}
