// Golden documents: what the reader gives is what tests/golden says, which the Rust tests read too.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { documents } from "../../scripts/golden-documents";
import { lengthOf } from "../characters";
import type { Projection } from "../api/projection";
import { project, TripReader } from "./reader";

const FOLDER = join(import.meta.dirname, "../../../tests/golden/documents");

interface Golden {
  readonly name: string;
  readonly updates: readonly string[];
  readonly projection: Projection;
}

const goldens = readdirSync(FOLDER).map(
  (file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Golden,
);

function load(golden: Golden): Y.Doc {
  const doc = new Y.Doc();
  for (const update of golden.updates) Y.applyUpdate(doc, Buffer.from(update, "base64"));
  return doc;
}

function golden(name: string): Projection {
  const found = goldens.find((each) => each.name === name);
  if (!found) throw new Error(`no golden document ${name}`);
  return found.projection;
}

const tray = (name: string) => golden(name).tray.map(({ id }) => id);

describe("golden documents", () => {
  it.each(goldens)("$name reads as written down", (each) => {
    expect(project(load(each))).toEqual(each.projection);
  });

  it.each(goldens)("$name reads the same in one update and in any order", (each) => {
    const updates = each.updates.map((update) => new Uint8Array(Buffer.from(update, "base64")));
    for (const order of [updates.length > 0 ? [Y.mergeUpdates(updates)] : [], [...updates].reverse()]) {
      const doc = new Y.Doc();
      for (const update of order) Y.applyUpdate(doc, update);
      expect(project(doc)).toEqual(each.projection);
    }
  });

  it.each(goldens)("$name reads the same by a reader that watched it grow", (each) => {
    const doc = new Y.Doc();
    const reader = new TripReader(doc);
    reader.watch(() => undefined);
    for (const update of each.updates) {
      Y.applyUpdate(doc, Buffer.from(update, "base64"));
      reader.projection();
    }
    expect(reader.projection()).toEqual(each.projection);
  });

  it("are those that the generator makes", () => {
    const made = Object.entries(documents).map(([name, make]) => [
      name,
      make().map((update) => Buffer.from(update).toString("base64")),
    ]);
    expect(goldens.map(({ name, updates }) => [name, updates]).sort()).toEqual(made.sort());
  });
});

// What the brief says, stated by hand: a reader that is wrong in both languages would still be seen here.
describe("the reading rules in the golden documents", () => {
  it("orders bytewise by key, then by id, also beyond the basic plane", () => {
    const order = golden("ties and keys bytewise").days[0]?.cards.map(({ id }) => id);
    const expected = [
      "01F",
      "01H",
      "01Z",
      "01D",
      "01C",
      "01A",
      "01B",
      "01a",
      "01L",
      "01E",
      "",
      "A",
      "a",
      "가",
      "😀",
      "01K",
      "01G",
      "01J",
      "01I",
    ];
    expect(order).toEqual(expected);
  });

  it("drops what is no card and keeps what is one", () => {
    expect(tray("cards of a wrong type")).toEqual(["title is a string", "title is a map", "title is xml"]);
    expect(tray("kinds")).toEqual(["place", "move", "stay", "note"]);
    expect(tray("trash")).toEqual(["null", "absent"]);
  });

  it("puts what has no proper place into the tray, first, and not as lost", () => {
    const cards = golden("bad places in the order").tray;
    expect(cards.every(({ lost }) => !lost)).toBe(true);
    expect(golden("undefined is absent").days.map((day) => [day.id, day.cards.length])).toEqual([
      ["d2", 0],
      ["d1", 1],
    ]);
    expect(cards.at(-1)?.id).toBe("good");
    expect(cards).toHaveLength(13);
  });

  it("marks cards whose day is gone", () => {
    const lost = golden("lost days")
      .tray.filter((card) => card.lost)
      .map(({ id }) => id);
    expect(lost).toEqual(["on no name", "on d3"]);
    expect(golden("days that are no objects").days.map(({ id }) => id)).toEqual(["d1"]);
  });

  it("keeps only proper values", () => {
    const kept = (name: string, field: "place" | "when" | "dur" | "link" | "color" | "est") =>
      golden(name)
        .tray.filter((card) => card[field] !== null)
        .map(({ id }) => id);
    expect(kept("places", "place")).toEqual([
      "good",
      "negative",
      "edges",
      "integers",
      "negative zero",
      "only",
      "wrong",
      "extra",
      "prototype beside",
    ]);
    expect(kept("times", "when")).toEqual([
      "timed",
      "whole",
      "both",
      "bad end",
      "end of a wrong type",
      "late",
      "leap",
      "empty zones",
    ]);
    expect(kept("minutes", "dur")).toEqual(["zero", "one", "most", "negative zero"]);
    expect(kept("links", "link")).toEqual(["https", "http", "bare"]);
    expect(kept("colours", "color")).toEqual(["low", "up", "mixed"]);
    expect(kept("estimates", "est")).toEqual([
      "good",
      "integer",
      "negative",
      "no currency",
      "currency number",
      "huge",
    ]);
  });

  it("rule 6: an unlocked time is on the date of its day, a locked one on its own", () => {
    const times = (name: string) =>
      golden(name).days.flatMap((day) => day.cards.map(({ id, when }) => [id, when?.s, when?.e ?? null]));
    expect(times("times follow their day")).toEqual([
      ["over the date line", "2026-12-30T09:30", "2026-12-29T23:50"],
      ["other zone", "2026-12-30T21:00", "2026-12-30T15:30"],
      ["end a whole day", "2026-12-30T10:00", "2027-01-01"],
      ["bad end", "2026-12-30T10:00", null],
      ["lock of a wrong type", "2026-12-30T10:00", null],
      ["moved", "2026-12-31T11:00", null],
      ["locked", "2026-12-24T11:00", "2026-12-24T12:00"],
      ["whole day", "2026-12-31", null],
      ["same", "2026-12-31T10:00", "2026-12-31T11:00"],
      ["three nights", "2027-01-01T15:00", "2027-01-04T11:00"],
      ["leap", "2028-02-29T10:00", "2028-03-01T01:00"],
    ]);
    expect(golden("times follow their day").tray.map(({ when }) => when?.s)).toEqual([
      "2026-12-24T10:00",
      "2026-12-24T10:00",
    ]);
    expect(times("times at the ends of the calendar")).toEqual([
      ["and back", "9999-12-30", null],
      ["last day", "9999-12-31T10:00", "9999-12-31T12:00"],
      ["ends beyond it", "9999-12-31T10:00", null],
      ["day without a date", "2026-12-24T10:00", "2026-12-25T12:00"],
      ["ends before it", "0000-01-01T10:00", null],
      ["from one end to the other", "0000-01-01", "9999-12-31T23:59"],
    ]);
    expect(times("times without dates")).toEqual([["c", "2026-12-24T10:00", "2026-12-25T12:00"]]);
    expect(times("a card moved while its time is set")).toEqual([
      ["c", "2027-03-02T14:00", "2027-03-02T15:00"],
    ]);
  });

  it("behaviour 9: holds nothing private", () => {
    const text =
      JSON.stringify(golden("nothing private")) +
      JSON.stringify(golden("trip")) +
      JSON.stringify(golden("places"));
    expect(text).not.toMatch(/secret|bk|phone|mail|010-|"by"|"who"|"files"|"from"/i);
  });

  it("clamps by characters", () => {
    const trip = golden("clamps by characters");
    const points = (text: string | null | undefined) => lengthOf(text ?? "");
    const [texts, exact, placed] = trip.days[0]?.cards ?? [];
    expect([trip.title, trip.desc, trip.days[0]?.title, trip.days[0]?.note].map(points)).toEqual([
      120, 4000, 120, 4000,
    ]);
    expect([texts?.title, texts?.note, texts?.icon, texts?.link].map(points)).toEqual([
      200, 20_000, 200, 2000,
    ]);
    expect([exact?.title, exact?.icon, exact?.link].map(points)).toEqual([200, 200, 2000]);
    expect(
      [placed?.place?.name, placed?.place?.src, placed?.est?.cur, placed?.when?.stz].map(points),
    ).toEqual([300, 200, 200, 200]);
  });

  it("dates days by pin, or start and rank, within the calendar", () => {
    expect(golden("order of days and pins").days.map(({ id, date }) => [id, date])).toEqual([
      ["no ord", "2028-02-27"],
      ["ord of a wrong type", "2028-02-28"],
      ["z", "2028-02-29"],
      ["p", "2028-12-31"],
      ["d1", "2028-03-02"],
      ["d2", "2028-03-03"],
      ["bad pin", "2028-03-04"],
      ["worse pin", "2028-03-05"],
      ["extra", "2028-03-06"],
    ]);
    expect(golden("end of the calendar").days.map(({ date }) => date)).toEqual(["9999-12-31", null, null]);
  });
});
