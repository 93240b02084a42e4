// A day that somebody else removes while somebody types in it offline is there again, with what was typed.
// @vitest-environment happy-dom
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Hub, person, settle, TRIP } from "./hub.test-support";
import { project } from "./reader";
import { OpenTrip } from "./trip";

let hub: Hub;
let opened: OpenTrip[] = [];
let isCut = false;
let user = "";

beforeEach(() => {
  hub = new Hub();
  opened = [];
  isCut = false;
  user = `u${Math.random().toString(36).slice(2)}`;
  localStorage.clear();
});

afterEach(async () => {
  for (const trip of opened) await trip.close();
});

const until = (claim: () => void) => vi.waitFor(claim, { timeout: 10_000, interval: 10 });

function visit(name: string): OpenTrip {
  const ticket = () => (name === user && isCut ? Promise.reject(new Error("down")) : hub.ticket(name));
  const options = { id: TRIP, user: person(name), ticket, syncUrl: "ws://hub/sync/", persist: name === user };
  const trip = new OpenTrip(options, { makeSocket: (url) => hub.connect(url), random: () => 0 });
  opened.push(trip);
  return trip;
}

/** A trip of three days that two people have open. */
async function two(): Promise<[OpenTrip, OpenTrip]> {
  const [a, b] = [visit("a"), visit(user)];
  for (const trip of [a, b]) await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
  a.days.setCount(3);
  await until(() => expect(b.view.get().trip.days).toHaveLength(3));
  return [a, b];
}

function cut(): void {
  isCut = true;
  hub.cut(user);
}

async function back(trip: OpenTrip): Promise<void> {
  isCut = false;
  trip.reconnect();
  await until(() => expect(trip.sync.get()).toEqual({ kind: "saved" }));
  await settle();
}

const notes = () => project(hub.doc).days.map(({ id, note }) => `${id}:${note}`);

describe("a day that somebody else removes", () => {
  it("is there again where somebody typed in it offline", async () => {
    const [a, b] = await two();
    cut();
    b.text({ of: "dayNote", day: "d3" }).set("바다까지 걷는다");
    a.days.setCount(1);
    await settle();
    await back(b);
    expect(notes()).toEqual(["d1:", "d3:바다까지 걷는다"]);
    await until(() => expect(a.view.get().trip.days.map(({ note }) => note)).toEqual(["", "바다까지 걷는다"]));
  });

  it("is there again where it was typed on an earlier visit", async () => {
    const [a, b] = await two();
    cut();
    b.text({ of: "dayTitle", day: "d2" }).set("섬");
    await b.close();
    a.days.remove("d2");
    await settle();
    const again = visit(user);
    await until(() => expect(again.view.get().trip.days).toHaveLength(3));
    await back(again);
    expect(project(hub.doc).days.map(({ id, title }) => `${id}:${title}`)).toEqual(["d1:", "d2:섬", "d3:"]);
  });

  it("is there again where the network is back before the copy is read", async () => {
    const [a, b] = await two();
    cut();
    b.text({ of: "dayTitle", day: "d2" }).set("섬");
    await b.close();
    a.days.remove("d2");
    await settle();
    await back(visit(user));
    expect(project(hub.doc).days.map(({ id, title }) => `${id}:${title}`)).toEqual(["d1:", "d2:섬", "d3:"]);
  });

  it("is set aside with what was typed where one may not write any more", async () => {
    const [a, b] = await two();
    cut();
    b.text({ of: "dayNote", day: "d3" }).set("바다까지 걷는다");
    a.days.remove("d3");
    hub.roles.set(user, "viewer");
    isCut = false;
    b.reconnect();
    await until(() => expect(b.sync.get().kind).toBe("access-changed"));
    await settle();
    expect(JSON.stringify(b.view.get().trip.days)).toContain("바다까지 걷는다");
    expect(notes()).toEqual(["d1:", "d2:"]);
  });

  it("stays away where nobody typed, where all of it was saved before, and where they removed it themselves", async () => {
    const [a, b] = await two();
    b.text({ of: "dayNote", day: "d1" }).set("saved");
    await until(() => expect(a.view.get().trip.days[0]?.note).toBe("saved"));
    await until(() => expect(b.sync.get()).toEqual({ kind: "saved" }));
    cut();
    b.text({ of: "dayNote", day: "d2" }).set("removed by its own author");
    b.days.remove("d2");
    b.text({ of: "desc" }).set("something else");
    for (const { id } of a.view.get().trip.days) a.days.remove(id);
    await settle();
    await back(b);
    expect(notes()).toEqual([]);
  });
});
