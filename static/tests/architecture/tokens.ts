// Sizes and colours come from `ui/tokens.css`: what counts as raw in a style, and where tokens are named.
import type { Breach, Source } from "./source";

export const TOKENS = "src/ui/tokens.css";

/**
 * A length, a time or a colour that is written out. Allowed are 0, a hairline (1px either way), percentages, shares
 * (fr), angles, viewport units, and the conditions of @media and @container, where no custom property works.
 */
const LENGTH = /(?<![\w.#-])-?(?:\d+\.?\d*|\.\d+)(?:px|r?em|r?lh|r?ch|r?ex|cap|ic|pt|pc|cm|mm|in|q|ms|s)\b/gi;
const HAIRLINE = /^-?1px$/;
const COLOUR = /#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\((?!\s*from\s+var)/gi;
const NAMED =
  /(?<![\w-])(?:white|black|gr[ae]y|silver|red|green|blue|yellow|orange|purple|pink|brown|navy|teal|aqua|cyan|magenta|lime|maroon|olive|gold|tomato|crimson|indigo|violet)(?![\w-(])/gi;

interface Declaration {
  readonly line: number;
  readonly property: string;
  readonly value: string;
}

export function rawValues(source: Source): Breach[] {
  if (source.path === TOKENS) return [];
  return declarationsOf(source).flatMap(({ line, property, value }) =>
    rawIn(property, value).map((raw) =>
      source.breach(line, `\`${property}: … ${raw} …\` is raw: take a token of ${TOKENS}, or round it to one`),
    ),
  );
}

function rawIn(property: string, value: string): string[] {
  const lengths = (value.match(LENGTH) ?? []).filter((raw) => !HAIRLINE.test(raw) && Number.parseFloat(raw) !== 0);
  // "in oklab" names how colours are mixed, and is none.
  const colours = value.match(COLOUR) ?? [];
  const named = property === "animation" || property.startsWith("font") ? [] : (value.match(NAMED) ?? []);
  const layer = property === "z-index" && /^-?\d+$/.test(value) && value !== "0" ? [value] : [];
  return [...lengths, ...colours, ...named, ...layer];
}

/** Custom properties that are used, with the lines; those that have a value to fall back on as well. */
export function namesUsed(source: Source): readonly (readonly [number, string])[] {
  return source.text.split("\n").flatMap((text, at) =>
    [...text.matchAll(/var\(\s*(--[\w-]+)/g)].map((found) => [at + 1, found[1] ?? ""] as const),
  );
}

/** Custom properties that get a value here: in a style, or by `style:--name`. */
export function namesSet(source: Source): string[] {
  const found = source.text.matchAll(/(?:style:|[\s;{"'])(--[\w-]+)(?:\s*:|=|"\s*,)/g);
  return [...found].map(([, name = ""]) => name);
}

function declarationsOf(source: Source): Declaration[] {
  if (source.path.endsWith(".css")) return declarations(source.text, 1);
  if (!source.path.endsWith(".svelte")) return [];
  const at = (index: number) => source.text.slice(0, index).split("\n").length;
  const styles = [...source.text.matchAll(/(<style[^>]*>)([\s\S]*?)<\/style>/g)];
  const inSheets = styles.flatMap((found) => declarations(found[2] ?? "", at(found.index + (found[1]?.length ?? 0))));
  // What a component is given as a size ends in its style as well; `=` with blanks is code.
  const attributes = source.text.matchAll(/\s(style(?::[\w-]+)?|width|height|size|radius|gap|fill|stroke)="([^"]*)"/g);
  const inMarkup = [...attributes].map((found) => ({
    line: at(found.index),
    property: found[1] ?? "",
    value: found[2] ?? "",
  }));
  return [...inSheets, ...inMarkup];
}

/** What stands between a property's colon and its end; a selector and an @rule end with a brace and are none. */
function declarations(css: string, first: number): Declaration[] {
  const code = css.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "));
  return [...code.matchAll(/(?<![\w-])(--[\w-]+|[a-z-]+)\s*:\s*([^;{}]+)(?=[;}])/g)].map((found) => ({
    line: first + code.slice(0, found.index).split("\n").length - 1,
    property: found[1] ?? "",
    value: (found[2] ?? "").trim(),
  }));
}
