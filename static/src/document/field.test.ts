// Fields tied to a shared text: minimal edits, the caret among remote edits, Hangul composition.
// @vitest-environment happy-dom
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { diff, mapIndex, mapRanges, type Splice } from "./diff";
import { Hub, join, settle } from "./hub.test-support";
import type { OpenTrip } from "./trip";

let hub: Hub;
let a: OpenTrip;
let b: OpenTrip;
let field: HTMLTextAreaElement;
let unbind: () => void;
const REF = { of: "desc" } as const;

beforeEach(async () => {
  hub = new Hub();
  a = join(hub, "a");
  b = join(hub, "b");
  await settle();
  field = document.createElement("textarea");
  document.body.append(field);
  unbind = a.text(REF).bind(field);
});

afterEach(async () => {
  unbind();
  field.remove();
  await a.close();
  await b.close();
});

function type(value: string, caret = value.length): void {
  field.value = value;
  field.setSelectionRange(caret, caret);
  field.dispatchEvent(new Event("input"));
}

const compose = (on: boolean) => field.dispatchEvent(new Event(on ? "compositionstart" : "compositionend"));
const text = (trip: OpenTrip) => trip.text(REF).value.get();

describe("a bound field", () => {
  it("sends what is typed and shows what others type", async () => {
    type("제주");
    await settle();
    expect(text(b)).toBe("제주");
    b.text(REF).set("제주 여행");
    await settle();
    expect(field.value).toBe("제주 여행");
  });

  it("keeps the caret between the same letters when others type before it", async () => {
    field.focus();
    type("바다", 1);
    await settle();
    b.text(REF).set("겨울 바다");
    await settle();
    expect([field.value, field.selectionStart]).toEqual(["겨울 바다", 4]);
  });

  it("is never touched while it composes, and both texts are there afterwards", async () => {
    field.focus();
    type("안녕");
    await settle();
    compose(true);
    type("안녕하", 3);
    b.text(REF).set("모두 안녕");
    b.text(REF).set("모두 안녕!");
    await settle();
    expect(field.value).toBe("안녕하");
    type("안녕한", 3);
    compose(false);
    await settle();
    expect(field.value).toBe("모두 안녕한!");
    expect(text(b)).toBe("모두 안녕한!");
    expect(text(a)).toBe("모두 안녕한!");
    expect(field.selectionStart).toBe(6);
  });

  it("sends a syllable once, when it is whole", async () => {
    let updates = 0;
    hub.doc.on("update", () => (updates += 1));
    compose(true);
    for (const part of ["ㅎ", "하", "한"]) type(part);
    await settle();
    expect(updates).toBe(0);
    compose(false);
    await settle();
    expect([updates, text(b)]).toEqual([1, "한"]);
  });

  it("cuts what is over the limit and shows the cut", () => {
    const title = document.createElement("input");
    const stop = a.text({ of: "title" }).bind(title);
    title.value = "가".repeat(130);
    title.dispatchEvent(new Event("input"));
    expect([title.value.length, a.view.get().trip.title.length]).toEqual([120, 120]);
    stop();
  });

  it("shows its selection to peers while it has the focus", async () => {
    type("하나 둘", 2);
    field.focus();
    field.setSelectionRange(3, 4);
    field.dispatchEvent(new Event("select"));
    await new Promise((resolve) => setTimeout(resolve, 150));
    await settle();
    expect(b.text(REF).carets.get()).toMatchObject([{ user: { id: "a" }, anchor: 3, head: 4 }]);
    b.text(REF).set("앞 하나 둘");
    await settle();
    expect(b.text(REF).carets.get()).toMatchObject([{ anchor: 5, head: 6 }]);
    field.blur();
    field.dispatchEvent(new Event("blur"));
    await new Promise((resolve) => setTimeout(resolve, 150));
    await settle();
    expect(b.text(REF).carets.get()).toEqual([]);
  });

  it("takes back through the document's undo, not the browser's", async () => {
    type("내 글");
    await settle();
    b.text(REF).set("내 글과 남의 글");
    await settle();
    const event = Object.assign(new Event("beforeinput", { cancelable: true }), { inputType: "historyUndo" });
    field.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(field.value).toBe("과 남의 글");
  });
});

describe("diff", () => {
  const apply = (before: string, splice: Splice) =>
    before.slice(0, splice.index) + splice.insert + before.slice(splice.index + splice.remove);

  it("gives the one splice that was made, and never half a character", () => {
    const unit = fc.constantFrom("a", "b", "가", "😀", "😁");
    fc.assert(
      fc.property(fc.array(unit), fc.array(unit), fc.nat(30), (x, y, caret) => {
        const [before, after] = [x.join(""), y.join("")];
        const splice = diff(before, after, Math.min(caret, after.length));
        expect(splice === null ? before : apply(before, splice)).toBe(after);
        const removed = before.slice(splice?.index, (splice?.index ?? 0) + (splice?.remove ?? 0));
        for (const part of [splice?.insert ?? "", removed]) expect(Buffer.from(part).toString()).toBe(part);
      }),
      { numRuns: 2_000 },
    );
  });

  it("follows the caret among equal letters", () => {
    expect(diff("aa", "aaa", 1)).toEqual({ index: 0, remove: 0, insert: "a" });
    expect(diff("aa", "aaa", 3)).toEqual({ index: 2, remove: 0, insert: "a" });
  });
});

describe("positions", () => {
  it("follow remote edits", () => {
    expect(mapIndex(3, [{ insert: "xy" }])).toBe(5);
    expect(mapIndex(3, [{ retain: 3 }, { insert: "xy" }])).toBe(3);
    expect(mapIndex(3, [{ retain: 1 }, { delete: 5 }])).toBe(1);
    expect(mapRanges([[1, 4]], [{ retain: 2 }, { insert: "xx" }])).toEqual([
      [1, 2],
      [4, 6],
    ]);
    expect(mapRanges([[1, 4]], [{ retain: 2 }, { delete: 9 }])).toEqual([[1, 2]]);
  });
});

describe("a field of a card in whose place another one comes", () => {
  const note = () => a.view.get().cards.get(id)?.card.note;
  let id: string;

  /** Somebody makes the card once more under its id, as after a crash of the server. */
  async function again(value: string): Promise<void> {
    const made = new Y.Map<unknown>();
    for (const name of ["title", "note"]) made.set(name, new Y.Text(value));
    made.set("kind", "note");
    made.set("at", [null, "a"]);
    hub.doc.getMap("cards").set(id, made);
    const update = Y.encodeStateAsUpdate(hub.doc);
    for (const socket of hub.sockets) socket.give({ type: "update", update });
    await settle();
  }

  beforeEach(async () => {
    unbind();
    id = a.cards.add({ kind: "note", title: "n", note: "first" });
    await settle();
    unbind = a.text({ of: "cardNote", card: id }).bind(field);
  });

  it("shows that one, and what is typed from then on goes into it", async () => {
    await again("the second text");
    expect(field.value).toBe("the second text");
    type("the second text, and more");
    expect(note()).toBe("the second text, and more");
    await settle();
    b.cards.setNote(id, "by b: the second text, and more");
    await settle();
    expect(field.value).toBe("by b: the second text, and more");
  });

  it("keeps what is being composed", async () => {
    type("first 가");
    await settle();
    compose(true);
    field.value = "first 가나";
    await again("the second text");
    expect(field.value).toBe("first 가나");
    compose(false);
    expect(note()).toContain("나");
    expect(field.value).toBe(note());
  });
});
