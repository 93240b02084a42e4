// How long it takes to bring in a large copy, and to merge a long text.
import { bench, describe } from "vitest";
import { filled, stateOf } from "./filled.test-support";
import { bringIn } from "./merge";
import { mergeTexts } from "./merge-texts";
import { countingPort } from "./merge.test-support";

describe("2 000 cards", () => {
  const state = stateOf(filled(2_000, 30));
  bench("are brought in", async () => void (await bringIn(countingPort().port, { state, base: null })), { iterations: 5, time: 0, warmupTime: 0, warmupIterations: 1 });
});

describe("a text of 20 000 characters that two people edit", () => {
  const texts = {
    "2 000 of them": Array.from({ length: 400 }, (_, i) => (i % 12 === 11 ? `w${i}.\n` : `w${i} `)).join(""),
    "of words": Array.from({ length: 3_300 }, (_, i) => (i % 12 === 11 ? `w${i % 400}.\n` : `w${i % 400} `)).join(""),
    "of Japanese": Array.from({ length: 900 }, (_, i) => `${i}日目は東京から京都へ行って、寺を見る。${i % 5 === 4 ? "\n" : ""}`).join("").slice(0, 20_000),
    "of one line, where all words are alike": "가나 ".repeat(6_600),
  };
  for (const [name, base] of Object.entries(texts)) {
    const [mine, theirs] = [edited(base, 700, "mine "), edited(base, 900, "theirs ")];
    bench(name, () => void mergeTexts(base, mine, theirs), { iterations: 5, time: 0, warmupTime: 0, warmupIterations: 1 });
  }
});

/** Something is inserted every so many characters. */
function edited(text: string, step: number, insert: string): string {
  const parts = [];
  for (let at = 0; at < text.length; at += step) parts.push(text.slice(at, at + step));
  return parts.join(insert);
}
