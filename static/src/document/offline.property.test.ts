// What a person typed is never deleted without their word: random people, limits, losses; each text is found again at the end.
// @vitest-environment happy-dom
import { begin, Dice, end, look, pass } from "./seeded.test-support";
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, describe, expect, it, vi } from "vitest";
import { recoveryOf } from "../sync/recovery";
import { Hub, join } from "./hub.test-support";
import { pictureOf, type Picture } from "./picture";
import { bring, keep } from "./recovery";
import { fromFile, KeepError, list, merge, read, toFile } from "./set-aside";
import type { OpenTrip } from "./trip";
import type { TextRef } from "./types";

const ROUNDS = Number(process.env["MOIM_OFFLINE_ROUNDS"] ?? 12);
const FIRST = Number(process.env["MOIM_OFFLINE_SEED"] ?? 1);
const STEPS = 60;

/** One browser of one person, who does what the editor does by itself. */
class Device {
  readonly typed: string[] = [];
  /** What was set aside here so far. */
  aside = "";
  trip: OpenTrip;
  readonly #hub: Hub;
  readonly #user: string;
  /** It was set aside, and nothing more can be done here. */
  #isLeft = false;

  constructor(hub: Hub, user: string) {
    this.#hub = hub;
    this.#user = user;
    this.trip = join(hub, user, Date.now, true);
  }

  get user(): string {
    return this.#user;
  }

  /** Whatever was typed counts if the trip shows it: what was prevented beforehand was never there. */
  note(text: string): void {
    if (!textsOf(this.trip).includes(text)) return;
    trace(`typed ${text}`, JSON.stringify(this.trip.sync.get()));
    if (TRACE) trace("   unsaved", JSON.stringify(look(() => this.trip.aside("asked")).items.map((i) => i.title + i.detail)).slice(0, 300));
    this.typed.push(text);
  }

