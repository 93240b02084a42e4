// Claims about Enter and the answers of a place search that come early, late, out of order or never.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Found } from "../../../places";
import { Asking, WAIT_MS, type Shown } from "./asking";

const place = (label: string, goesOn = true): Found => ({
  place: { src: "t", id: label, name: label, alt: "", lat: 0, lng: 0, addr: "", cc: "", tz: "" },
  kind: "city",
  label,
  detail: "",
  marks: [],
  goesOn,
});

/** A search whose answers come when the test says so. */
function search() {
  const asked: { text: string; answer: (found: readonly Found[]) => void; fail: () => void }[] = [];
  const shown: Shown[] = [];
  const find = (text: string) =>
    new Promise<readonly Found[]>((resolve, reject) =>
      asked.push({ text, answer: resolve, fail: () => reject(new Error("no")) }),
    );
  const make = (mustChoose = false) => new Asking(find, (one) => shown.push(one), mustChoose);
  return { asked, shown, make };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("what is shown", () => {
  it("is the answer to what is in the field, never one to an older text", async () => {
    const { asked, shown, make } = search();
    const asking = make();
    const older = asking.typed("서");
    const newer = asking.typed("서울");
    asked[1]?.answer([place("서울")]);
    await newer;
    asked[0]?.answer([place("서귀포")]);
    await older;
    expect(shown.map(({ text, found }) => [text, found[0]?.label])).toEqual([["서울", "서울"]]);
    expect([asking.answers("서울"), asking.answers("서")]).toEqual([true, false]);
  });
  it("says that the search failed", async () => {
    const { asked, shown, make } = search();
    const typed = make().typed("서울");
    asked[0]?.fail();
    await typed;
    expect(shown.at(-1)).toMatchObject({ found: [], failed: true });
  });
});

describe("Enter", () => {
  it("takes what is highlighted for the text that is shown", async () => {
    const { asked, make } = search();
    const asking = make();
    const typed = asking.typed("서");
    asked[0]?.answer([place("서울"), place("서귀포")]);
    await typed;
    expect(await asking.enter("서", 1)).toMatchObject({ found: { label: "서귀포" } });
    expect(await asking.enter("서", -1)).toEqual({ text: "서", late: false });
  });

  it("before the answer waits for that to its text, and not for an older one", async () => {
    const { asked, make } = search();
    const asking = make();
    void asking.typed("오");
    asked[0]?.answer([place("오사카")]);
    await vi.advanceTimersByTimeAsync(0);
    void asking.typed("오타루");
    const taken = asking.enter("오타루", 0);
    await vi.advanceTimersByTimeAsync(0);
    asked.filter(({ text }) => text === "오타루").forEach(({ answer }) => answer([place("오타루")]));
    expect(await taken).toMatchObject({ found: { label: "오타루" } });
  });

  it("is served in turn", async () => {
    const { asked, make } = search();
    const asking = make();
    const order: string[] = [];
    const say = (taken: unknown) => order.push((taken as { text: string }).text);
    const one = asking.enter("하나", -1).then(say);
    const two = asking.enter("둘", -1).then(say);
    await vi.advanceTimersByTimeAsync(0);
    asked[0]?.answer([]);
    await vi.advanceTimersByTimeAsync(0);
    asked[1]?.answer([]);
    await Promise.all([one, two]);
    expect(order).toEqual(["하나", "둘"]);
  });

  it("keeps the text if no answer comes in time, or the search fails", async () => {
    const { asked, make } = search();
    const asking = make();
    const late = asking.enter("서울", -1);
    await vi.advanceTimersByTimeAsync(WAIT_MS);
    expect(await late).toEqual({ text: "서울", late: true });
    const failed = asking.enter("부산", -1);
    await vi.advanceTimersByTimeAsync(0);
    asked.at(-1)?.fail();
    expect(await failed).toEqual({ text: "부산", late: true });
  });

  it("takes the best there is where only a place is of use, and nothing where there is none", async () => {
    const { asked, make } = search();
    const asking = make(true);
    const best = asking.enter("카페", -1);
    await vi.advanceTimersByTimeAsync(0);
    asked[0]?.answer([place("애월 카페거리", false)]);
    expect(await best).toMatchObject({ found: { label: "애월 카페거리" } });
    const none = asking.enter("qqq", -1);
    await vi.advanceTimersByTimeAsync(0);
    asked[1]?.answer([]);
    expect(await none).toBeNull();
  });

  it("forgets what was asked when the field is emptied", async () => {
    const { asked, shown, make } = search();
    const asking = make();
    const typed = asking.typed("서울");
    asking.clear();
    asked[0]?.answer([place("서울")]);
    await typed;
    expect(shown.map(({ text }) => text)).toEqual([""]);
  });
});
