// Claims about measuring the board: what a move of a dragged card costs does not grow with the cards.
// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from "vitest";
import { gapAt } from "./drag";
import { Geometry } from "./geometry";

const CARD_PX = 50;
const LANE_PX = 300;

afterEach(() => vi.restoreAllMocks());

/** A board of ten lanes side by side; every card and lane says where it is, and how often it was asked. */
function board(cards: number): { element: HTMLElement; asked: () => number; scroll: (by: number) => void } {
  const element = document.createElement("div");
  let [asked, scrolled] = [0, 0];
  const at = (one: Element, left: number, top: number, height: number) =>
    vi.spyOn(one, "getBoundingClientRect").mockImplementation(() => {
      asked += 1;
      return new DOMRect(left, top - (one.tagName === "SECTION" ? 0 : scrolled), LANE_PX - 20, height);
    });
  for (let lane = 0; lane < 10; lane++) {
    const section = document.createElement("section");
    section.dataset.lane = `d${lane}`;
    const list = document.createElement("ul");
    at(section, lane * LANE_PX, 0, 600);
    at(list, lane * LANE_PX, 0, (cards / 10) * CARD_PX);
    for (let n = 0; n < cards / 10; n++) {
      const card = document.createElement("div");
      card.dataset.card = `${lane}-${n}`;
      at(card, lane * LANE_PX, n * CARD_PX, CARD_PX - 8);
      list.append(card);
    }
    section.append(list);
    element.append(section);
  }
  return { element, asked: () => asked, scroll: (by) => (scrolled += by) };
}

/** What a hundred moves over all lanes ask for, without the first look at each lane. */
function costOf(cards: number): number {
  const { element, asked } = board(cards);
  const geometry = new Geometry();
  const view = {};
  const move = (x: number) => gapAt(geometry.lanes(element, view), { x, y: 120 }, "0-0");
  for (let lane = 0; lane < 10; lane++) move(lane * LANE_PX + 10);
  const before = asked();
  for (let n = 0; n < 100; n++) move((n * 37) % (10 * LANE_PX));
  return asked() - before;
}

describe("the board's geometry", () => {
  it("is asked for no more with 400 cards than with 20", () => expect(costOf(400)).toBe(costOf(20)));

  it("does not search the cards for their lanes", () => {
    const { element } = board(400);
    const geometry = new Geometry();
    const searches = [vi.spyOn(element, "querySelectorAll"), vi.spyOn(element, "querySelector")];
    gapAt(geometry.lanes(element, {}), { x: 310, y: 120 }, "0-0");
    geometry.scroller(element, "d1");
    for (const search of searches) expect(search).not.toHaveBeenCalled();
  });

  it("knows what scrolls: a part of the lane, or on a phone what the board is in", () => {
    const { element } = board(20);
    const geometry = new Geometry();
    const part = document.createElement("div");
    part.dataset.scrollY = "";
    element.children[1]?.append(part);
    expect(geometry.scroller(element, "d1")).toBe(part);
    expect(geometry.scroller(element, "d2")).toBe(null);
    const outside = document.createElement("div");
    outside.dataset.scrollY = "";
    outside.append(element);
    expect(geometry.scroller(element, "d1")).toBe(outside);
  });

  it("finds the gap also after the lane was scrolled", () => {
    const { element, scroll } = board(400);
    const geometry = new Geometry();
    const view = {};
    expect(gapAt(geometry.lanes(element, view), { x: 310, y: 120 }, "0-0")).toEqual({ day: "d1", index: 2 });
    scroll(500);
    expect(gapAt(geometry.lanes(element, view), { x: 310, y: 120 }, "0-0")).toEqual({ day: "d1", index: 12 });
  });

  it("is measured anew once the trip's picture is another", () => {
    const { element } = board(20);
    const geometry = new Geometry();
    const at = (view: object) => gapAt(geometry.lanes(element, view), { x: 10, y: 590 }, "x")?.index;
    expect(at({})).toBe(2);
    element.querySelector("[data-card]")?.remove();
    expect(at({})).toBe(1);
  });
});
