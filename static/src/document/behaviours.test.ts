// The behaviours of documents.md, with two or three open trips over a hub, in random order and with offline windows.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { Hub, join, settle } from "./hub.test-support";
import { project } from "./reader";
import { allCards } from "./view";
import type { OpenTrip } from "./trip";
import type { Place } from "./types";

const open: OpenTrip[] = [];
let clock = 1_000_000;

function enter(hub: Hub, user: string): OpenTrip {
  const trip = join(hub, user, () => clock);
  open.push(trip);
  return trip;
}

/** A hub with people inside, settled. */
async function inside(...users: string[]): Promise<[Hub, ...OpenTrip[]]> {
  const hub = new Hub();
  const trips = users.map((user) => enter(hub, user));
  await settle();
  return [hub, ...trips];
}

afterEach(async () => {
  for (const trip of open.splice(0)) await trip.close();
});

const titles = (trip: OpenTrip, day: string | null) => {
  const { days, tray } = trip.view.get().trip;
  return (day === null ? tray : (days.find(({ id }) => id === day)?.cards ?? [])).map(({ title }) => title);
};

function same(hub: Hub, ...trips: OpenTrip[]): void {
  for (const trip of trips) expect(trip.view.get().trip).toEqual(project(hub.doc));
}

const down = (hub: Hub) => {
  hub.up = false;
  hub.cut();
};

async function up(hub: Hub, ...trips: OpenTrip[]): Promise<void> {
  hub.up = true;
  for (const trip of trips) trip.reconnect();
  await settle();
}

const note = (title: string, day: string | null = null) => ({
  kind: "note" as const,
  title,
  at: { day, after: "end" as const },
});
const place = (name: string, lat: number, lng: number, id = ""): Place => ({
  src: id && "geonames",
  id,
  name,
  alt: "",
  lat,
  lng,
  addr: "",
  cc: "KR",
  tz: "Asia/Seoul",
});

