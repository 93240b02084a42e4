// The colours of the schematic map, by theme.

export interface Palette {
  readonly sea: string;
  /** Shallow water along the coasts. */
  readonly shoal: string;
  readonly land: string;
  readonly coast: string;
  readonly border: string;
  readonly grid: string;
  readonly label: string;
  readonly minor: string;
  readonly sight: string;
  readonly halo: string;
  readonly wayCasing: string;
}

export type Theme = "light" | "dark";

export const PALETTES: Readonly<Record<Theme, Palette>> = {
  light: {
    sea: "#c9dfe8",
    shoal: "#dcebf0",
    land: "#f7f4ec",
    coast: "#a9c3cd",
    border: "#cfc4b2",
    grid: "#bcd5e0",
    label: "#3d4a52",
    minor: "#6f7b80",
    sight: "#4f7a63",
    halo: "#fbf9f4",
    wayCasing: "#ffffff",
  },
  dark: {
    sea: "#111c24",
    shoal: "#162530",
    land: "#24313a",
    coast: "#3d5260",
    border: "#46545c",
    grid: "#1a2933",
    label: "#d3dce1",
    minor: "#93a1a9",
    sight: "#8fc0a4",
    halo: "#1b262d",
    wayCasing: "#10181e",
  },
};
