// Of a card that was made twice under one id a document shows one: what was typed in the other is not lost.
// @vitest-environment happy-dom
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { Hub, person, settle, TRIP } from "./hub.test-support";
import { pictureOf } from "./picture";
import { remake, rowOf } from "./remake";
import { OpenTrip } from "./trip";
import { keepTwins } from "./twins";
import type { Role } from "./types";

const open: OpenTrip[] = [];

afterEach(async () => {
  for (const trip of open.splice(0)) await trip.close();
});

function enter(hub: Hub, user: string, isCut: () => boolean = () => false): OpenTrip {
  const ticket = () => (isCut() ? Promise.reject(new Error("down")) : hub.ticket(user));
  const trip = new OpenTrip(
    { id: TRIP, user: person(user), ticket, syncUrl: "ws://hub/sync/", persist: false },
    { makeSocket: (url) => hub.connect(url), random: () => 0 },
  );
  open.push(trip);
  return trip;
}

const docOf = (state: Uint8Array) => {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  return doc;
};

/** All that cards say, each once. */
const wordsIn = (doc: Y.Doc) => [...(pictureOf(doc).rows.get("cards") ?? []).values()].map((row) => {
  const [title, note] = [row.get("title"), row.get("note")];
  return [title, note].map((field) => (field?.is === "text" ? field.text : "")).join("/");
});

/** Which of two that were made under one key stays is decided by the numbers of their clients. */
type Winner = "first" | "second";

/** A server that has lost a card which two people saw; one makes it again as `made`, the other comes back later with hers. */
async function twice(winner: Winner, change: (b: OpenTrip, id: string) => void, more = "", role: Role = "editor"): Promise<[Hub, OpenTrip, string]> {
  const hub = new Hub();
  hub.acknowledges = false;
  let isCut = false;
  const [a, b] = [enter(hub, "a"), enter(hub, "b", () => isCut)];
  await settle();
  const id = a.cards.add({ kind: "note", title: "n", note: "typed by a" });
  await settle();
  const row = pictureOf(docOf(b.encode())).rows.get("cards")?.get(id);
  if (!row) throw new Error("it did not arrive");
  const first = [...Y.decodeStateVector(Y.encodeStateVector(hub.doc)).keys()][0] as number;
  await a.forget();
  isCut = true;
  hub.acknowledges = true;
  hub.crash();
  change(b, id);
  const again = new Y.Doc();
  again.clientID = winner === "first" ? 1 : 0xffff_ffff;
  if (first < 2 || first === 0xffff_ffff) throw new Error("an unlikely number");
  Y.applyUpdate(again, Y.encodeStateAsUpdate(hub.doc));
  const note = { is: "text", text: `typed by a${more}` } as const;
  remake(again, { kind: "row", root: "cards", key: id, row: new Map([...row, ["note", note] as const]) }, null);
  Y.applyUpdate(hub.doc, Y.encodeStateAsUpdate(again));
  hub.saved();
  isCut = false;
  hub.roles.set("b", role);
  b.reconnect();
  await settle(12);
  return [hub, b, id];
}

describe("a card that was made twice under one id", () => {
  for (const winner of ["first", "second"] as const) {
    it(`keeps what was typed in either (the ${winner} stays)`, async () => {
      const [hub, b, id] = await twice(winner, (trip, card) => trip.cards.setNote(card, "typed by a and by b"));
      expect(wordsIn(hub.doc).join()).toContain("and by b");
      expect(JSON.stringify(b.view.get().trip)).toContain("and by b");
      expect(b.view.get().cards.get(id)).toBeDefined();
      expect(b.sync.get()).toEqual({ kind: "saved" });
    });

    it(`is one card where both say the same (the ${winner} stays)`, async () => {
      const [hub] = await twice(winner, () => undefined);
      expect(wordsIn(hub.doc)).toEqual(["n/typed by a"]);
    });

    it(`keeps what was typed in the other one before it came (the ${winner} stays)`, async () => {
      const [hub] = await twice(winner, () => undefined, " twice");
      expect(wordsIn(hub.doc).join()).toContain("typed by a twice");
    });
  }

  it("keeps what whoever may not write any more typed, for what is set aside, and sends nothing", async () => {
    const [hub, b] = await twice("second", (trip, card) => {
      trip.cards.setNote(card, "typed by a and by b");
    }, "", "viewer");
    expect(b.sync.get().kind).toBe("access-changed");
    expect(JSON.stringify(b.aside("lowered").items)).toContain("and by b");
    expect(wordsIn(hub.doc)).toEqual(["n/typed by a"]);
  });
});

