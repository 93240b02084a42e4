// A browser may clear what is kept in it; it is asked not to, where that would be a loss.
// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { expect, it, vi } from "vitest";
import { Hub, join } from "./hub.test-support";

it("is asked once to keep what is on this device alone, and not before there is such a thing", async () => {
  const persist = vi.fn(() => Promise.resolve(true));
  Object.defineProperty(navigator, "storage", { value: { persisted: () => Promise.resolve(false), persist }, configurable: true });
  const until = (claim: () => void) => vi.waitFor(claim, { timeout: 10_000, interval: 10 });
  const hub = new Hub();
  const trip = join(hub, "u", Date.now, true);
  await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
  trip.cards.add({ kind: "note", title: "online" });
  await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
  expect(persist).not.toHaveBeenCalled();
  hub.up = false;
  hub.cut();
  trip.cards.add({ kind: "note", title: "offline" });
  await until(() => expect(persist).toHaveBeenCalledTimes(1));
  trip.cards.add({ kind: "note", title: "offline too" });
  await trip.close();
  expect(persist).toHaveBeenCalledTimes(1);
});
