// The drawn cover of a trip: a sun over three ridges, always the same for the same trip, in the trip's colour.

export interface Scenery {
  sun: { x: number; y: number; r: number };
  ridges: string[];
}

const WIDTH = 400;
const HEIGHT = 200;
const STEPS = 8;

/** A small generator (mulberry32), seeded by the trip's id, so that everybody sees the same hills. */
function generator(seed: string): () => number {
  let state = 2166136261;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Paths for a 400 × 200 view box. */
export function scenery(seed: string): Scenery {
  const random = generator(seed);
  const sun = { x: 60 + random() * 280, y: 98 + random() * 22, r: 13 + random() * 9 };
  const ridges = [0, 1, 2].map((layer) => ridge(random, 140 + layer * 20, 26 - layer * 6));
  return { sun, ridges };
}

function ridge(random: () => number, base: number, height: number): string {
  const heights = Array.from({ length: STEPS + 1 }, () => base + (random() - 0.5) * 2 * height);
  const width = WIDTH / STEPS;
  let path = `M0 ${round(heights[0])}`;
  for (let step = 1; step <= STEPS; step++) {
    const middle = round((step - 0.5) * width);
    path += `C${middle} ${round(heights[step - 1])} ${middle} ${round(heights[step])} ${round(step * width)} ${round(heights[step])}`;
  }
  return `${path}V${HEIGHT}H0Z`;
}

function round(value: number | undefined): number {
  return Math.round((value ?? 0) * 10) / 10;
}

const COLOURS = [
  "#2f7d6b",
  "#c2603a",
  "#3b6fb0",
  "#7b5ea7",
  "#b8456b",
  "#8a7a2e",
  "#2b8a9e",
  "#5c7d34",
] as const;

/** The trip's own colour, or one that its id picks. */
export function tripColour(color: string | null, id: string): string {
  if (color !== null) return color;
  return COLOURS[Math.floor(generator(id)() * COLOURS.length)] ?? COLOURS[0];
}
