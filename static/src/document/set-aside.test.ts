// What the server does not take stays on the device, listed, as a file, and goes in later; all the rest goes in at once.
// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import * as Y from "yjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { recoveryOf } from "../sync/recovery";
import { CopyStore } from "./copy-store";
import { listCopies, readCopy, type CopyContent } from "./copies";
import { Hub, join, settle, TRIP } from "./hub.test-support";
import { itemsOf } from "./merge";
import { project } from "./reader";
import { bring, keep } from "./recovery";
import { add, addOnce, discard, forgetTaken, fromFile, KeepError, list, made, merge, read, remove, replace, toFile, type SetAside } from "./set-aside";
import type { OpenTrip } from "./trip";

let hub: Hub;
let user: string;

beforeEach(() => {
  hub = new Hub();
  hub.tells = false;
  user = `u${Math.random().toString(36).slice(2)}`;
  localStorage.clear();
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function until(what: () => boolean, most = 10_000): Promise<void> {
  const end = performance.now() + most;
  while (!what()) {
    if (performance.now() > end) throw new Error("it did not come");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function visit(): Promise<OpenTrip> {
  const trip = join(hub, user, Date.now, true);
  await until(() => trip.view.get().loaded);
  return trip;
}

/** As the editor does it. */
async function recovered(trip: OpenTrip): Promise<OpenTrip> {
  await until(() => recoveryOf(trip.sync.get()) !== null);
  const plan = recoveryOf(trip.sync.get());
  if (!plan) throw new Error("unreachable");
  const kept = await keep(trip, plan);
  await trip.close();
  const again = await visit();
  if (kept && plan.bring) await bring(kept, again, () => true);
  return again;
}

async function offline(trip: OpenTrip, run: () => void): Promise<void> {
  hub.up = false;
  hub.cut(user);
  await settle();
  run();
  await settle();
  hub.up = true;
  trip.reconnect();
}

const titles = () => project(hub.doc).tray.map(({ title }) => title);
const note = (title: string, text = "") => ({ kind: "note", title, note: text }) as const;

describe("an offline session that meets a limit", () => {
  it("goes in but for the cards beyond the number that there may be", async () => {
    hub.limits.cards = 5;
    const trip = await visit();
    trip.cards.add(note("there before", "old"));
    await settle();
    const [first] = project(hub.doc).tray;
    await offline(trip, () => {
      for (let n = 1; n <= 6; n++) trip.cards.add(note(`card ${n}`));
      trip.cards.setNote(first?.id ?? "", "old and new");
      trip.text({ of: "desc" }).set("typed in the tunnel");
    });
    const again = await recovered(trip);
    expect(titles()).toEqual(["there before", "card 1", "card 2", "card 3", "card 4"]);
    expect(project(hub.doc)).toMatchObject({ desc: "typed in the tunnel" });
    expect(project(hub.doc).tray[0]?.note).toBe("old and new");
    const [left] = await list(user);
    expect(left).toMatchObject({ doc: TRIP, reason: "tooMany" });
    expect(left?.items).toEqual([
      { kind: "card", title: "card 5", detail: "", reason: "cards" },
      { kind: "card", title: "card 6", detail: "", reason: "cards" },
    ]);

    // Once there is room, it goes in.
    hub.limits.cards = 10;
    expect(left && (await merge(left, again))).toEqual({ left: null });
    expect(titles()).toEqual(["there before", "card 1", "card 2", "card 3", "card 4", "card 5", "card 6"]);
    expect(await list(user)).toEqual([]);
    expect(again.view.get().trip.tray).toHaveLength(7);
    await again.close();
  });

  it("goes in but for the text that two people made too long, and what others typed stays", async () => {
    hub.limits.text = 100;
    const trip = await visit();
    trip.cards.add(note("shared", "begin "));
    trip.cards.add(note("other"));
    await settle();
    const [shared, other] = project(hub.doc).tray;
    const peer = join(hub, "peer");
    await settle();
    await offline(trip, () => {
      trip.cards.setNote(shared?.id ?? "", `begin ${"a".repeat(60)}`);
      trip.cards.setNote(other?.id ?? "", "fits");
      peer.cards.setNote(shared?.id ?? "", `begin ${"b".repeat(60)}`);
    });
    const again = await recovered(trip);
    expect(project(hub.doc).tray.map((card) => card.note)).toEqual([`begin ${"b".repeat(60)}`, "fits"]);
    const [left] = await list(user);
    expect(left?.items).toEqual([{ kind: "cardNote", title: "shared", detail: "a".repeat(60), reason: "text" }]);

    peer.cards.setNote(shared?.id ?? "", `begin ${"b".repeat(30)}`);
    await settle();
    expect(left && (await merge(left, again))).toEqual({ left: null });
    const merged = project(hub.doc).tray[0]?.note ?? "";
    expect(merged).toContain("a".repeat(60));
    expect(merged).toContain("b".repeat(30));
    await Promise.all([again.close(), peer.close()]);
  });

  it("is told apart from what others did after it was refused, however alike the words are", async () => {
    hub.limits.cards = 1;
    const trip = await visit();
    trip.text({ of: "desc" }).set("We meet at nine. ");
    await settle();
    const peer = join(hub, "peer");
    await settle();
    await offline(trip, () => {
      for (const title of ["one", "two"]) trip.cards.add(note(title));
    });
    await until(() => trip.sync.get().kind === "refused");
    trip.text({ of: "desc" }).set("We meet at nine. We meet at noon. ");
    peer.text({ of: "desc" }).set("");
    await until(() => trip.view.get().trip.desc === "We meet at noon. ");
    expect(trip.aside("asked").items).toContainEqual({ kind: "desc", title: "", detail: "We meet at noon. ", reason: null });
    const again = await recovered(trip);
    expect(project(hub.doc).desc).toBe("We meet at noon. ");
    await Promise.all([again.close(), peer.close()]);
  });

  it("is told apart from what others did after it was refused, also after a reload", async () => {
    hub.limits.cards = 1;
    const trip = await visit();
    trip.text({ of: "desc" }).set("We meet at nine. ");
    await settle();
    const peer = join(hub, "peer");
    await settle();
    await offline(trip, () => {
      for (const title of ["one", "two"]) trip.cards.add(note(title));
    });
    await until(() => trip.sync.get().kind === "refused");
    trip.text({ of: "desc" }).set("We meet at nine. We meet at noon. ");
    peer.text({ of: "desc" }).set("");
    await until(() => trip.view.get().trip.desc === "We meet at noon. ");
    await trip.close();
    const later = await visit();
    await until(() => later.sync.get().kind === "refused");
    const noon = { kind: "desc", title: "", detail: "We meet at noon. ", reason: null };
    expect(later.aside("asked").items).toContainEqual(noon);
    const copy = (await listCopies(user))[0]?.name ?? "";
    const { state, base } = (await readCopy(copy)) as CopyContent;
    expect(itemsOf({ state, base }), "as a file as well").toContainEqual(noon);
    const again = await recovered(later);
    expect(project(hub.doc).desc).toBe("We meet at noon. ");
    await Promise.all([again.close(), peer.close()]);
  });

  it("is not compared with what there was before an earlier session offline", async () => {
    const trip = await visit();
    trip.text({ of: "desc" }).set("We meet at nine. ");
    await until(() => trip.sync.get().kind === "saved");
    await offline(trip, () => trip.cards.add(note("in the tunnel")));
    await until(() => trip.sync.get().kind === "saved");
    const peer = join(hub, "peer");
    await settle();
    peer.text({ of: "desc" }).set("");
    await until(() => trip.view.get().trip.desc === "");
    hub.acknowledges = false;
    trip.text({ of: "desc" }).set("We meet at noon. ");
    await settle();
    await trip.close();
    const again = await visit();
    expect(again.aside("asked").items).toContainEqual({ kind: "desc", title: "", detail: "We meet at noon. ", reason: null });
    await Promise.all([again.close(), peer.close()]);
  });

  it("goes in as far as the document's size allows, the small things whatever the large ones are", async () => {
    const trip = await visit();
    hub.limits.document = 30_000;
    await offline(trip, () => {
      for (let n = 1; n <= 4; n++) trip.cards.add(note(`large ${n}`, `${n}`.repeat(12_000)));
      for (let n = 1; n <= 4; n++) trip.cards.add(note(`small ${n}`));
    });
    const again = await recovered(trip);
    expect(titles()).toEqual(["large 1", "large 2", "small 1", "small 2", "small 3", "small 4"]);
    const [left] = await list(user);
    expect(left?.items.map(({ title, reason }) => [title, reason])).toEqual([["large 3", "document"], ["large 4", "document"]]);
    expect(left?.items[0]?.detail).toBe("3".repeat(12_000));
    await again.close();
  });

  it("keeps the one thing that the server will not read, and sends all others", async () => {
    const trip = await visit();
    const bytes = new TextEncoder().encode("poison");
    hub.poison = (update) => Buffer.from(update).includes(Buffer.from(bytes));
    await offline(trip, () => {
      for (const title of ["one", "poison", "two"]) trip.cards.add(note(title));
    });
    const again = await recovered(trip);
    expect(titles()).toEqual(["one", "two"]);
    expect((await list(user))[0]?.items).toEqual([{ kind: "card", title: "poison", detail: "", reason: "refused" }]);
    await again.close();
  });

  it("finds the one card in hundreds that is not taken", async () => {
    const trip = await visit();
    hub.poison = (update) => Buffer.from(update).includes("card 299.");
    await offline(trip, () => {
      for (let n = 0; n < 300; n++) trip.cards.add(note(`card ${n}.`, "a note of some length"));
    });
    const again = await recovered(trip);
    expect(project(hub.doc).tray).toHaveLength(299);
    expect((await list(user))[0]?.items.map(({ title }) => title)).toEqual(["card 299."]);
    await again.close();
  });
});

describe("an edit that is larger than an update may be", () => {
  it("is sent another way, and saved", async () => {
    hub.tells = true;
    [hub.toldUpdate, hub.maxUpdate] = [500, 500];
    const trip = await visit();
    trip.cards.add(note("pasted", "가".repeat(1_000)));
    await until(() => trip.sync.get().kind === "saved");
    expect(project(hub.doc).tray[0]?.note).toHaveLength(1_000);
    await trip.close();
  });
});

describe("what has no room", () => {
  it("is not made, or cut, and said at once", async () => {
    hub.tells = true;
    hub.limits = { ...hub.limits, cards: 2, days: 1, text: 10 };
    const said: string[] = [];
    const trip = join(hub, user, Date.now, true, (limit) => said.push(limit));
    await until(() => trip.sync.get().kind === "saved");
    for (const title of ["a", "b", "c"]) trip.cards.add(note(title));
    trip.days.add();
    trip.days.add();
    trip.text({ of: "desc" }).set("😀".repeat(6));
    await until(() => trip.sync.get().kind === "saved");
    expect(said).toEqual(["cards", "days", "text"]);
    expect(titles()).toEqual(["a", "b"]);
    expect(project(hub.doc).desc).toBe("😀".repeat(5));
    await trip.close();
  });
});

describe("access and history", () => {
  it("lowered while offline: nothing is applied, all of it is kept, and goes in once one may write again", async () => {
    const trip = await visit();
    trip.cards.add(note("before"));
    await settle();
    await offline(trip, () => {
      hub.roles.set(user, "viewer");
      trip.cards.add(note("in the tunnel"));
    });
    const reader = await recovered(trip);
    expect(titles()).toEqual(["before"]);
    expect(reader.view.get().trip.tray.map(({ title }) => title)).toEqual(["before"]);
    const [left] = await list(user);
    expect(left).toMatchObject({ reason: "lowered" });
    await expect(merge(left as SetAside, reader)).rejects.toThrow("cannot be written");
    await reader.close();

    hub.roles.set(user, "editor");
    const again = await visit();
    await merge(left as SetAside, again);
    expect(titles()).toEqual(["before", "in the tunnel"]);
    await again.close();
  });

  it("reset: what the server lacks is kept, and made again on the new history without doubling the old", async () => {
    const trip = await visit();
    trip.cards.add(note("before", "one"));
    await settle();
    const [card] = project(hub.doc).tray;
    await offline(trip, () => {
      trip.cards.add(note("in the tunnel"));
      trip.cards.setNote(card?.id ?? "", "one two");
      hub.reset();
    });
    const again = await recovered(trip);
    expect(titles()).toEqual(["before"]);
    const [left] = await list(user);
    expect(left?.items.map(({ kind, title, detail }) => [kind, title, detail])).toEqual([
      ["cardNote", "before", " two"],
      ["card", "in the tunnel", ""],
    ]);
    await merge(left as SetAside, again);
    expect(project(hub.doc).tray.map((one) => [one.title, one.note])).toEqual([["before", "one two"], ["in the tunnel", ""]]);
    await again.close();
  });

  it("interrupted on the way, it goes on after the connection is back and says nothing twice", async () => {
    hub.limits.cards = 200;
    const trip = await visit();
    await offline(trip, () => {
      for (let n = 0; n < 201; n++) trip.cards.add(note(`n${n}`, `text ${n}`));
      trip.text({ of: "desc" }).set("once");
    });
    let cuts = 3;
    const poison = () => {
      if (cuts-- > 0) setTimeout(() => hub.cut(user), 0);
      return false;
    };
    await until(() => recoveryOf(trip.sync.get()) !== null);
    hub.poison = poison;
    const again = await recovered(trip);
    expect(project(hub.doc).tray).toHaveLength(200);
    expect(project(hub.doc).desc).toBe("once");
    expect((await list(user))[0]?.items).toHaveLength(1);
    await again.close();
  });
});

describe("what is typed to the last moment", () => {
  it("is kept where it came after the trip had stopped, and none is taken after that", async () => {
    const trip = await visit();
    trip.cards.add(note("before"));
    await until(() => trip.sync.get().kind === "saved");
    hub.reset();
    const plan = recoveryOf(trip.sync.get());
    expect(plan).toMatchObject({ keep: null, again: true });
    trip.cards.add(note("too late for the plan"));
    const kept = plan && (await keep(trip, plan));
    expect(kept?.items.map(({ title }) => title)).toEqual(["too late for the plan"]);
    trip.cards.add(note("nowhere"));
    expect(trip.view.get().trip.tray.map(({ title }) => title)).toEqual(["before", "too late for the plan"]);
    await trip.close();
  });

  it("is not taken while the copy is being let go of", async () => {
    const trip = await visit();
    await until(() => trip.sync.get().kind === "saved");
    const gone = trip.forget();
    trip.cards.add(note("nowhere"));
    await gone;
    expect(trip.view.get().trip.tray).toEqual([]);
    await trip.close();
  });

  it("is still there where the store could not be read", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const before = await visit();
    hub.up = false;
    hub.cut();
    before.cards.add(note("of last week"));
    await before.close();
    vi.spyOn(CopyStore, "open").mockRejectedValueOnce(new DOMException("", "UnknownError"));
    const trip = join(hub, user, Date.now, true);
    hub.reset();
    hub.up = true;
    trip.reconnect();
    await until(() => recoveryOf(trip.sync.get()) !== null);
    await trip.forget();
    await trip.close();
    expect((await listCopies(user)).map(({ unsent }) => unsent)).toEqual([1]);
  });
});

describe("another history", () => {
  it("is never mixed with one that a browser without a store still has", async () => {
    const trip = join(hub, user, Date.now, false);
    await until(() => trip.sync.get().kind === "saved");
    trip.text({ of: "desc" }).set("once");
    await until(() => trip.sync.get().kind === "saved");
    await offline(trip, () => {
      hub.reset();
      trip.cards.add(note("in the tunnel"));
    });
    await until(() => recoveryOf(trip.sync.get()) !== null);
    expect(trip.sync.get()).toMatchObject({ kind: "refused", reason: "otherEpoch", copy: true });
    expect(project(hub.doc)).toMatchObject({ desc: "once", tray: [] });
    expect(trip.aside("asked").epoch).toBe(1);
    await trip.close();
  });

  it("is not reached any more by what was set aside", async () => {
    const trip = await visit();
    trip.cards.add(note("before"));
    await until(() => trip.sync.get().kind === "saved");
    await offline(trip, () => {
      hub.gone.add(user);
      trip.cards.add(note("in the tunnel"));
    });
    await until(() => recoveryOf(trip.sync.get()) !== null);
    await keep(trip, recoveryOf(trip.sync.get())!);
    hub.gone.clear();
    hub.reset();
    trip.reconnect();
    await settle(20);
    expect(titles()).toEqual(["before"]);
    await trip.close();
  });

  it("without the trash: an edit of what lay in it comes back as a card of one's own", async () => {
    const trip = await visit();
    trip.cards.add(note("inn", "near the sea"));
    await until(() => trip.sync.get().kind === "saved");
    const peer = join(hub, "peer");
    await until(() => peer.view.get().trip.tray.length === 1);
    const [inn] = project(hub.doc).tray;
    await offline(trip, () => {
      trip.cards.setNote(inn?.id ?? "", "near the sea, booked");
      peer.cards.trash(inn?.id ?? "");
    });
    hub.reset();
    const again = await recovered(trip);
    expect(titles()).toEqual([]);
    const [left] = await list(user);
    expect(await merge(left as SetAside, again)).toEqual({ left: null });
    expect(project(hub.doc).tray).toMatchObject([{ title: "inn", note: "near the sea, booked" }]);
    expect(project(hub.doc).tray[0]?.id).not.toBe(inn?.id);
    expect(await list(user)).toEqual([]);
    await Promise.all([again.close(), peer.close()]);
  });
});

describe("a copy that is brought in", () => {
  /** Edits of an open trip, set aside. */
  async function kept(trip: OpenTrip, run: () => void): Promise<SetAside> {
    await offline(trip, run);
    hub.up = false;
    const aside = await trip.setAside("asked");
    await trip.forget();
    await trip.close();
    hub.up = true;
    return aside as SetAside;
  }

  it("stays here until the server has stored it, also what others see of it already", async () => {
    const aside = await kept(await visit(), () => undefined);
    const doc = new Y.Doc();
    doc.getText("desc").insert(0, "typed in the tunnel");
    const one = await replace({ ...aside, state: Y.encodeStateAsUpdate(doc), base: Y.encodeStateAsUpdate(new Y.Doc()) });
    hub.acknowledges = false;
    Y.applyUpdate(hub.doc, one.state);
    const trip = await visit();
    expect(trip.view.get().trip.desc).toBe("typed in the tunnel");
    const lost = expect(merge(one, trip)).rejects.toThrow("connection was lost");
    await settle(20);
    hub.crash();
    await lost;
    expect((await list(user)).map(({ id }) => id)).toEqual([one.id]);
    expect((await read(one.id))?.whole).toBe(true);
    await trip.close();
  });

  it("at the same time twice is there once, also in a browser without locks", async () => {
    expect(globalThis.navigator.locks).toBeFalsy();
    const first = await visit();
    first.text({ of: "desc" }).set("before ");
    await until(() => first.sync.get().kind === "saved");
    const aside = await kept(first, () => first.text({ of: "desc" }).set("before and after"));
    hub.reset();
    const trip = await visit();
    await until(() => trip.sync.get().kind === "saved");
    hub.acknowledges = false;
    const both = Promise.all([merge(aside, trip), merge(aside, trip)]);
    await settle(20);
    hub.release();
    expect(await both).toEqual([{ left: null }, { left: null }]);
    expect(project(hub.doc).desc).toBe("before and after");
    await trip.close();
  });

  it("ends where the trip is closed meanwhile", async () => {
    const trip = await visit();
    const port = await trip.mergePort();
    await trip.close();
    expect(await port.submit(Uint8Array.of(0, 0))).toEqual({ is: "lost" });
  });
});

describe("what is kept", () => {
  const one = (state = Y.encodeStateAsUpdate(new Y.Doc())): Omit<SetAside, "id" | "created" | "bytes"> => ({
    user, doc: TRIP, title: "Jeju", epoch: 1, reason: "asked", items: [], state, base: null, whole: true,
  });

  it("is listed for its person alone, until it is removed", async () => {
    const kept = await add(one());
    expect((await list(user)).map(({ id }) => id)).toEqual([kept.id]);
    expect(await list("somebody else")).toEqual([]);
    expect(await read(kept.id)).toEqual(kept);
    await remove(kept.id);
    expect(await list(user)).toEqual([]);
  });

  it("of one copy by two windows is kept once, in whatever order they write", async () => {
    const saying = (...words: string[]) => {
      const doc = new Y.Doc();
      words.forEach((word, n) => {
        // The same edits in both windows.
        doc.clientID = 100 + ["first", "second", "third"].indexOf(word);
        doc.getMap("cards").set(word, new Y.Map([["title", new Y.Text(word)], ["n", n]]));
      });
      return Y.encodeStateAsUpdate(doc);
    };
    const base = Y.encodeStateAsUpdate(new Y.Doc());
    const aside = (id: string, ...words: string[]) => made({ ...one(saying(...words)), base, items: [] }, () => Number(id));
    const [mine, theirs] = [aside("1", "first"), aside("2", "first", "second")];
    const words = async () => (await list(user)).map(({ items }) => items.map(({ title }) => title)).sort();
    expect(await addOnce(mine, "copy")).toMatchObject({ id: mine.id, whole: true });
    expect(await addOnce(theirs, "copy")).toMatchObject({ id: theirs.id, whole: false });
    expect(await addOnce({ ...aside("1", "first", "second", "third"), id: mine.id }, "copy")).not.toMatchObject({ id: mine.id });
    expect(await addOnce(aside("3", "first", "third"), "copy")).toBeNull();
    expect(await words()).toEqual([[], ["second"], ["third"]]);
    expect((await read(mine.id))?.state).toEqual(mine.state);
    // Another copy knows nothing of it.
    expect(await addOnce(aside("4", "first"), "another")).toMatchObject({ whole: true });
  });

  it("stays known to other windows while it is merged, and not once the person deletes it or leaves", async () => {
    const saying = (word: string) => {
      const doc = new Y.Doc();
      doc.getText("desc").insert(0, word);
      return made({ ...one(Y.encodeStateAsUpdate(doc)), base: Y.encodeStateAsUpdate(new Y.Doc()) });
    };
    const [merged, deleted, kept] = [saying("merged"), saying("deleted"), saying("kept")];
    const again = (was: SetAside) => ({ ...was, id: made(was).id });
    await addOnce(merged, "one");
    await remove(merged.id);
    expect(await addOnce(again(merged), "one")).toBeNull();
    await addOnce(deleted, "two");
    await discard(deleted);
    expect(await addOnce(again(deleted), "two")).not.toBeNull();
    await addOnce(kept, "three");
    await forgetTaken((of) => of.user === user);
    expect(await addOnce(again(kept), "three")).not.toBeNull();
    expect((await list(user)).map(({ id }) => id)).toContain(kept.id);
  });

  it("is a file, and comes back from it; anything else is refused with words", async () => {
    const doc = new Y.Doc();
    doc.getText("desc").insert(0, "가".repeat(50_000));
    const kept = await add({ ...one(Y.encodeStateAsUpdate(doc)), items: [{ kind: "desc", title: "", detail: "가", reason: "text" }] });
    const file = toFile(kept);
    expect(fromFile(file)).toEqual({ ...kept, reason: "file" });
    for (const bytes of [new Uint8Array(), file.slice(0, -9), new TextEncoder().encode("{}"), new TextEncoder().encode("null")])
      expect(() => fromFile(bytes)).toThrow("no such file");
    const damaged = new TextDecoder().decode(file).replace(/"state": "./, '"state": "!');
    expect(() => fromFile(new TextEncoder().encode(damaged))).toThrow("cannot be read");
  });

  it("that cannot be written is said, and nothing is let go of", async () => {
    const trip = await visit();
    hub.limits.cards = 1;
    await offline(trip, () => ["a", "b"].forEach((title) => trip.cards.add(note(title))));
    await until(() => recoveryOf(trip.sync.get()) !== null);
    const real = globalThis.indexedDB;
    globalThis.indexedDB = full(real);
    await expect(keep(trip, recoveryOf(trip.sync.get())!)).rejects.toBeInstanceOf(KeepError);
    globalThis.indexedDB = real;
    expect(trip.view.get().trip.tray).toHaveLength(2);
    const again = await recovered(trip);
    expect(titles()).toEqual(["a"]);
    await again.close();
  });
});

/** A disk without room: nothing new can be opened. */
function full(real: IDBFactory): IDBFactory {
  return new Proxy(real, {
    get(target, key) {
      if (key === "open") throw new DOMException("full", "QuotaExceededError");
      return Reflect.get(target, key) as unknown;
    },
  });
}
