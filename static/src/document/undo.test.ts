// Claims about undo when the server or peers edited what one's steps wrote: the whole step is taken back, or none of it.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { Hub, join, settle } from "./hub.test-support";
import { replaceText } from "./texts";
import type { OpenTrip } from "./trip";

const open: OpenTrip[] = [];
let clock = 1_000_000;

afterEach(async () => {
  for (const trip of open.splice(0)) await trip.close();
});

async function inside(...users: string[]): Promise<[Hub, ...OpenTrip[]]> {
  const hub = new Hub();
  const trips = users.map((user) => join(hub, user, () => clock));
  open.push(...trips);
  await settle();
  return [hub, ...trips];
}

/** What the server edits by itself (restore, rename): with a fresh client, by the smallest cut. */
async function serverEdit(hub: Hub, edit: (doc: Y.Doc) => void): Promise<void> {
  await settle();
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(hub.doc));
  const before = Y.encodeStateVector(copy);
  copy.transact(() => edit(copy));
  const update = Y.encodeStateAsUpdate(copy, before);
  Y.applyUpdate(hub.doc, update);
  for (const socket of hub.sockets) socket.give({ type: "update", update });
  await settle();
}

const noteOf = (doc: Y.Doc, id: string) =>
  (doc.getMap("cards").get(id) as Y.Map<unknown>).get("note") as Y.Text;
const restoreNote = (hub: Hub, id: string, value: string) =>
  serverEdit(hub, (doc) => replaceText(noteOf(doc, id), value));

async function withNote(trip: OpenTrip, note: string): Promise<{ id: string; read: () => string }> {
  const id = trip.cards.add({ kind: "note", title: "n", note });
  await settle();
  return { id, read: () => trip.view.get().cards.get(id)?.card.note ?? "" };
}

describe("undo after a version was restored", () => {
  it("takes the restore back first, then what was written before it, and redo does both again", async () => {
    const [hub, a] = (await inside("a")) as [Hub, OpenTrip];
    const { id, read } = await withNote(a, "박물관은 월요일에 닫아요");
    a.cards.setNote(id, "시장은 매일 열어요");
    await a.history.adopt(() => restoreNote(hub, id, "박물관은 월요일에 닫아요"));
    expect(read()).toBe("박물관은 월요일에 닫아요");
    expect(a.history.undo()).toBe("done");
    expect(read()).toBe("시장은 매일 열어요");
    expect(a.history.undo()).toBe("done");
    expect(read()).toBe("박물관은 월요일에 닫아요");
    expect(a.history.redo()).toBe("done");
    expect(a.history.redo()).toBe("done");
    expect(read()).toBe("박물관은 월요일에 닫아요");
    await settle();
    expect(noteOf(hub.doc, id).toString()).toBe(read());
  });

  it("takes everything back that it changed: texts of days that nobody edited here, trashed cards, plain fields", async () => {
    const [hub, a] = (await inside("a")) as [Hub, OpenTrip];
    const { id } = await withNote(a, "n");
    a.days.setCount(1);
    await settle();
    const before = JSON.stringify(a.view.get().trip);
    await a.history.adopt(() =>
      serverEdit(hub, (doc) => {
        doc.getText("day:d1:title").insert(0, "restored");
        doc.getText("title").insert(0, "restored");
        const card = doc.getMap("cards").get(id) as Y.Map<unknown>;
        card.set("del", { by: "s", ts: 1 });
        doc.getMap("meta").set("tz", "Asia/Tokyo");
      }),
    );
    expect(JSON.stringify(a.view.get().trip)).not.toBe(before);
    expect(a.history.undo()).toBe("done");
    expect(JSON.stringify(a.view.get().trip)).toBe(before);
  });

  it("of somebody else says that it can't, and changes nothing", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    const { id, read } = await withNote(a, "first");
    a.cards.setNote(id, "second");
    await settle();
    await b.history.adopt(() => restoreNote(hub, id, "first"));
    expect(a.history.undo()).toBe("overwritten");
    expect(read()).toBe("first");
    expect(b.history.undo()).toBe("done");
    expect(read()).toBe("first");
    await settle();
    expect(read()).toBe("second");
  });

  it("says that it can't where two people restored one after the other", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    const { id, read } = await withNote(a, "first");
    await a.history.adopt(() => restoreNote(hub, id, "from a"));
    await b.history.adopt(() => restoreNote(hub, id, "from b"));
    expect(a.history.undo()).toBe("overwritten");
    expect(read()).toBe("from b");
  });

  it("adopts no edit if another one of the server came at the same time, and none if the restore failed", async () => {
    const [hub, a] = (await inside("a")) as [Hub, OpenTrip];
    const { id, read } = await withNote(a, "first");
    await a.history.adopt(async () => {
      await restoreNote(hub, id, "mine");
      await restoreNote(hub, id, "theirs");
    });
    const failed = a.history.adopt(async () => {
      await restoreNote(hub, id, "theirs again");
      throw new Error("refused");
    });
    await expect(failed).rejects.toThrow("refused");
    expect(a.history.undo()).toBe("done"); // the card's creation
    expect(a.view.get().trash).toHaveLength(1);
    expect(read()).toBe("");
  });

  it("adopts what arrives after the answer, and nothing that a peer types meanwhile", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    const { id, read } = await withNote(a, "first");
    await a.history.adopt(async () => {
      b.cards.setTitle(id, "typed by b");
      await settle();
    });
    await restoreNote(hub, id, "late");
    expect(a.history.undo()).toBe("done");
    expect(read()).toBe("first");
    expect(a.view.get().cards.get(id)?.card.title).toBe("typed by b");
  });
});

