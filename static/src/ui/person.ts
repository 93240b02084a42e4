// How a person is drawn: the letter on their disc and an ink that can be read on their colour.

/** The first letter of a name as a reader sees it (a whole syllable or emoji, not half of one). */
export function initial(name: string): string {
  const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(name.trim());
  for (const { segment } of segments) return segment.toUpperCase();
  return "?";
}

/** Black or white, whichever stands out better on `color` (WCAG relative luminance). */
export function inkOn(color: string): "#14201d" | "#ffffff" {
  return luminance(color) > 0.3 ? "#14201d" : "#ffffff";
}

function luminance(color: string): number {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (match === null) return 0;
  const [red, green, blue] = match.slice(1).map((part) => linear(parseInt(part, 16) / 255));
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
