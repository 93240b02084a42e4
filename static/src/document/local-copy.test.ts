// The copy on the device: edits made offline are there after a reload and reach the server later; another epoch is refused.
// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { clearCopies, listCopies, readCopy, type CopyContent } from "./copies";
import { CopyStore } from "./copy-store";
import { Hub, join, settle } from "./hub.test-support";
import { docOf } from "./merge";
import { project } from "./reader";
import type { OpenTrip } from "./trip";

let hub: Hub;

beforeEach(() => {
  hub = new Hub();
  localStorage.clear();
});

const user = () => `u${Math.random().toString(36).slice(2)}`;
const until = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 10_000, interval: 10 });
const isSaved = (trip: OpenTrip) => until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
const isWritten = (trip: OpenTrip) => until(() => expect(trip.written).toBe(true));

/** A trip whose copy has been read, and the server asked. */
async function visit(name: string) {
  const trip = join(hub, name, Date.now, true);
  await until(() => expect(["saved", "offline", "refused"]).toContain(trip.sync.get().kind));
  return trip;
}

describe("the local copy", () => {
  it("opens without the server, keeps what is done there, and hands it over later", async () => {
    const name = user();
    const first = await visit(name);
    first.cards.add({ kind: "note", title: "섬에서" });
    await isSaved(first);
    await first.close();

    hub.up = false;
    const offline = await visit(name);
    expect(offline.view.get().loaded).toBe(true);
    expect(offline.view.get().trip.tray.map(({ title }) => title)).toEqual(["섬에서"]);
    offline.cards.add({ kind: "note", title: "배에서" });
    expect(offline.sync.get()).toMatchObject({ changes: 1 });
    await offline.close();

    const again = await visit(name);
    expect(again.sync.get()).toMatchObject({ changes: 1 });
    hub.up = true;
    again.reconnect();
    await isSaved(again);
    expect(project(hub.doc).tray.map(({ title }) => title)).toEqual(["섬에서", "배에서"]);
    await again.close();
  });

  it("of another epoch is offered and not mixed in; forgotten, the server's is taken", async () => {
    const name = user();
    const before = await visit(name);
    before.cards.add({ kind: "note", title: "alt" });
    await isSaved(before);
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

  it("still knows what is unsent after each of several visits offline, so that a log-out leaves it and a reset sets it aside", async () => {
    const name = user();
    const first = await visit(name);
    hub.up = false;
    hub.cut(name);
    first.cards.add({ kind: "note", title: "배에서" });
    await first.close();
    for (let n = 1; n <= 3; n++) {
      const again = await visit(name);
      expect(again.sync.get(), `visit ${n}`).toMatchObject({ changes: n });
      again.text({ of: "desc" }).set(`${n}`);
      await again.close();
    }
    await (await visit(name)).close();
    expect(await listCopies(name)).toMatchObject([{ unsent: 4 }]);
    await clearCopies(name, true);
    hub.up = true;
    hub.reset();
    const last = await visit(name);
    await until(() => expect(last.sync.get()).toMatchObject({ kind: "refused", reason: "otherEpoch", copy: true }));
    await last.close();
  });

  it("knows what the server has besides what is unsent, however much others do meanwhile", async () => {
    const name = user();
    const trip = await visit(name);
    trip.text({ of: "title" }).set("there");
    const peer = join(hub, "peer");
    for (const one of [trip, peer]) await isSaved(one);
    await isWritten(trip);
    hub.up = false;
    hub.cut(name);
    trip.cards.add({ kind: "note", title: "배에서" });
    await isWritten(trip);
    hub.acknowledges = false;
    hub.up = true;
    trip.reconnect();
    await until(() => expect(project(hub.doc).tray).toHaveLength(1));
    for (let n = 1; n <= 100; n++) {
      peer.text({ of: "desc" }).set(`${n}`);
      await settle(1);
    }
    await until(() => expect(trip.view.get().trip.desc).toBe("100"));
    await trip.close();
    const copy = (await listCopies(name))[0]?.name ?? "";
    const { state, base } = (await readCopy(copy)) as CopyContent;
    const had = base && project(docOf(base));
    expect(had).toMatchObject({ desc: "100", tray: [] });
    expect(project(docOf(state)).tray.map(({ title }) => title)).toEqual(["배에서"]);
    const store = await CopyStore.openExisting(copy);
    expect((await store?.base())?.length, "put together from time to time").toBeLessThan(65);
    store?.close();
    await peer.close();
  });

  it("knows what the server had before what was on its way when the connection went", async () => {
    const name = user();
    const trip = await visit(name);
    trip.text({ of: "desc" }).set("there");
    await isSaved(trip);
    await isWritten(trip);
    hub.acknowledges = false;
    trip.cards.add({ kind: "note", title: "배에서" });
    await until(() => expect(project(hub.doc).tray).toHaveLength(1));
    hub.up = false;
    hub.cut(name);
    await trip.close();
    const { base } = (await readCopy((await listCopies(name))[0]?.name ?? "")) as CopyContent;
    expect(base && project(docOf(base))).toMatchObject({ desc: "there", tray: [] });
  });
});