  /** Recovers where the trip has stopped. What cannot be kept stays as it is. */
  async tend(): Promise<void> {
    const plan = recoveryOf(this.trip.sync.get());
    if (plan === null || this.#isLeft) return;
    trace(`  ${this.#user} recovers`, JSON.stringify(this.trip.sync.get()));
    try {
      const kept = await keep(this.trip, plan);
      trace("  kept", kept?.id, kept?.whole, kept?.epoch, JSON.stringify(kept?.items));
      this.aside += JSON.stringify(kept?.items);
      this.#isLeft = !plan.again;
      if (this.#isLeft) return;
      await this.reopen();
      if (kept && plan.bring) {
        const told = (what: unknown) => trace(`  ${this.#user} brought ${kept.id}`, JSON.stringify(what));
        void bring(kept, this.trip, () => false).then(({ left }) => told(left && left.items), (error: unknown) => told(String(error)));
      }
    } catch (error) {
      trace("  not kept", error);
      if (!(error instanceof KeepError)) throw error;
    }
  }

  /** The page is opened once more by somebody who had lost the access. */
  async comeBack(): Promise<void> {
    if (this.#isLeft) await this.reopen();
  }

  async reopen(): Promise<void> {
    this.#isLeft = false;
    await this.trip.close();
    this.trip = join(this.#hub, this.#user, Date.now, true);
    await pass();
  }
}

function textsOf(trip: OpenTrip): string {
  return JSON.stringify(trip.view.get().trip) + JSON.stringify(trip.view.get().trash);
}

let real = new IDBFactory();

afterEach(() => {
  end();
  vi.unstubAllGlobals();
});

/** The disk is full: what is set aside cannot be written. */
function fill(isFull: boolean): void {
  vi.stubGlobal("indexedDB", isFull ? new Proxy(real, { get: (target, key) => {
    const value: unknown = Reflect.get(target, key);
    if (key !== "open") return value;
    return (name: string, version?: number) => {
      if (name === "moim-set-aside") throw new DOMException("full", "QuotaExceededError");
      return target.open(name, version);
    };
  } }) : real);
}

function act(dice: Dice, device: Device, n: number): void {
  const { trip } = device;
  // A trip that is not here yet shows no field to type in.
  if (!trip.view.get().loaded) return;
  const mark = `${device.user}.${n}.`;
  const text = ` ${mark} ${"가".repeat(dice.below(4) === 0 ? 40 : dice.below(6))} `;
  const view = trip.view.get().trip;
  const cards = [...view.tray, ...view.days.flatMap((day) => day.cards)];
  const [card, day] = [dice.of(cards), dice.of(view.days)];
  const kind = dice.below(8);
  trace(` act ${kind} ${mark}`);
  switch (kind) {
    case 0:
    case 1:
    case 2:
      trip.cards.add({ kind: "note", title: mark, note: text, at: { day: day?.id ?? null, after: "end" } });
      break;
    case 3:
    case 4:
      // A field takes no more than fits; it never cuts what was there.
      if (card && card.note.length + text.length <= trip.limits.text)
        type(trip, { of: "cardNote", card: card.id }, text, dice.below(2) === 0 ? card.note.length : 0);
      break;
    case 5:
      if (view.desc.length + text.length <= Math.min(4_000, trip.limits.text))
        type(trip, { of: "desc" }, text, view.desc.length);
      break;
    case 6:
      type(trip, { of: "dayNote", day: trip.days.add() }, text, 0);
      break;
    case 7:
      if (card) trip.cards.trash(card.id);
      break;
  }
  device.note(mark);
}

/** In a field: its caret tells what is new, however alike the words beside it are. */
function type(trip: OpenTrip, ref: TextRef, text: string, at: number): void {
  const field = document.createElement("textarea");
  const leave = trip.text(ref).bind(field);
  field.value = field.value.slice(0, at) + text + field.value.slice(at);
  field.setSelectionRange(at + text.length, at + text.length);
  field.dispatchEvent(new Event("input"));
  leave();
}

async function happen(dice: Dice, hub: Hub, devices: readonly Device[]): Promise<void> {
  const device = dice.of(devices);
  const event = dice.below(16);
  trace(`  event ${event} for ${device.user}`);
  switch (event) {
    case 0:
      hub.up = false;
      hub.cut();
      break;
    case 1:
    case 2:
      hub.up = true;
      devices.forEach(({ trip }) => trip.reconnect());
      break;
    case 3:
      hub.crash();
      break;
    case 4: // Answers are lost.
      hub.acknowledges = false;
      break;
    case 5:
      hub.release();
      break;
    case 6:
      hub.roles.set(device.user, dice.of(["viewer", "editor", "editor"] as const));
      hub.cut(device.user);
      break;
    case 7:
      if (dice.below(3) === 0) hub.reset();
      break;
    case 8:
      fill(dice.below(2) === 0);
      break;
    case 9: // The tab is closed, and opened again.
      await device.reopen();
      break;
    case 10:
      if (hub.gone.has(device.user)) hub.gone.delete(device.user);
      else if (dice.below(3) === 0) hub.gone.add(device.user);
      hub.cut(device.user);
      break;
    case 11:
      hub.limits = { cards: 3 + dice.below(5), days: 3, text: 60 + dice.below(60), document: 6_000 };
      break;
    case 12: // Somebody else logs in in these browsers, or the person is back.
      hub.loggedIn = hub.loggedIn === null && dice.below(2) === 0 ? "stranger" : null;
      if (hub.loggedIn !== null) devices.forEach(({ trip }) => trip.halt("otherAccount"));
      break;
    case 13: // Somebody saves a version, or restores one.
      if (hub.versions.length === 0 || dice.below(2) === 0) hub.versions.push(pictureOf(hub.doc));
      else hub.restore(dice.of(hub.versions));
      break;
    default:
      await pass(dice.of([2, 2, 300]));
  }
  await device.tend();
}

const TRACE = process.env["MOIM_OFFLINE_TRACE"] === "1";

/** For who looks into a seed that failed. */
function trace(...words: readonly unknown[]): void {
  if (TRACE) console.info(...words);
}

/** Names what is in no place just now, or in one that is on its way. */
function traceMissing(hub: Hub, devices: readonly Device[]): void {
  for (const device of devices) {
    const there = JSON.stringify([textsIn(hub), textsOf(device.trip)]) + device.aside;
    const missing = device.typed.filter((text) => !there.includes(text));
    if (missing.length > 0) trace("  missing", missing.join(" "), JSON.stringify(device.trip.sync.get()));
  }
}

/** Everything works again, and everybody has come back. */
async function heal(hub: Hub, devices: readonly Device[]): Promise<void> {
  fill(false);
  hub.limits = { cards: 2_000, days: 366, text: 20_000, document: 5 << 20 };
  hub.up = true;
  hub.roles.clear();
  hub.gone.clear();
  hub.loggedIn = null;
  hub.release();
  await pass(); // Who has a ticket already is inside by now.
  hub.cut(); // With new tickets come the roles and limits of now.
  await pass();
  for (let round = 0; round < 20; round++) {
    for (const device of devices) {
      await device.tend();
      await device.comeBack();
      device.trip.reconnect();
    }
    await pass();
    if (TRACE) traceMissing(hub, devices);
  }
}

async function round(seed: number): Promise<void> {
  localStorage.clear();
  begin(seed);
  real = new IDBFactory();
  fill(false);
  const dice = new Dice(seed);
  const hub = new Hub();
  hub.tells = dice.below(2) === 0;
  hub.limits = { cards: 5, days: 3, text: 80, document: 8_000 };
  const devices = ["a", "b"].map((name) => new Device(hub, `${name}${seed}`));
  await pass();
  for (let n = 0; n < STEPS; n++) {
    act(dice, dice.of(devices), n);
    if (dice.below(2) === 0) await happen(dice, hub, devices);
    if (TRACE) traceMissing(hub, devices);
  }
  await heal(hub, devices);
  for (const device of devices) {
    const state = device.trip.sync.get();
    expect(state.kind, JSON.stringify(state)).toBe("saved");
    const heads = await list(device.user);
    const listed = JSON.stringify(heads.map(({ items }) => items));
    const there = JSON.stringify([...textsIn(hub)]);
    for (const text of device.typed) expect(there.includes(text) || listed.includes(text), `${text} is nowhere`).toBe(true);
    for (const head of heads) {
      // As a file, and back from it, it is the same.
      const one = await read(head.id);
      expect(one && fromFile(toFile(one)).items).toEqual(one?.items);
      trace("kept", JSON.stringify(head.items), head.reason, one?.whole, one?.epoch, hub.epoch);
      const { left } = await merge(head, device.trip);
      expect(left?.items ?? null, JSON.stringify(device.trip.limits)).toBeNull();
      trace("now", JSON.stringify([...textsIn(hub)]));
    }
    const now = JSON.stringify([...textsIn(hub)]);
    for (const text of device.typed) expect(now.includes(text), `${text} was not loaded again`).toBe(true);
    await device.trip.close();
  }
}

/** What the server has, be it in a version. */
function textsIn(hub: Hub): string[] {
  // A reset empties the trash: that was somebody's word.
  return [...hub.emptied, ...[pictureOf(hub.doc), ...hub.versions].flatMap(textsOfPicture)];
}

function textsOfPicture({ texts, rows }: Picture): string[] {
  const fields = [...rows.values()].flatMap((all) => [...all.values()].flatMap((row) => [...row.values()]));
  return [...texts.values(), ...fields.flatMap((field) => (field.is === "text" ? [field.text] : []))];
}

describe("what a person typed", () => {
  for (let seed = FIRST; seed < FIRST + ROUNDS; seed++) {
    it(`is on the server, or here, listed, and loadable again (seed ${seed})`, () => round(seed), 60_000);
  }
});
