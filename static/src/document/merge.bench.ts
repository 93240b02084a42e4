// How long it takes to bring in a large copy.
import { bench, describe } from "vitest";
import { filled, stateOf } from "./filled.test-support";
import { bringIn } from "./merge";
import { countingPort } from "./merge.test-support";

describe("2 000 cards", () => {
  const state = stateOf(filled(2_000, 30));
  bench("are brought in", async () => void (await bringIn(countingPort().port, { state, base: null })), { iterations: 5, time: 0, warmupTime: 0, warmupIterations: 1 });
});