describe("behaviours", () => {
  it("1: a card moved by two is one card, in the same place everywhere", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    a.days.setCount(3);
    const id = a.cards.add(note("섬", "d1"));
    await settle();
    down(hub);
    a.cards.move(id, { day: "d2", after: "end" });
    b.cards.move(id, { day: "d3", after: null });
    await up(hub, a, b);
    same(hub, a, b);
    expect(allCards(a.view.get().trip)).toHaveLength(1);
    expect(["d2", "d3"]).toContain(a.view.get().cards.get(id)?.day);
  });

  it("2: two inserts in one gap are both there, in the same order, and later ones fit between", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    a.days.setCount(1);
    const first = a.cards.add(note("1", "d1"));
    a.cards.add(note("9", "d1"));
    await settle();
    down(hub);
    const x = a.cards.add({ ...note("x"), at: { day: "d1", after: first } });
    const y = b.cards.add({ ...note("y"), at: { day: "d1", after: first } });
    await up(hub, a, b);
    same(hub, a, b);
    expect(titles(a, "d1").sort()).toEqual(["1", "9", "x", "y"]);
    const [, upper] = a.view.get().trip.days[0]?.cards.map(({ id }) => id) ?? [];
    expect([x, y]).toContain(upper);
    a.cards.add({ ...note("between"), at: { day: "d1", after: upper ?? null } });
    await settle();
    expect(titles(b, "d1")[2]).toBe("between");
  });

  it("3: a card added to a day that a peer removes lies in the tray, and comes home with the day", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    a.days.setCount(2);
    await settle();
    down(hub);
    a.cards.add(note("오름", "d2"));
    b.days.setCount(1);
    await up(hub, a, b);
    same(hub, a, b);
    expect(b.view.get().trip.tray.map(({ title, lost }) => [title, lost])).toEqual([["오름", true]]);
    b.days.setCount(2);
    expect(titles(b, "d2")).toEqual(["오름"]);
  });

  it("4: both extend from three to five days: exactly d4 and d5 come", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    a.days.setDates("2026-12-24", "2026-12-26");
    await settle();
    down(hub);
    a.days.setCount(5);
    b.days.setDates("2026-12-24", "2026-12-28");
    await up(hub, a, b);
    same(hub, a, b);
    expect(a.view.get().trip.days.map(({ id }) => id)).toEqual(["d1", "d2", "d3", "d4", "d5"]);
    expect(a.view.get().trip.days.at(-1)?.date).toBe("2026-12-28");
  });

  it("5: both type in one note: both texts are there", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    const id = a.cards.add({ ...note("글"), note: "아침" });
    await settle();
    down(hub);
    a.text({ of: "cardNote", card: id }).set("이른 아침");
    b.text({ of: "cardNote", card: id }).set("아침 산책 🌊");
    await up(hub, a, b);
    same(hub, a, b);
    expect(a.text({ of: "cardNote", card: id }).value.get()).toBe("이른 아침 산책 🌊");
  });

  it("6: deleted by one while edited by another: in the trash, with the edit", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    const id = a.cards.add(note("국수"));
    await settle();
    down(hub);
    a.cards.trash(id);
    b.cards.setTitle(id, "국수집");
    await up(hub, a, b);
    same(hub, a, b);
    expect(a.view.get().trash.map(({ card, by }) => [card.title, by])).toEqual([["국수집", "a"]]);
    b.cards.restore(id);
    await settle();
    expect(titles(a, null)).toEqual(["국수집"]);
  });

  it("7: undo after a peer overwrote changes nothing and says so", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    a.days.setCount(3);
    const id = a.cards.add(note("산", "d1"));
    a.cards.move(id, { day: "d2", after: null });
    await settle();
    b.cards.move(id, { day: "d3", after: null });
    await settle();
    const before = a.view.get().trip;
    expect(a.history.undo()).toBe("overwritten");
    expect(a.view.get().trip).toEqual(before);
    // The next undo takes the creation back: into the trash, nothing is lost.
    expect(a.history.undo()).toBe("done");
    expect(a.view.get().trash.map(({ card }) => card.title)).toEqual(["산"]);
    await settle();
    same(hub, a, b);
    expect(a.history.redo()).toBe("done");
    expect(titles(a, "d3")).toEqual(["산"]);
  });

  it("8: lowered while offline with pending edits: nothing is applied, the copy is offered", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    down(hub);
    b.cards.add(note("몰래"));
    hub.roles.set("b", "viewer");
    await up(hub, a, b);
    expect(b.sync.get()).toEqual({ kind: "access-changed", role: "viewer", copy: true });
    expect(project(hub.doc).tray).toEqual([]);
    expect(a.view.get().trip.tray).toEqual([]);
    expect(b.encode().length).toBeGreaterThan(100);
    b.cards.add(note("다시"));
    expect(titles(b, null)).toEqual(["몰래"]);
  });

  it("11: 500 edits offline converge, and the chip ends at saved", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    a.days.setCount(4);
    await settle();
    expect(a.sync.get()).toEqual({ kind: "saved" });
    down(hub);
    const ids: string[] = [];
    for (let i = 0; i < 250; i++) {
      clock += 50_000;
      ids.push(b.cards.add(note(`카드 ${i}`, `d${(i % 4) + 1}`)));
      b.cards.move(ids[(i * 7) % ids.length] ?? "", { day: `d${(i % 3) + 1}`, after: null });
    }
    await settle();
    expect(b.sync.get().kind).toBe("offline");
    await up(hub, a, b);
    same(hub, a, b);
    expect(allCards(a.view.get().trip)).toHaveLength(250);
    expect(b.sync.get()).toEqual({ kind: "saved" });
  });

  it("12: a start moved by three days with two locked bookings lists exactly these two", async () => {
    const [, a] = (await inside("a")) as [Hub, OpenTrip];
    a.days.setDates("2026-12-24", "2026-12-28");
    const when = (s: string, lock: boolean) => ({
      s,
      stz: "Asia/Seoul",
      e: null,
      etz: null,
      allDay: false,
      lock,
    });
    const flight = a.cards.add({ ...note("비행기", "d1"), when: when("2026-12-24T09:00", true) });
    const hotel = a.cards.add({ ...note("호텔", "d4"), when: when("2026-12-27T15:00", true) });
    a.cards.add({ ...note("점심", "d1"), when: when("2026-12-24T12:00", false) });
    a.cards.add({ ...note("제 날이 아니던 것", "d2"), when: when("2026-12-24T12:00", true) });
    const locked = a.days.locked("2026-12-27");
    expect(locked.map(({ card, day, home }) => [card.title, day, home])).toEqual([
      ["비행기", "d1", null],
      ["호텔", "d4", "d1"],
    ]);
    a.days.shift(
      "2026-12-27",
      new Map([
        [hotel, "move"],
        [flight, "keep"],
      ]),
    );
    expect(titles(a, "d1")).toContain("호텔");
    expect(titles(a, "d1")).toContain("비행기");
    expect(a.history.undo()).toBe("done");
    expect(a.view.get().trip.start).toBe("2026-12-24");
    expect(titles(a, "d4")).toEqual(["호텔"]);
  });

  it("10: in any order of acts, with offline windows, all boards show the projection", async () => {
    const act = fc.tuple(
      fc.nat(2),
      fc.constantFrom("add", "move", "day", "undo", "redo", "trash", "title", "cut", "settle"),
      fc.nat(9),
      fc.nat(4),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
        const [hub, ...trips] = await inside("a", "b", "c");
        for (const [who, what, n, day] of acts) {
          const trip = trips[who];
          if (trip) perform(hub, trip, what, n, day);
          if (what === "settle") await up(hub, ...trips);
        }
        await up(hub, ...trips);
        same(hub, ...trips);
        for (const trip of trips) expect(trip.sync.get()).toEqual({ kind: "saved" });
        for (const trip of open.splice(0)) await trip.close();
      }),
      { numRuns: 60 },
    );
  });
});