const ORIGIN = Symbol("remote");

class Peer {
  readonly doc = new Y.Doc();

  constructor(client: number, base: Y.Doc) {
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(base));
    this.doc.clientID = client;
    keepTwins(this.doc, ORIGIN, () => true, (change) => this.doc.transact(change));
  }

  make(note: string): this {
    this.doc.getMap("cards").set("k", rowOf(new Map([["note", { is: "text", text: note } as const]])));
    return this;
  }

  take(other: Peer): void {
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(other.doc, Y.encodeStateVector(this.doc)), ORIGIN);
  }

  get notes(): string[] {
    return this.#notes(() => true);
  }

  /** Besides the one under the id. */
  get kept(): string[] {
    return this.#notes((key) => key !== "k");
  }

  #notes(isAsked: (key: string) => boolean): string[] {
    const cards = [...this.doc.getMap<Y.Map<Y.Text>>("cards").entries()];
    return cards.flatMap(([key, card]) => (isAsked(key) ? [card.get("note")?.toJSON() ?? ""] : []));
  }
}

describe("any number of people who made one card", () => {
  it("have every text, none of them kept twice, and the same everywhere, in whatever order they meet", () => {
    const note = fc.constantFrom("one", "one two", "three", "");
    const people = fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 2, maxLength: 5 });
    const meetings = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 12 });
    fc.assert(
      fc.property(people, fc.array(note, { minLength: 5, maxLength: 5 }), meetings, (clients, notes, met) => {
        const peers = clients.map((client, at) => new Peer(client, new Y.Doc()).make(notes[at] as string));
        for (const [a, b] of met) peers[a % peers.length]?.take(peers[b % peers.length] as Peer);
        for (let round = 0; round < 4; round++) for (const a of peers) for (const b of peers) a.take(b);
        const [first, ...others] = peers.map((peer) => peer.notes.toSorted());
        for (const other of others) expect(other).toEqual(first);
        for (const text of notes.slice(0, peers.length)) expect(first?.some((there) => there.includes(text)), text).toBe(true);
        const kept = peers[0]?.kept ?? [];
        expect(kept).toHaveLength(new Set(kept).size);
      }),
      { numRuns: 100 },
    );
  });

  it("find the same id for it, each by themselves", () => {
    const [a, b] = [new Peer(1, new Y.Doc()).make("one"), new Peer(2, new Y.Doc()).make("two")];
    const [fromA, fromB] = [a, b].map(({ doc }) => Y.encodeStateAsUpdate(doc)) as [Uint8Array, Uint8Array];
    Y.applyUpdate(a.doc, fromB, ORIGIN);
    Y.applyUpdate(b.doc, fromA, ORIGIN);
    const ids = [a, b].map(({ doc }) => [...doc.getMap("cards").keys()].filter((key) => key !== "k"));
    expect(ids[0]).toEqual([expect.stringMatching(/^0{10}[0-9A-HJKMNP-TV-Z]{16}$/)]);
    expect(ids[1]).toEqual(ids[0]);
  });

  it("lose what one of them put in its place on purpose", () => {
    const a = new Peer(1, new Y.Doc()).make("old");
    const b = new Peer(2, a.doc);
    b.make("new");
    a.take(b);
    expect(a.notes).toEqual(["new"]);
  });

  it("do not make it again where somebody comes to whom all of it is news", () => {
    const [a, b] = [new Peer(1, new Y.Doc()).make("one"), new Peer(2, new Y.Doc()).make("two")];
    const server = new Y.Doc();
    for (const { doc } of [a, b]) Y.applyUpdate(server, Y.encodeStateAsUpdate(doc));
    const c = new Peer(3, new Y.Doc());
    Y.applyUpdate(c.doc, Y.encodeStateAsUpdate(server), ORIGIN);
    expect(c.notes).toHaveLength(1);
    a.take(c);
    b.take(c);
    c.take(a);
    c.take(b);
    expect(c.notes.toSorted()).toEqual(["one", "two"]);
  });
});
