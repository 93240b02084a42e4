// The copy on the device: edits made offline are there after a reload and reach the server later; another epoch is refused.
// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";
import { Hub, join, settle } from "./hub.test-support";
import { project } from "./reader";

let hub: Hub;

beforeEach(() => {
  hub = new Hub();
  localStorage.clear();
});

const user = () => `u${Math.random().toString(36).slice(2)}`;
const patience = () => new Promise((resolve) => setTimeout(resolve, 50));

async function visit(name: string) {
  const trip = join(hub, name, Date.now, true);
  await patience();
  await settle();
  return trip;
}

describe("the local copy", () => {
  it("opens without the server, keeps what is done there, and hands it over later", async () => {
    const name = user();
    const first = await visit(name);
    first.cards.add({ kind: "note", title: "섬에서" });
    await settle();
    await first.close();

    hub.up = false;
    const offline = await visit(name);
    expect(offline.view.get().loaded).toBe(true);
    expect(offline.view.get().trip.tray.map(({ title }) => title)).toEqual(["섬에서"]);
    offline.cards.add({ kind: "note", title: "배에서" });
    await patience();
    expect(offline.sync.get()).toMatchObject({ changes: 1 });
    await offline.close();

    const again = await visit(name);
    expect(again.sync.get()).toMatchObject({ changes: 1 });
    hub.up = true;
    again.reconnect();
    await patience();
    await settle();
    expect(again.sync.get()).toEqual({ kind: "saved" });
    expect(project(hub.doc).tray.map(({ title }) => title)).toEqual(["섬에서", "배에서"]);
    await again.close();
  });

  it("of another epoch is offered and not mixed in; forgotten, the server's is taken", async () => {
    const name = user();
    const before = await visit(name);
    before.cards.add({ kind: "note", title: "alt" });
    await settle();
    await before.close();

    const old = hub;
    hub = new Hub();
    hub.epoch = old.epoch + 1;
    const trip = await visit(name);
    expect(trip.sync.get()).toMatchObject({ kind: "refused", reason: "otherEpoch" });
    expect(trip.encode().length).toBeGreaterThan(50);
    expect(project(hub.doc).tray).toEqual([]);
    await trip.forget();
    await trip.close();

    const fresh = await visit(name);
    expect(fresh.sync.get()).toEqual({ kind: "saved" });
    expect(fresh.view.get().trip.tray).toEqual([]);
    await fresh.close();
  });

  it("is one a person: another who logs in here does not see it", async () => {
    const mine = await visit(user());
    mine.cards.add({ kind: "note", title: "비밀" });
    await mine.close();
    hub.up = false;
    const other = await visit(user());
    expect(other.view.get()).toMatchObject({ loaded: false, trip: { tray: [] } });
    await other.close();
  });
});
