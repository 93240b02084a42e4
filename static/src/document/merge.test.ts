// Bringing a large copy in: how much is done at a time, how much goes over the wire in one message, and how often all is read.
import { describe, expect, it, vi } from "vitest";
import { filled, stateOf } from "./filled.test-support";
import { bringIn } from "./merge";
import { countingPort } from "./merge.test-support";
import { DEFAULT_LIMITS } from "./remake";

const CARDS = 2_000;

describe("2 000 cards", () => {
  it("go in by small messages, with little done between two of them", async () => {
    const { port, live, messages } = countingPort();
    const encode = vi.fn(port.encode);
    expect(await bringIn({ ...port, encode }, { state: stateOf(filled(CARDS, 30)), base: null })).toBeNull();
    expect(live.getMap("cards").size).toBe(CARDS);
    expect(Math.max(...messages.map(({ bytes }) => bytes))).toBeLessThan(DEFAULT_LIMITS.update);
    // The page has its turn after each.
    expect(Math.max(...messages.map(({ changes }) => changes))).toBeLessThanOrEqual(50);
    // The whole document is read once, not for each message.
    expect(encode).toHaveBeenCalledTimes(1);
  });
});
