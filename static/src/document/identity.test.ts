// Whose edits these are: nothing goes out with a ticket of somebody else, and what was not sent waits for its person.
// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Hub, join } from "./hub.test-support";
import { project } from "./reader";
import type { OpenTrip } from "./trip";

let hub: Hub;
let trip: OpenTrip;

const until = (claim: () => void) => vi.waitFor(claim, { timeout: 10_000, interval: 10 });
const atServer = () => project(hub.doc).tray.map(({ title }) => title);

beforeEach(async () => {
  localStorage.clear();
  hub = new Hub();
  trip = join(hub, `ara${Math.random()}`, Date.now, true);
  await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
});
afterEach(() => trip.close());

describe("a ticket for somebody else", () => {
  it("opens no socket, and what was not sent stays here", async () => {
    hub.up = false;
    hub.cut();
    trip.cards.add({ kind: "note", title: "Ara's" });
    hub.loggedIn = "byeol";
    hub.up = true;
    trip.reconnect();
    await until(() => expect(trip.sync.get()).toMatchObject({ kind: "refused", reason: "otherAccount", copy: true }));
    expect(hub.sockets.size).toBe(0);
    expect(atServer()).toEqual([]);

    trip.cards.add({ kind: "note", title: "nobody's" });
    expect(trip.view.get().trip.tray, "nothing is written any more").toHaveLength(1);
    window.dispatchEvent(new Event("online"));
    expect(hub.sockets.size, "not even when the network is back").toBe(0);

    hub.loggedIn = null;
    trip.reconnect();
    await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    expect(atServer()).toEqual(["Ara's"]);
  });

  it("ends an open connection that asks for a new one", async () => {
    hub.loggedIn = "byeol";
    for (const socket of hub.sockets) socket.give({ type: "tokenWanted", reason: "soon" });
    await until(() => expect(trip.sync.get()).toMatchObject({ reason: "otherAccount", copy: false }));
    expect(hub.sockets.size).toBe(0);
  });
});

describe("a trip whose person is not here any more", () => {
  it.each(["otherAccount", "loggedOut"] as const)("stops at once, %s", async (why) => {
    hub.acknowledges = false;
    trip.cards.add({ kind: "note", title: "on its way" });
    trip.halt(why);
    expect(trip.sync.get()).toMatchObject({ kind: "refused", reason: why, copy: true });
    expect(hub.sockets.size).toBe(0);
    hub.acknowledges = true;
    trip.reconnect();
    await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    expect(atServer()).toEqual(["on its way"]);
  });
});
