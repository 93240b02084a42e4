// What browsers do to what is kept in them: cleared, written by a newer program, closed without a word, slow, or without any answer.
// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { BroadcastChannel as NodeChannel } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { recoveryOf } from "../sync/recovery";
import { listCopies, readCopy } from "./copies";
import { CopyStore } from "./copy-store";
import { Hub, join, settle, TRIP } from "./hub.test-support";
import { inWindowOnly } from "./kept";
import { docOf } from "./merge";
import { project } from "./reader";
import { keep } from "./recovery";
import { KeepError, list } from "./set-aside";
import { STORE_MS } from "./store-request";
import type { OpenTrip } from "./trip";

let hub: Hub;
let opened: OpenTrip[] = [];
let user = "";
let clock = Date.now;

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("BroadcastChannel", NodeChannel);
  vi.spyOn(console, "warn").mockReturnValue();
  localStorage.clear();
  hub = new Hub();
  opened = [];
  clock = Date.now;
  user = `u${Math.random().toString(36).slice(2)}`;
});

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(opened.map((trip) => trip.close()));
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const until = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 10_000, interval: 10 });
const titles = (trip: OpenTrip) => trip.view.get().trip.tray.map(({ title }) => title).sort();
const name = () => `moim/${user}/${TRIP}/1`;

function visit(to = hub): OpenTrip {
  const trip = join(to, user, () => clock(), true);
  opened.push(trip);
  return trip;
}

/** A trip with one card that was opened here, and closed; the network is gone. */
async function left(): Promise<void> {
  const trip = visit();
  await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
  trip.cards.add({ kind: "note", title: "섬에서" });
  await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
  await trip.close();
  hub.up = false;
}

async function back(trip: OpenTrip): Promise<void> {
  hub.up = true;
  trip.reconnect();
  await until(() => expect(titles(trip)).toEqual(["섬에서"]));
}

/** A browser whose databases open once this has resolved; null: never. */
function slow(gate: Promise<void> | null): IDBFactory {
  const real = globalThis.indexedDB;
  return new Proxy(real, {
    get(target, key) {
      if (key !== "open") return Reflect.get(target, key) as unknown;
      return (of: string, version?: number) => {
        const request = {} as IDBOpenDBRequest;
        if (gate === null) return request;
        void gate.then(() => pass(target.open(of, version), request));
        return request;
      };
    },
  });
}

function pass(from: IDBOpenDBRequest, to: IDBOpenDBRequest): void {
  const tell = (event: Event) => {
    Object.assign(to, { result: from.result, transaction: from.transaction });
    (to[`on${event.type}` as "onsuccess"])?.(event);
  };
  for (const type of ["success", "error", "upgradeneeded"]) from.addEventListener(type, tell);
}

describe("a copy that cannot be read", () => {
  it("is not shown as a trip without anything where the browser has cleared it", async () => {
    await left();
    vi.stubGlobal("indexedDB", new IDBFactory());
    const trip = visit();
    await until(() => expect(trip.sync.get().kind).toBe("offline"));
    expect(trip.view.get().loaded).toBe(false);
    await back(trip);
    expect(trip.view.get().loaded).toBe(true);
  });

  it("is left alone where a newer program has made it, and the trip is not shown as empty", async () => {
    await left();
    const newer = indexedDB.open(name(), 99);
    await until(() => expect(newer.readyState).toBe("done"));
    newer.result.close();
    const trip = visit();
    await until(() => expect(trip.sync.get().kind).toBe("offline"));
    expect(trip.view.get().loaded).toBe(false);
    await back(trip);
    expect(trip.kept.get()).toBe(false);
    expect((await indexedDB.databases()).find((db) => db.name === name())?.version).toBe(99);
  });

  it("is shown as soon as it is read, however late", async () => {
    await left();
    const real = globalThis.indexedDB;
    let answer: () => void = () => undefined;
    vi.stubGlobal("indexedDB", slow(new Promise((resolve) => (answer = resolve))));
    const trip = visit();
    await until(() => expect(trip.sync.get().kind).toBe("offline"));
    expect(trip.view.get().loaded).toBe(false);
    answer();
    await until(() => expect(titles(trip)).toEqual(["섬에서"]));
    expect(trip.view.get().loaded).toBe(true);
    vi.stubGlobal("indexedDB", real);
  });
});

