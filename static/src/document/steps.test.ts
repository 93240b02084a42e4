// Claims about steps in texts: edits of others move what undo would do, or rule it out, and nothing is ever mixed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absorb, editsOf, extend, giveUp, type Step } from "./steps";

const TEXT = "t";
const step = (): Step<string> => ({ patches: [], overwritten: false });
const splice = (text: string, at: number, removed: number, insert: string) =>
  text.slice(0, at) + insert + text.slice(at + removed);
const delta = (at: number, removed: number, insert: string) => [
  { retain: at },
  ...(removed > 0 ? [{ delete: removed }] : []),
  ...(insert === "" ? [] : [{ insert }]),
];

/** A text with a stack of own steps, as the history keeps them. */
class Desk {
  text: string;
  readonly stack: Step<string>[] = [];

  constructor(text: string) {
    this.text = text;
  }

  own(at: number, removed: number, insert: string, into: Step<string> = step()): void {
    const before = this.text;
    this.text = splice(before, at, removed, insert);
    extend(into, TEXT, editsOf(delta(at, removed, insert), before, this.text));
    if (!this.stack.includes(into)) this.stack.unshift(into);
  }

  foreign(at: number, removed: number, insert: string): void {
    const before = this.text;
    this.text = splice(before, at, removed, insert);
    for (const edit of editsOf(delta(at, removed, insert), before, this.text)) absorb(this.stack, TEXT, edit);
  }

  get newest(): Step<string> | undefined {
    return this.stack[0];
  }
}

describe("a step in a text", () => {
  it("is taken back by one patch, however many letters were typed", () => {
    const desk = new Desk("");
    const typing = step();
    for (const [at, letter] of [..."안녕하세요"].entries()) desk.own(at, 0, letter, typing);
    desk.own(4, 1, "", typing);
    expect(typing.patches).toEqual([{ text: TEXT, at: 0, remove: 4, insert: 0, kept: 0 }]);
  });

  it("moves with what others type before it and stays beside what they type after it", () => {
    const desk = new Desk("ab");
    desk.own(1, 0, "XY");
    desk.foreign(0, 0, "123");
    desk.foreign(7, 0, "!");
    expect(desk.newest).toEqual({
      patches: [{ text: TEXT, at: 4, remove: 2, insert: 0, kept: 0 }],
      overwritten: false,
    });
  });

  it("keeps what others typed inside", () => {
    const desk = new Desk("");
    desk.own(0, 0, "abcd");
    desk.foreign(2, 0, "--");
    expect(desk.newest?.patches).toEqual([{ text: TEXT, at: 0, remove: 4, insert: 0, kept: 2 }]);
  });

  it("is overwritten once others removed some of it", () => {
    const desk = new Desk("");
    desk.own(0, 0, "abcd");
    desk.foreign(1, 1, "");
    expect(desk.newest?.overwritten).toBe(true);
  });

  it("is overwritten once others typed where it would bring something back", () => {
    const desk = new Desk("one two");
    desk.own(3, 4, "");
    desk.foreign(3, 0, " two");
    expect(desk.newest?.overwritten).toBe(true);
  });

  it("knows an edit under its other places: of equal letters nobody can tell which went or came", () => {
    const inserted = new Desk("abab");
    inserted.own(0, 0, "ab");
    inserted.foreign(4, 2, "");
    expect(inserted.newest?.overwritten).toBe(true);
    const removed = new Desk("abab");
    removed.own(0, 2, "");
    removed.foreign(2, 0, "ab");
    expect(removed.newest?.overwritten).toBe(true);
  });

  it("that is given up takes the older one with it that it wrote over, and leaves the others", () => {
    const desk = new Desk("far away: ");
    desk.own(0, 3, "so");
    desk.own(9, 0, "first");
    desk.own(9, 5, "second");
    desk.foreign(10, 2, "");
    expect(desk.stack.map(({ overwritten }) => overwritten)).toEqual([true, true, false]);
    const lone = new Desk("");
    lone.own(0, 0, "a");
    lone.own(0, 1, "b");
    const [newest, ...older] = lone.stack;
    if (newest) giveUp(newest, older);
    expect(older[0]?.overwritten).toBe(true);
  });
});

describe("any steps of one's own and any whole replacement by others", () => {
  const word = fc.stringMatching(/^[ab ]{0,6}$/);

  it("undo what is left exactly, or say that they can't", () => {
    fc.assert(
      fc.property(word, fc.array(word, { minLength: 1, maxLength: 5 }), word, (first, own, restored) => {
        const desk = new Desk(first);
        const states = [first];
        for (const wanted of own) {
          const [at, removed, insert] = cut(desk.text, wanted);
          if (removed + insert.length === 0) continue;
          desk.own(at, removed, insert);
          states.unshift(desk.text);
        }
        const [at, removed, insert] = cut(desk.text, restored);
        const before = desk.text;
        desk.foreign(at, removed, insert);
        let text = desk.text;
        for (const { overwritten, patches } of desk.stack) {
          if (overwritten) continue;
          for (const patch of patches) {
            expect(patch.at).toBeGreaterThanOrEqual(0);
            expect(patch.at + patch.remove + patch.kept).toBeLessThanOrEqual(text.length);
            text = splice(text, patch.at, patch.remove, "?".repeat(patch.insert));
          }
        }
        if (before === restored) expect(text.length).toBe(first.length);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The smallest cut, as the server makes it. */
function cut(now: string, wanted: string): [number, number, string] {
  let [prefix, suffix] = [0, 0];
  while (prefix < Math.min(now.length, wanted.length) && now[prefix] === wanted[prefix]) prefix += 1;
  const most = Math.min(now.length, wanted.length) - prefix;
  while (suffix < most && now[now.length - 1 - suffix] === wanted[wanted.length - 1 - suffix]) suffix += 1;
  return [prefix, now.length - prefix - suffix, wanted.slice(prefix, wanted.length - suffix)];
}
