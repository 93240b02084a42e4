// Edits that have no place in the server's document: they come back as a card or a day of the person's own, whole and once.
import * as Y from "yjs";
import { describe, expect, it } from "vitest";
import { joined, withPlaces } from "./adrift";
import { bringIn, docOf, type MergePort, type Sources } from "./merge";
import { DEFAULT_LIMITS } from "./remake";
import { asSharedMap, asSharedText } from "./schema";

const ME = "me";

function card(title: string, note: string): Y.Map<unknown> {
  const map = new Y.Map<unknown>(Object.entries({ kind: "note", at: ["d1", "a0"], del: null, by: "somebody" }));
  map.set("title", new Y.Text(title));
  map.set("note", new Y.Text(note));
  return map;
}

function documentOf(make: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  doc.transact(() => make(doc));
  return Y.encodeStateAsUpdate(doc);
}

/** What was there, and the same with what was done to it. */
function edited(base: Uint8Array, edit: (doc: Y.Doc) => void): Sources {
  const doc = docOf(base);
  doc.transact(() => edit(doc));
  return { state: Y.encodeStateAsUpdate(doc), base };
}

const textIn = (doc: Y.Doc, id: string, name: string) => asSharedText(asSharedMap(doc.getMap("cards").get(id))?.get(name));

/** A server that takes everything. */
function serverOf(state: Uint8Array): { port: MergePort; doc: Y.Doc } {
  const doc = docOf(state);
  const port: MergePort = {
    limits: DEFAULT_LIMITS,
    encode: () => Y.encodeStateAsUpdate(doc),
    submit: () => Promise.resolve({ is: "stored" }),
    adopt: (update) => Y.applyUpdate(doc, update),
    follow: () => () => undefined,
  };
  return { port, doc };
}

const cardsIn = (doc: Y.Doc) =>
  [...doc.getMap("cards").entries()].map(([id, row]) => ({ id, ...(row as Y.Map<unknown>).toJSON() }) as Record<string, unknown>);

const EMPTY = documentOf((doc) => doc.getText("title").insert(0, "Jeju"));

describe("an edit of a card that the server has no more", () => {
  const base = documentOf((doc) => doc.getMap("cards").set("k", card("inn", "near the sea")));
  const both = edited(base, (doc) => {
    textIn(doc, "k", "note")?.insert(12, ", book it");
    textIn(doc, "k", "title")?.insert(0, "old ");
  });

  it("becomes one card of the person's own, with all that it said", async () => {
    const sources = withPlaces(both, EMPTY, ME);
    const { port, doc } = serverOf(EMPTY);
    expect(sources && (await bringIn(port, sources))).toBeNull();
    expect(cardsIn(doc)).toMatchObject([{ title: "old inn", note: "near the sea, book it", by: ME, kind: "note" }]);
    expect(cardsIn(doc)[0]?.["id"]).not.toBe("k");
  });

  it("is given a place once, however often it is tried", async () => {
    const sources = withPlaces(both, EMPTY, ME) as Sources;
    expect(withPlaces(sources, EMPTY, ME)).toBeNull();
    const { port, doc } = serverOf(EMPTY);
    for (let n = 0; n < 2; n++) expect(await bringIn(port, sources)).toBeNull();
    expect(cardsIn(doc)).toHaveLength(1);
  });

  it("is nothing to add it for where it was only moved or thrown away", async () => {
    const moved = edited(base, (doc) => asSharedMap(doc.getMap("cards").get("k"))?.set("at", [null, "a1"]));
    expect(withPlaces(moved, EMPTY, ME)).toBeNull();
    const { port, doc } = serverOf(EMPTY);
    expect(await bringIn(port, moved)).toBeNull();
    expect(cardsIn(doc)).toEqual([]);
  });

  it("stays on the device, whole, where somebody deletes the card for good meanwhile", async () => {
    const { port, doc } = serverOf(EMPTY);
    const rest = await bringIn(port, both);
    expect(rest?.items.map(({ reason }) => reason)).toContain("missing");
    expect(rest && (await bringIn(port, rest))).toBeNull();
    expect(cardsIn(doc)).toMatchObject([{ title: "old inn", note: "near the sea, book it" }]);
  });

  it("leaves a card alone that is there", () => {
    expect(withPlaces(both, base, ME)).toBeNull();
    expect(withPlaces({ ...both, base: null }, EMPTY, ME)).toBeNull();
  });
});

describe("a text of a day that the server has no more", () => {
  it("comes with its day", async () => {
    const base = documentOf((doc) => doc.getMap("days").set("d1", { ord: "a0" }));
    const both = edited(base, (doc) => doc.getText("day:d1:note").insert(0, "rain"));
    for (const shared of [false, true]) {
      // Somebody has taken it away in the same history, or it was in no backup.
      const theirs = shared ? edited(base, (doc) => doc.getMap("days").delete("d1")).state : EMPTY;
      const placed = withPlaces(both, theirs, ME) as Sources;
      const { port, doc } = serverOf(theirs);
      expect(await bringIn(port, shared ? joined(placed, theirs) : placed)).toBeNull();
      expect(doc.getMap("days").toJSON()).toEqual({ d1: { ord: "a0" } });
      expect(doc.getText("day:d1:note").toJSON()).toBe("rain");
    }
  });
});

describe("a card that was made twice under one id", () => {
  it.each([["before", 1, 2], ["after", 2, 1]])("keeps what both say, where mine comes %s theirs", async (_, mine, theirs) => {
    const made = (client: number, note: string): Uint8Array => {
      const doc = new Y.Doc();
      doc.clientID = client;
      doc.getMap("cards").set("k", card("inn", note));
      return Y.encodeStateAsUpdate(doc);
    };
    const there = made(theirs, "near the sea. Towels.");
    const sources = joined({ state: made(mine, "near the sea. Booked."), base: documentOf(() => undefined) }, there);
    const { port, doc } = serverOf(there);
    expect(await bringIn(port, sources)).toBeNull();
    const note = textIn(doc, "k", "note")?.toJSON();
    expect(note).toContain("Booked.");
    expect(note).toContain("Towels.");
  });

  it("is told apart from one that is the same in both", async () => {
    const base = documentOf((doc) => doc.getMap("cards").set("k", card("inn", "one two")));
    const theirs = edited(base, (doc) => textIn(doc, "k", "note")?.delete(0, 4)).state;
    const both = edited(base, (doc) => textIn(doc, "k", "note")?.insert(7, " three"));
    const { port, doc } = serverOf(theirs);
    expect(await bringIn(port, joined(both, theirs))).toBeNull();
    expect(textIn(doc, "k", "note")?.toJSON()).toBe("two three");
  });
});
