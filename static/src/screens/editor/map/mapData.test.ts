// Claims about what the map draws.
import { describe, expect, it } from "vitest";
import type { Card, Peer, Place, Projection } from "../../../document/types";
import { numberCards } from "../state/numbering";
import { dayColour, TRAY_COLOUR } from "../state/palette";
import { cursorsOf, linesOf, pinsOf, type Scene } from "./mapData";

const place = (lng: number): Place => ({
  src: "t",
  id: "",
  name: `p${lng}`,
  alt: "",
  lat: 33,
  lng,
  addr: "",
  cc: "",
  tz: "",
});
const card = (id: string, over: Partial<Card> = {}): Card => ({
  id,
  kind: "place",
  title: id,
  note: "",
  place: null,
  to: null,
  when: null,
  dur: null,
  status: "plan",
  link: null,
  est: null,
  icon: null,
  color: null,
  alt: null,
  lost: false,
  ...over,
});
const trip: Projection = {
  v: 1,
  title: "",
  desc: "",
  start: null,
  tz: null,
  cur: null,
  cover: null,
  color: null,
  days: [
    {
      id: "d1",
      date: null,
      title: "",
      note: "",
      cards: [
        card("a", { place: place(1) }),
        card("memo"),
        card("b", { place: place(2) }),
        card("no", { place: place(9), status: "skip" }),
      ],
    },
    { id: "d2", date: null, title: "", note: "", cards: [card("c", { place: place(3) })] },
  ],
  tray: [card("t", { place: place(4) })],
};
const scene = (over: Partial<Scene> = {}): Scene => ({
  trip,
  numbers: numberCards(trip),
  editing: new Map(),
  dragged: new Map(),
  focused: null,
  ...over,
});
const peer = (over: Partial<Peer>): Peer => ({
  client: 1,
  user: { id: "u", name: "민호", color: "#123456" },
  cursor: "shown",
  view: null,
  card: null,
  field: null,
  cur: null,
  vp: null,
  drag: null,
  follow: null,
  ...over,
});

describe("pinsOf", () => {
  it("numbers the places of a day and passes over notes", () => {
    expect(pinsOf(scene()).map((pin) => [pin.id, pin.label])).toEqual([
      ["t", ""],
      ["a", "1"],
      ["b", "2"],
      ["no", "3"],
      ["c", "1"],
    ]);
  });
  it("wears the day's colour, grey in the tray", () => {
    const pins = new Map(pinsOf(scene()).map((pin) => [pin.id, pin.color]));
    expect([pins.get("t"), pins.get("a"), pins.get("c")]).toEqual([TRAY_COLOUR, dayColour(0), dayColour(1)]);
  });
  it("dims one that a peer drags, rings one that a peer edits", () => {
    const { user } = peer({});
    const busy = scene({ dragged: new Map([["a", user]]), editing: new Map([["b", user]]) });
    const pins = new Map(pinsOf(busy).map((pin) => [pin.id, pin]));
    expect([pins.get("a")?.dim, pins.get("b")?.dim]).toEqual([true, false]);
    expect(pins.get("b")?.ring).toBe("#123456");
  });
  it("are those of the chosen day alone, and so is the line", () => {
    const chosen = scene({ focused: "d1" });
    expect(pinsOf(chosen).map((pin) => pin.day)).toEqual(["d1", "d1", "d1"]);
    expect(linesOf(chosen).map((line) => line.id)).toEqual(["d1"]);
    expect(linesOf(scene({ focused: "d2" }))).toEqual([]);
  });
});

describe("a move", () => {
  const moving: Projection = {
    ...trip,
    days: [
      {
        id: "d1",
        date: null,
        title: "",
        note: "",
        cards: [card("fly", { kind: "move", place: place(1), to: place(2) }), card("a", { place: place(3) })],
      },
    ],
    tray: [],
  };
  const flying = scene({ trip: moving, numbers: numberCards(moving) });
  it("is no stop: it has no pin and takes no number", () => {
    expect(pinsOf(flying).map((pin) => [pin.id, pin.label])).toEqual([["a", "1"]]);
  });
  it("is a way: its line goes through both its ends", () => {
    expect(linesOf(flying)[0]?.points.map((point) => point.lng)).toEqual([1, 2, 3]);
  });
});

describe("linesOf", () => {
  it("joins the places of a day, without those that are skipped, and draws no line to one place", () => {
    expect(linesOf(scene()).map((line) => [line.id, line.points.map((point) => point.lng)])).toEqual([
      ["d1", [1, 2]],
    ]);
  });
});

describe("cursorsOf", () => {
  it("shows only people who are on the map now", () => {
    const cur = { lng: 1, lat: 2 };
    expect(cursorsOf([peer({}), peer({ cur, cursor: "hidden" }), peer({ cur, cursor: "faded" })])).toEqual([
      { client: 1, name: "민호", color: "#123456", ink: "#ffffff", lng: 1, lat: 2, faded: true },
    ]);
  });
});