function perform(hub: Hub, trip: OpenTrip, what: string, n: number, day: number): void {
  const cards = allCards(trip.view.get().trip);
  const card = cards[n % Math.max(1, cards.length)];
  const to = day === 0 ? null : `d${day}`;
  clock += 700;
  if (what === "add") trip.cards.add(note(`${n}`, to));
  if (what === "move" && card)
    trip.cards.move(card.id, { day: to, after: n % 2 === 0 ? null : (cards[n % 3]?.id ?? null) });
  if (what === "day") trip.days.setCount(day + 1);
  if (what === "undo") trip.history.undo();
  if (what === "redo") trip.history.redo();
  if (what === "trash" && card) trip.cards.trash(card.id);
  if (what === "title" && card) trip.cards.setTitle(card.id, `${card.title}가`);
  if (what === "cut" && n < 3) down(hub);
}

describe("cards", () => {
  it("a drop on its own place writes nothing", async () => {
    const [hub, a] = (await inside("a")) as [Hub, OpenTrip];
    const ids = ["1", "2", "3"].map((title) => a.cards.add(note(title)));
    await settle();
    let updates = 0;
    hub.doc.on("update", () => (updates += 1));
    expect(a.cards.move(ids[1] ?? "", { day: null, after: ids[0] ?? null })).toBe(false);
    expect(a.cards.move(ids[2] ?? "", { day: null, after: "end" })).toBe(false);
    expect(a.cards.move(ids[0] ?? "", { day: null, after: null })).toBe(false);
    a.cards.set(ids[0] ?? "", { status: "plan", dur: null });
    await settle();
    expect(updates).toBe(0);
  });

  it("an id that exists already makes no second card", async () => {
    const [, a] = (await inside("a")) as [Hub, OpenTrip];
    const id = a.cards.add(note("한 번"));
    expect(a.cards.add({ ...note("두 번"), id })).toBe(id);
    expect(titles(a, null)).toEqual(["한 번"]);
  });

  it("finds the same place by id, or by name within 50 m, never by coordinates alone", async () => {
    const [, a] = (await inside("a")) as [Hub, OpenTrip];
    const add = (at: Place) => a.cards.add({ kind: "place", title: at.name, place: at });
    const one = add(place("성산 일출봉", 33.4581, 126.9425, "1"));
    const two = add(place("Seongsan", 30, 120, "1"));
    const three = add(place("성산일출봉", 33.45815, 126.94255));
    add(place("다른 이름", 33.4581, 126.9425));
    add(place("성산 일출봉", 33.47, 126.9425));
    expect(a.view.get().duplicates).toEqual([[one, two, three]]);
  });
});

describe("the chip", () => {
  it("says saved only when the server stored all that I sent (W4)", async () => {
    const [hub, a] = (await inside("a")) as [Hub, OpenTrip];
    expect(a.sync.get()).toEqual({ kind: "saved" });
    hub.acknowledges = false;
    a.cards.add(note("1"));
    await settle();
    expect(a.sync.get()).toEqual({ kind: "saving", changes: 1 });
    hub.cut();
    await settle();
    expect(a.sync.get().kind).toBe("saving"); // it came back, and the answer is not stored either
    hub.release();
    await settle();
    expect(a.sync.get()).toEqual({ kind: "saved" });
  });

  it("says what is refused and keeps the copy", async () => {
    const [hub, a] = (await inside("a")) as [Hub, OpenTrip];
    hub.maxUpdate = 500;
    const id = a.cards.add(note("긴 글"));
    await settle();
    a.cards.setNote(id, "가".repeat(1000));
    await settle();
    expect(a.sync.get()).toEqual({ kind: "refused", reason: "tooLarge", detail: "too large: update", copy: true });
    hub.maxUpdate = Number.POSITIVE_INFINITY;
    a.reconnect();
    hub.cut();
    await settle();
    expect(a.sync.get()).toEqual({ kind: "saved" });
    expect(project(hub.doc).tray[0]?.note).toHaveLength(1000);
  });

  it("a viewer sees readonly and writes nothing", async () => {
    const hub = new Hub();
    hub.roles.set("v", "viewer");
    const v = enter(hub, "v");
    await settle();
    expect(v.sync.get()).toEqual({ kind: "readonly" });
    v.cards.add(note("x"));
    expect(titles(v, null)).toEqual([]);
  });
});

describe("presence", () => {
  it("shows peers, their cursors for a while, and nobody after they left", async () => {
    const [, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    b.presence.set({ cur: { lng: 126.5, lat: 33.5 }, card: "c1" });
    await settle();
    const peer = () => a.presence.peers.get()[0];
    expect(peer()).toMatchObject({
      user: { id: "b", name: "B" },
      card: "c1",
      cur: { lng: 126.5, lat: 33.5 },
      cursor: "shown",
    });
    clock += 3_000;
    b.presence.set({ view: "map" });
    await settle();
    expect(peer()?.cursor).toBe("faded");
    await b.close();
    await settle();
    expect(peer()).toBeUndefined();
  });

  it("comes back at once after a lost connection", async () => {
    const [hub, a, b] = (await inside("a", "b")) as [Hub, OpenTrip, OpenTrip];
    hub.cut("a");
    expect(a.presence.peers.get()).toEqual([]);
    await up(hub, a);
    b.presence.set({ view: "board" });
    await settle();
    expect(a.presence.peers.get().map(({ user }) => user.id)).toEqual(["b"]);
  });
});