describe("undo after an edit of the server or of a peer", () => {
  it("never puts an own title beside the one that came by REST", async () => {
    const [hub, a] = (await inside("a")) as [Hub, OpenTrip];
    a.text({ of: "title" }).set("Alpha");
    a.text({ of: "title" }).set("Beta");
    await settle();
    await serverEdit(hub, (doc) => replaceText(doc.getText("title"), "Gamma"));
    expect(a.history.undo()).toBe("overwritten");
    expect(a.view.get().trip.title).toBe("Gamma");
  });

  it("still takes back what one typed while others typed before, inside and after it", async () => {
    const [, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    const { id, read } = await withNote(a, "start end");
    a.cards.setNote(id, "start mine end");
    await settle();
    for (const value of ["1 start mine end", "1 start mi-ne end", "1 start mi-ne end 2"])
      b.cards.setNote(id, value);
    await settle();
    expect(a.history.undo()).toBe("done");
    expect(read()).toBe("1 start -end 2");
  });

  it("redo says that it can't once somebody wrote where it would", async () => {
    const [, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    const { id, read } = await withNote(a, "first");
    a.cards.setNote(id, "second");
    expect(a.history.undo()).toBe("done");
    await settle();
    b.cards.setNote(id, "third");
    await settle();
    expect(a.history.redo()).toBe("overwritten");
    expect(read()).toBe("third");
  });

  it("any own steps and a restore by somebody else: each undo changes nothing or leaves a text that was there", async () => {
    const text = fc.stringMatching(/^[ab가 ]{0,5}$/);
    await fc.assert(
      fc.asyncProperty(text, fc.array(text, { minLength: 1, maxLength: 4 }), text, async (first, own, restored) => {
        const [hub, a] = (await inside("a")) as [Hub, OpenTrip];
        const { id, read } = await withNote(a, first);
        const said = new Set([first, ...own, restored]);
        for (const value of own) a.cards.setNote(id, value);
        await settle(2);
        await restoreNote(hub, id, restored);
        for (let i = 0; i <= own.length; i++) {
          const before = read();
          const outcome = a.history.undo();
          if (a.view.get().cards.get(id) === undefined) break; // the card's creation
          if (outcome === "overwritten") expect(read()).toBe(before);
          expect([...said]).toContain(read());
        }
        for (const trip of open.splice(0)) await trip.close();
      }),
      // These restores only delete, so nothing in them says whose they are.
      {
        numRuns: 60,
        examples: [
          ["", ["가ab", "가a"], "a"],
          ["", ["가ab", "가a", "a"], "a"],
          ["", ["가ab", "a", "가a"], "a"],
        ],
      },
    );
  });
});
