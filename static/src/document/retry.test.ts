// A copy that is brought in once more, because the connection went before the answer came: what is there of it is told from what is not.
import "fake-indexeddb/auto";
import * as Y from "yjs";
import { expect, it } from "vitest";
import { docOf, type MergePort } from "./merge";
import { DEFAULT_LIMITS } from "./remake";
import { add, merge, MergeInterrupted } from "./set-aside";

const TRIP = "trip:01HZ0000000000000000000000";

function saying(desc: string, from: Uint8Array | null = null): Uint8Array {
  const doc = from ? docOf(from) : new Y.Doc();
  const text = doc.getText("desc");
  text.delete(0, text.length);
  text.insert(0, desc);
  return Y.encodeStateAsUpdate(doc);
}

/** A server of another history that takes everything, whose answer to the first edit is lost. */
function serverOf(state: Uint8Array): { port: MergePort & { epoch: number }; doc: Y.Doc } {
  const doc = docOf(state);
  let isLost = false;
  const port = {
    epoch: 2,
    limits: DEFAULT_LIMITS,
    encode: () => Y.encodeStateAsUpdate(doc),
    submit: (update: Uint8Array) => {
      Y.applyUpdate(doc, update);
      const isFirst = !isLost && update.length > 2;
      isLost ||= isFirst;
      return Promise.resolve(isFirst ? ({ is: "lost" } as const) : ({ is: "stored" } as const));
    },
    adopt: (update: Uint8Array) => Y.applyUpdate(doc, update),
    follow: () => () => undefined,
  };
  return { port, doc };
}

it.each([
  ["a time and a line that moved", "오전 10시 출발\n배표\n점심\n", "오후 10시 출발\n점심\n배표\n", "오전 11시 출발\n배표\n점심\n", "오전 11시 오후 10시 출발\n점심\n배표\n"],
  ["words within what others deleted", "meet at the station", "meet at the north station, at ten", "", "north station, at ten"],
  ["a paragraph", "one\n", "one\ntwo three\n", "zero\none\n", "zero\none\ntwo three\n"],
  ["nobody knows what there was", null, "see the inn", "see the sea", "see the sea inn"],
])("says nothing twice: %s", async (_, base, mine, theirs, wanted) => {
  const before = base === null ? null : saying(base);
  const sources = { state: saying(mine, before), base: before, whole: base !== null };
  const one = await add({ user: "me", doc: TRIP, title: "", epoch: 1, reason: "otherEpoch", items: [], ...sources });
  const { port, doc } = serverOf(saying(theirs));
  const trip = { id: TRIP, mergePort: () => Promise.resolve(port) };
  await expect(merge(one, trip)).rejects.toThrow(MergeInterrupted);
  expect(doc.getText("desc").toJSON(), "it had come").toBe(wanted);
  expect(await merge(one, trip)).toEqual({ left: null });
  expect(doc.getText("desc").toJSON()).toBe(wanted);
});
