// What is kept in this browser, as one person sees it and as the next one must not.
// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { clearCopies, clearOthers, deleteCopy, listCopies, readCopy } from "./copies";
import { CopyStore } from "./copy-store";

const trip = (n: number) => `trip:01HZ000000000000000000000${n}`;

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("navigator", { locks: new FakeLocks() });
  localStorage.clear();
});

/** As much of the browser's locks as is used. */
class FakeLocks {
  readonly held = new Set<string>();
  request(name: string, _: unknown, run: (lock: object | null) => Promise<void>): Promise<void> {
    return run(this.held.has(name) ? null : {});
  }
}

async function keep(user: string, doc: string, title: string, unsent: number, noted = true): Promise<string> {
  const name = `moim/${user}/${doc}/1`;
  const store = await CopyStore.open(name, () => undefined);
  const made = new Y.Doc();
  made.getText("title").insert(0, title);
  await store.append([{ update: Y.encodeStateAsUpdate(made), unsent: null }], 1_000);
  for (let n = 0; n < unsent; n++) {
    const before = Y.encodeStateVector(made);
    made.getText("desc").insert(0, "x");
    const update = Y.encodeStateAsUpdate(made, before);
    await store.append([{ update, unsent: { changes: 1, by: "w" } }], 2_000 + n);
  }
  store.close();
  if (noted) localStorage.setItem(`moim/${user}/${doc}`, "1");
  return name;
}

const names = async () => (await indexedDB.databases()).map(({ name }) => name);

describe("the copies of a person", () => {
  it("are listed with their title, size, unsent changes and time, and nobody else's", async () => {
    await keep("ara", trip(1), "제주", 0);
    await keep("ara", trip(2), "부산", 3);
    await keep("byeol", trip(3), "비밀", 1);
    expect(await listCopies("ara")).toMatchObject([
      { doc: trip(2), title: "부산", unsent: 3, touched: 2_002 },
      { doc: trip(1), title: "제주", unsent: 0, touched: 1_000 },
    ]);
    expect((await listCopies("ara"))[0]?.bytes).toBeGreaterThan(20);
  });

  it.each([
    ["noted nowhere", false, true],
    ["in a browser that does not list its stores", true, false],
  ])("are found %s", async (_, noted, lists) => {
    await keep("ara", trip(1), "제주", 1, noted);
    if (!lists) Object.assign(indexedDB, { databases: undefined });
    expect(await listCopies("ara")).toHaveLength(1);
  });

  it("are not made by looking for them", async () => {
    localStorage.setItem(`moim/ara/${trip(1)}`, "1");
    expect(await listCopies("ara")).toEqual([]);
    expect(await names()).toEqual([]);
  });

  it("are read whole", async () => {
    const name = await keep("ara", trip(1), "제주", 2);
    const doc = new Y.Doc();
    Y.applyUpdate(doc, (await readCopy(name))?.state ?? new Uint8Array());
    expect([doc.getText("title").toJSON(), doc.getText("desc").toJSON()]).toEqual(["제주", "xx"]);
    await deleteCopy(name);
    expect(await readCopy(name)).toBeNull();
    expect(localStorage.length).toBe(0);
  });
});

describe("at a log-out", () => {
  it("nothing of the person is left", async () => {
    await keep("ara", trip(1), "제주", 0);
    await keep("ara", trip(2), "부산", 3, false);
    const other = await keep("byeol", trip(3), "비밀", 1);
    await clearCopies("ara", false);
    expect(await names()).toEqual([other]);
    expect(Object.keys(localStorage)).toEqual([`moim/byeol/${trip(3)}`]);
  });

  it("what the server lacks stays, if the person wants that", async () => {
    await keep("ara", trip(1), "제주", 0);
    const unsent = await keep("ara", trip(2), "부산", 3);
    await clearCopies("ara", true);
    expect(await names()).toEqual([unsent]);
  });
});

describe("at the next person's log-in", () => {
  it("what the server has all of goes, what it lacks and what is open stays", async () => {
    await keep("ara", trip(1), "제주", 0);
    const unsent = await keep("ara", trip(2), "부산", 1);
    const open = await keep("ara", trip(3), "열림", 0);
    const own = await keep("byeol", trip(1), "제주", 0);
    (navigator.locks as unknown as FakeLocks).held.add(`moim-copy/${open}`);
    await clearOthers("byeol");
    expect((await names()).sort()).toEqual([unsent, open, own].sort());
  });

  it("nothing goes where nobody can tell what is open", async () => {
    const name = await keep("ara", trip(1), "제주", 0);
    vi.stubGlobal("navigator", {});
    await clearOthers("byeol");
    expect(await names()).toEqual([name]);
  });
});
