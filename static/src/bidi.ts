// Texts of people in scripts that run either way: what steers their direction invisibly is taken out on input and put in for show.

/** Isolates, embeddings and overrides: phones put them around names and numbers that are copied. */
const STEERING = /[\u202a-\u202e\u2066-\u2069]/g;
/** Letters that run from right to left: Hebrew to Arabic Extended, their presentation forms, and the planes' own. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";

/** What somebody typed or pasted, without characters that only steer the direction of what stands around them. */
export function withoutSteering(text: string): string {
  return text.replace(STEERING, "");
}

/** A name inside a sentence: it runs its own way and turns nothing around it. */
export function isolated(name: string): string {
  return RIGHT_TO_LEFT.test(name) ? `${FIRST_STRONG_ISOLATE}${name}${POP_ISOLATE}` : name;
}
