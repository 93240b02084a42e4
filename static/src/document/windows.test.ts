// One person's windows on one device: what any of them does without a network is in all, counted once, and sent by whichever is left.
// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { BroadcastChannel as NodeChannel } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { recoveryOf, type Recovery } from "../sync/recovery";
import { CopyStore } from "./copy-store";
import { Hub, join, settle, TRIP } from "./hub.test-support";
import { project } from "./reader";
import { keep } from "./recovery";
import { list, merge } from "./set-aside";
import type { OpenTrip } from "./trip";

let hub: Hub;
let opened: OpenTrip[] = [];
let user = "";
let clock = Date.now;

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("BroadcastChannel", NodeChannel);
  localStorage.clear();
  hub = new Hub();
  opened = [];
  user = `u${Math.random().toString(36).slice(2)}`;
});

afterEach(async () => {
  await Promise.all(opened.map((trip) => trip.close()));
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const name = () => `moim/${user}/${TRIP}/1`;
const titles = (trip: OpenTrip) => trip.view.get().trip.tray.map(({ title }) => title).sort();
const atServer = () => project(hub.doc).tray.map(({ title }) => title).sort();
const until = (claim: () => void) => vi.waitFor(claim, { timeout: 10_000, interval: 10 });

function visit(to = hub): OpenTrip {
  const trip = join(to, user, () => clock(), true);
  opened.push(trip);
  return trip;
}

/** One change to a person, however slow this machine is; `at`: when it is made. */
function write(trip: OpenTrip, title: string, at = Date.now()): void {
  clock = () => at;
  trip.cards.add({ kind: "note", title });
  clock = Date.now;
}

/** A trip that has a copy on this device, in so many windows, without a network. */
async function offline(windows: number): Promise<OpenTrip[]> {
  const trips = Array.from({ length: windows }, () => visit());
  for (const trip of trips) await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
  hub.up = false;
  hub.cut();
  return trips;
}

function back(...trips: OpenTrip[]): void {
  hub.up = true;
  for (const trip of trips) trip.reconnect();
}

async function unsentInStore(): Promise<number> {
  const store = await CopyStore.open(name(), () => undefined);
  const { unsent } = await store.read(0);
  store.close();
  return unsent.reduce((sum, { changes }) => sum + changes, 0);
}

describe.each([
  ["that can call each other", true],
  ["without BroadcastChannel", false],
])("windows %s", (_, hasChannel) => {
  beforeEach(() => {
    if (!hasChannel) vi.stubGlobal("BroadcastChannel", undefined);
  });

  it("share what is done offline, and count it together", async () => {
    const [one, other] = (await offline(2)) as [OpenTrip, OpenTrip];
    write(one, "섬에서");
    write(other, "배에서");
    for (const trip of [one, other]) {
      await until(() => expect(titles(trip)).toEqual(["배에서", "섬에서"]));
      await until(() => expect(trip.sync.get()).toMatchObject({ changes: 2 }));
    }
    back(one, other);
    for (const trip of [one, other]) await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    expect(atServer()).toEqual(["배에서", "섬에서"]);
    await until(async () => expect(await unsentInStore()).toBe(0));
  });

  it("bring along what a window did that was closed before the network was back", async () => {
    const [one, other] = (await offline(2)) as [OpenTrip, OpenTrip];
    write(other, "closed");
    await other.close();
    await until(() => expect(one.sync.get()).toMatchObject({ changes: 1 }));
    expect(titles(one)).toEqual(["closed"]);
    back(one);
    await until(() => expect(one.sync.get()).toEqual({ kind: "saved" }));
    expect(atServer()).toEqual(["closed"]);
    await until(async () => expect(await unsentInStore()).toBe(0));
  });

  it("say that something is not saved while another window could not send it, and then send it", async () => {
    const [online] = (await offline(1)) as [OpenTrip];
    back(online);
    await until(() => expect(online.sync.get()).toEqual({ kind: "saved" }));
    const nowhere = new Hub();
    nowhere.up = false;
    const away = visit(nowhere);
    await until(() => expect(away.view.get().loaded).toBe(true));
    write(away, "stuck");
    await until(() => expect(online.sync.get()).toEqual({ kind: "saving", changes: 1 }));
    await away.close();
    await until(() => expect(online.sync.get()).toEqual({ kind: "saved" }));
    expect(atServer()).toEqual(["stuck"]);
  });
});

describe("a window", () => {
  it("that opens beside another offline has its edits, and counts them once", async () => {
    const [one] = (await offline(1)) as [OpenTrip];
    const at = Date.now();
    write(one, "first", at);
    await until(async () => expect(await unsentInStore()).toBe(1));
    const late = visit();
    await until(() => expect(late.sync.get()).toMatchObject({ changes: 1 }));
    write(one, "second", at + 2_000);
    await until(() => expect(titles(late)).toEqual(["first", "second"]));
    expect(late.sync.get()).toMatchObject({ changes: 2 });
    back(one, late);
    for (const trip of [one, late]) await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    expect(atServer()).toEqual(["first", "second"]);
  });

  it("does not undo what another has done", async () => {
    const [one, other] = (await offline(2)) as [OpenTrip, OpenTrip];
    write(one, "mine");
    await until(() => expect(titles(other)).toEqual(["mine"]));
    expect(other.history.undo()).toBe("nothing");
    expect(titles(other)).toEqual(["mine"]);
  });

  it("has everything after hundreds of edits, which are stored as one", async () => {
    const [one, other] = (await offline(2)) as [OpenTrip, OpenTrip];
    for (let n = 0; n < 600; n++) one.cards.add({ kind: "note", title: `n${n}` });
    await until(() => expect(titles(other)).toHaveLength(600));
    await one.close();
    await other.close();
    const store = await CopyStore.open(name(), () => undefined);
    expect((await store.read(0)).updates.length).toBeLessThan(1_300);
    store.close();
    const later = visit();
    await until(() => expect(titles(later)).toHaveLength(600));
    back(later);
    await until(() => expect(later.sync.get()).toEqual({ kind: "saved" }));
    expect(atServer()).toHaveLength(600);
  });

  it("does not make a copy again that another has deleted", async () => {
    const [one, other] = (await offline(2)) as [OpenTrip, OpenTrip];
    await other.forget();
    await until(() => expect(one.kept.get()).toBe(false));
    write(one, "later");
    await one.close();
    expect((await indexedDB.databases()).map((db) => db.name)).not.toContain(name());
  });

  it("reads a copy of the first version, with its count", async () => {
    const made = new Y.Doc();
    made.getText("title").insert(0, "부산");
    await new Promise<void>((resolve) => {
      const request = indexedDB.open(name(), 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("updates", { autoIncrement: true }).add(Y.encodeStateAsUpdate(made));
        request.result.createObjectStore("custom").put(3, "changes");
      };
      request.onsuccess = () => {
        request.result.close();
        resolve();
      };
    });
    localStorage.setItem(`moim/${user}/${TRIP}`, "1");
    hub.up = false;
    const trip = visit();
    await until(() => expect(trip.sync.get()).toMatchObject({ changes: 3 }));
    expect(trip.view.get().trip.title).toBe("부산");
    back(trip);
    await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    expect(hub.doc.getText("title").toJSON()).toBe("부산");
  });
});

/** Stores that wait where they are asked whether they are empty: each until it is let on. */
function held(when: "before" | "after"): (() => void)[] {
  const letOn: (() => void)[] = [];
  const { isEmpty } = CopyStore.prototype;
  vi.spyOn(CopyStore.prototype, "isEmpty").mockImplementation(async function (this: CopyStore) {
    const gate = new Promise<void>((resolve) => letOn.push(resolve));
    if (when === "before") await gate;
    const answer = await isEmpty.call(this);
    await gate;
    return answer;
  });
  return letOn;
}

describe("what is done while a store is being opened", () => {
  it.each(["before", "after"] as const)("is told to the other windows and counted once, %s it was found empty", async (when) => {
    const gates = held(when);
    const [one, other] = [visit(), visit()];
    for (const trip of [one, other]) await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    await until(() => expect(gates).toHaveLength(2));
    hub.up = false;
    hub.cut();
    gates[0]?.();
    write(one, "first");
    await until(async () => expect(await unsentInStore()).toBe(1));
    await until(() => expect(one.written).toBe(true));
    write(other, "second");
    await settle();
    gates[1]?.();
    for (const trip of [one, other]) {
      await until(() => expect(titles(trip)).toEqual(["first", "second"]));
      await until(() => expect(trip.sync.get()).toMatchObject({ changes: 2 }));
    }
    expect(await unsentInStore()).toBe(2);
    back(one, other);
    for (const trip of [one, other]) await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    await until(async () => expect(await unsentInStore()).toBe(0));
  });

  it("does not keep a store that the browser has cleared from getting everything again", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const [one] = (await offline(1)) as [OpenTrip];
    write(one, "before");
    await until(async () => expect(await unsentInStore()).toBe(1));
    vi.stubGlobal("indexedDB", new IDBFactory());
    vi.spyOn(CopyStore.prototype, "append").mockRejectedValueOnce(new DOMException("", "UnknownError"));
    const gates = held("before");
    write(one, "lost");
    await until(() => expect(gates).toHaveLength(1));
    write(one, "meanwhile");
    await settle();
    gates[0]?.();
    await until(() => expect(one.kept.get() && one.written).toBe(true));
    await one.close();
    vi.restoreAllMocks();
    const later = visit();
    await until(() => expect(titles(later)).toEqual(["before", "lost", "meanwhile"]));
  });
});

describe("windows that stop together", () => {
  async function stopped(): Promise<[OpenTrip, OpenTrip]> {
    const [one, other] = (await offline(2)) as [OpenTrip, OpenTrip];
    write(one, "섬에서");
    write(other, "배에서");
    for (const trip of [one, other]) await until(() => expect(titles(trip)).toEqual(["배에서", "섬에서"]));
    hub.reset();
    back(one, other);
    for (const trip of [one, other]) await until(() => expect(recoveryOf(trip.sync.get())).toMatchObject({ keep: "otherEpoch" }));
    return [one, other];
  }
  const keepAll = (trip: OpenTrip) => keep(trip, recoveryOf(trip.sync.get()) as Recovery);
  const listed = async () => (await list(user)).map(({ items }) => items.map(({ title }) => title).sort());

  it("set aside what they share once, also at the same moment", async () => {
    const [one, other] = await stopped();
    const kept = await Promise.all([keepAll(one), keepAll(other)]);
    expect(kept.filter((aside) => aside !== null)).toHaveLength(1);
    expect(await listed()).toEqual([["배에서", "섬에서"]]);
  });

  it("add only what is new, and leave the copy alone that is there by then", async () => {
    const [one, other] = await stopped();
    expect(await keepAll(one)).not.toBeNull();
    await one.close();
    const again = visit();
    await until(() => expect(again.sync.get()).toEqual({ kind: "saved" }));
    write(other, "too late for the first");
    expect((await keepAll(other))?.items.map(({ title }) => title)).toEqual(["too late for the first"]);
    expect(await listed()).toEqual([["too late for the first"], ["배에서", "섬에서"]]);
    expect(localStorage.getItem(`moim/${user}/${TRIP}`)).toBe("2");
    expect((await indexedDB.databases()).map((db) => db.name)).toContain(`moim/${user}/${TRIP}/2`);
    for (const head of await list(user)) await merge(head, again);
    expect(atServer()).toEqual(["too late for the first", "배에서", "섬에서"]);
    expect(await list(user)).toEqual([]);
  });
});

describe("a store that fails", () => {
  it("or was cleared by the browser gets everything again, counted as before", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const [one] = (await offline(1)) as [OpenTrip];
    const at = Date.now();
    write(one, "before", at);
    await until(async () => expect(await unsentInStore()).toBe(1));
    const dead = new IDBFactory();
    vi.stubGlobal("indexedDB", dead);
    vi.spyOn(CopyStore.prototype, "append").mockRejectedValueOnce(new DOMException("", "UnknownError"));
    write(one, "after", at);
    await until(() => expect(one.kept.get()).toBe(false));
    await until(() => expect(one.kept.get()).toBe(true));
    await one.close();
    const later = visit();
    await until(() => expect(titles(later)).toEqual(["after", "before"]));
    // Within a second they are one change, as in the chip.
    await until(() => expect(later.sync.get()).toMatchObject({ changes: 1 }));
  });

  it("is said, and what was done meanwhile is kept once it works again", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const [one] = (await offline(1)) as [OpenTrip];
    const full = vi.spyOn(CopyStore.prototype, "append").mockRejectedValue(new DOMException("", "QuotaExceededError"));
    const at = Date.now();
    for (let n = 0; n < 5; n++) write(one, `n${n}`, at);
    await until(() => expect(one.kept.get()).toBe(false));
    full.mockRestore();
    await until(() => expect(one.kept.get()).toBe(true));
    await one.close();
    const later = visit();
    await until(() => expect(titles(later)).toHaveLength(5));
    expect(later.sync.get()).toMatchObject({ changes: 1 });
  });

  it("does not keep anybody from the document", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    vi.stubGlobal("indexedDB", {
      open: () => {
        throw new DOMException("", "SecurityError");
      },
    });
    const trip = visit();
    await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    expect(trip.kept.get()).toBe(false);
    write(trip, "on the server");
    await until(() => expect(atServer()).toEqual(["on the server"]));
  });
});
