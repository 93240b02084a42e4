// The colours that days and cards wear: far apart from each other, and readable under white numerals.

/** In the order of the days; the eleventh day starts again with the first. */
export const DAY_COLOURS = [
  "#1f7a63",
  "#c2542d",
  "#2f66b5",
  "#8a4fa8",
  "#b0365f",
  "#7d6b13",
  "#157f92",
  "#5b6ad0",
  "#a3562b",
  "#4a7a24",
] as const;

/** What they are called, for those who do not see them. */
export const COLOUR_NAMES = [
  "green",
  "orange",
  "blue",
  "purple",
  "pink",
  "olive",
  "teal",
  "indigo",
  "brown",
  "leaf",
] as const satisfies { readonly length: (typeof DAY_COLOURS)["length"] };

/** The tray's colour, and that of cards without a day. */
export const TRAY_COLOUR = "#69757a";

export function dayColour(rank: number): string {
  return DAY_COLOURS[rank % DAY_COLOURS.length] ?? TRAY_COLOUR;
}