describe("a store that never answers", () => {
  it("keeps nobody waiting for what is set aside: it is said, and nothing is let go of", async () => {
    const trip = visit();
    await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    hub.poison = () => true;
    trip.cards.add({ kind: "note", title: "섬에서" });
    await until(() => expect(recoveryOf(trip.sync.get())).not.toBeNull());
    const real = globalThis.indexedDB;
    vi.stubGlobal("indexedDB", slow(null));
    vi.useFakeTimers();
    const keeping = keep(trip, recoveryOf(trip.sync.get())!);
    const said = expect(keeping).rejects.toBeInstanceOf(KeepError);
    const listed = expect(list(user)).rejects.toThrow("does not answer");
    await vi.advanceTimersByTimeAsync(2 * STORE_MS);
    await said;
    await listed;
    vi.useRealTimers();
    vi.stubGlobal("indexedDB", real);
    expect(titles(trip)).toEqual(["섬에서"]);
  });
});

describe("a store that the browser has closed without a word", () => {
  it("is opened again where a window only reads: it still sees what the others do", async () => {
    const [one, two] = [visit(), visit()];
    for (const trip of [one, two]) await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    hub.up = false;
    hub.cut();
    one.cards.add({ kind: "note", title: "배에서" });
    await until(() => expect(titles(two)).toEqual(["배에서"]));
    const read = vi.spyOn(CopyStore.prototype, "read");
    read.mockRejectedValueOnce(new DOMException("The database connection is closing.", "InvalidStateError"));
    one.cards.add({ kind: "note", title: "섬에서" });
    await until(() => expect(read).toHaveBeenCalled());
    read.mockRestore();
    await until(() => expect(titles(two)).toEqual(["배에서", "섬에서"]));
  });
});

describe("a clock that is set back", () => {
  const HOUR = 3_600_000;

  it("keeps nobody from sending what another window cannot", async () => {
    const nowhere = new Hub();
    const [here, away] = [visit(), visit(nowhere)];
    for (const trip of [here, away]) await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    nowhere.up = false;
    nowhere.cut();
    away.cards.add({ kind: "note", title: "섬에서" });
    await until(() => expect(titles(here)).toEqual(["섬에서"]));
    clock = () => Date.now() - HOUR;
    await until(() => expect(project(hub.doc).tray.map(({ title }) => title)).toEqual(["섬에서"]));
  });

  it("does not make one change of all that is done from then on", async () => {
    await left();
    const trip = visit();
    await until(() => expect(titles(trip)).toEqual(["섬에서"]));
    for (let n = 0; n < 3; n++) {
      const at = Date.now() - n * HOUR;
      clock = () => at;
      trip.cards.add({ kind: "note", title: `n${n}` });
      await settle();
    }
    expect(trip.sync.get()).toMatchObject({ changes: 3 });
  });
});

describe("a window that is closed while its store is still being opened", () => {
  it("leaves there what was done in it", async () => {
    const { isEmpty } = CopyStore.prototype;
    let letOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letOn = resolve));
    const asked = vi.spyOn(CopyStore.prototype, "isEmpty").mockImplementation(async function (this: CopyStore) {
      await gate;
      return isEmpty.call(this);
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const trip = visit();
    await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
    await until(() => expect(asked).toHaveBeenCalled());
    hub.up = false;
    hub.cut();
    trip.cards.add({ kind: "note", title: "섬에서" });
    const closing = trip.close();
    await vi.advanceTimersByTimeAsync(STORE_MS / 2);
    letOn();
    vi.useRealTimers();
    await closing;
    asked.mockRestore();
    const copy = await readCopy((await listCopies(user))[0]?.name ?? "");
    expect(copy?.base && project(docOf(copy.base)).tray, "what the server had before it").toEqual([]);
    const later = visit();
    await until(() => expect(titles(later)).toEqual(["섬에서"]));
    expect(later.sync.get()).toMatchObject({ changes: 1 });
  });
});

describe("a window that is closed right after something was done offline", () => {
  it("has that alone until it is written, and then no more", async () => {
    await left();
    const trip = visit();
    await until(() => expect(titles(trip)).toEqual(["섬에서"]));
    expect(inWindowOnly(trip, user)).toBeNull();
    let write: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (write = resolve));
    const { append } = CopyStore.prototype;
    vi.spyOn(CopyStore.prototype, "append").mockImplementation(async function (this: CopyStore, ...of) {
      await gate;
      return append.apply(this, of);
    });
    trip.cards.add({ kind: "note", title: "배에서" });
    expect(inWindowOnly(trip, user)).toMatchObject({ is: "window" });
    await settle();
    expect(inWindowOnly(trip, user)).toMatchObject({ is: "window" });
    write();
    await until(() => expect(inWindowOnly(trip, user)).toBeNull());
  });
});
