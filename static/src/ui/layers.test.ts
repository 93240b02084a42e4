// Claims about layers in the history: Back closes what is open, one after the other, and never too much.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Layers, type Entries } from "./layers";

/** A browser's history: entries, a place in them, and moves that take a moment. */
class Tab implements Entries {
  entries: number[] = [-1, 0];
  at = 1;
  readonly #tasks: (() => void)[] = [];
  readonly layers = new Layers(this, (run, ms) => ms === 0 && this.#tasks.push(run));

  depth(): number {
    return Math.max(0, this.entries[this.at] ?? 0);
  }
  push(depth: number): void {
    this.entries = [...this.entries.slice(0, this.at + 1), depth];
    this.at += 1;
  }
  go(by: number): void {
    this.#tasks.push(() => {
      const to = this.at + by;
      if (to < 0 || to >= this.entries.length) return;
      this.at = to;
      this.layers.popped();
    });
  }
  /** Lets everything happen that is under way. */
  rest(): void {
    for (let task = this.#tasks.shift(); task; task = this.#tasks.shift()) task();
  }
  /** The page that was there before the trip. */
  get left(): boolean {
    return this.entries[this.at] === -1;
  }
}

class Sheet {
  open = true;
  readonly release: () => void;

  constructor(tab: Tab) {
    this.release = tab.layers.open(() => (this.open = false));
  }
  close(): void {
    this.open = false;
    this.release();
  }
}

const back = (tab: Tab) => (tab.go(-1), tab.rest());

describe("layers", () => {
  it("are closed by Back from the top, and only then is the page left", () => {
    const tab = new Tab();
    const sheets = [new Sheet(tab), new Sheet(tab)];
    tab.rest();
    back(tab);
    expect(sheets.map(({ open }) => open)).toEqual([true, false]);
    back(tab);
    expect(sheets.map(({ open }) => open)).toEqual([false, false]);
    expect(tab.left).toBe(false);
    back(tab);
    expect(tab.left).toBe(true);
  });

  it("leave no entry behind when they are closed by hand", () => {
    const tab = new Tab();
    const sheet = new Sheet(tab);
    tab.rest();
    sheet.close();
    tab.rest();
    expect(tab.depth()).toBe(0);
    back(tab);
    expect(tab.left).toBe(true);
  });

  it("hand their entry on when one closes as another opens", () => {
    const tab = new Tab();
    const menu = new Sheet(tab);
    tab.rest();
    menu.close();
    const sheet = new Sheet(tab);
    tab.rest();
    expect(tab.entries).toEqual([-1, 0, 1]);
    back(tab);
    expect(sheet.open).toBe(false);
  });

  it("do not come back by Forward, and Back works as before", () => {
    const tab = new Tab();
    const sheet = new Sheet(tab);
    tab.rest();
    back(tab);
    tab.go(1);
    tab.rest();
    expect(sheet.open).toBe(false);
    expect(tab.depth()).toBe(0);
    back(tab);
    expect(tab.left).toBe(true);
  });

  it("that a page had before it was loaded again are gone from its history", () => {
    const tab = new Tab();
    tab.push(1);
    tab.push(2);
    tab.layers.settle();
    tab.rest();
    expect(tab.depth()).toBe(0);
  });

  it("always match the history, whatever is opened, closed and gone back to", () => {
    const act = fc.constantFrom("open", "close", "inner", "back", "forward", "rest");
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const tab = new Tab();
        const sheets: Sheet[] = [];
        const shown = () => sheets.filter(({ open }) => open);
        for (const what of acts) {
          if (what === "open") sheets.push(new Sheet(tab));
          if (what === "close") shown().at(-1)?.close();
          if (what === "inner") shown()[0]?.close();
          if (what === "back" && shown().length > 0) (tab.rest(), shown().length > 0 && back(tab));
          if (what === "forward") (tab.rest(), tab.go(1), tab.rest());
          if (what === "rest") tab.rest();
        }
        tab.rest();
        expect(tab.left).toBe(false);
        expect(tab.depth()).toBe(shown().length);
      }),
      { numRuns: 500 },
    );
  });
});
