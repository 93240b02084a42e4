// Who is inside and what they do: typed awareness, sent sparingly, read with distrust.
import type { Awareness } from "y-protocols/awareness";
import { asFields } from "./clamp";
import { Signal, type Readable } from "../signal";
import type { Activity, Peer, Person, Presence } from "./types";

/** Cursors and views are sent at most ten times a second. */
const SEND_MS = 100;
const FADE_MS = 3_000;
const HIDE_MS = 60_000;
const TICK_MS = 1_000;

const IDLE: Activity = { view: null, card: null, field: null, cur: null, vp: null, drag: null, follow: null };

interface Selection {
  readonly anchor: unknown;
  readonly head: unknown;
}

type State = Activity & { readonly u: Person; readonly sel: Selection | null };

interface Sighting {
  readonly cur: string;
  readonly at: number;
}

export class PresenceBoard implements Presence {
  readonly #awareness: Awareness;
  readonly #peers = new Signal<readonly Peer[]>([]);
  readonly #now: () => number;
  /** When each peer's cursor last moved, by this clock. */
  readonly #sightings = new Map<number, Sighting>();
  #mine: State;
  #lastSent = -Infinity;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #tick: ReturnType<typeof setInterval> | null = null;

  constructor(awareness: Awareness, user: Person, now: () => number) {
    this.#awareness = awareness;
    this.#now = now;
    this.#mine = { ...IDLE, u: user, sel: null };
    awareness.setLocalState(this.#mine);
    awareness.on("change", () => this.#read());
  }

  get peers(): Readable<readonly Peer[]> {
    return this.#peers;
  }

  get client(): number {
    return this.#awareness.clientID;
  }

  set(activity: Partial<Activity>): void {
    this.#change(activity);
  }

  /** The person types in a field. */
  select(field: string, sel: unknown): void {
    this.#change({ field, sel: asSelection(sel) });
  }

  deselect(field: string): void {
    if (this.#mine.field === field) this.#change({ field: null, sel: null });
  }

  /** Peers' selections in one field. */
  selections(field: string): { client: number; user: Person; sel: Selection }[] {
    return this.#peers.get().flatMap(({ client, user, field: theirs }) => {
      const state = asFields(this.#awareness.getStates().get(client));
      const sel = asSelection(state?.["sel"]);
      return theirs === field && sel ? [{ client, user, sel }] : [];
    });
  }

  destroy(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#tick !== null) clearInterval(this.#tick);
  }

  #change(change: Partial<State>): void {
    const next = { ...this.#mine, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.#mine)) return;
    this.#mine = next;
    if (this.#timer !== null) return;
    const wait = this.#lastSent + SEND_MS - this.#now();
    if (wait <= 0) this.#send();
    else this.#timer = setTimeout(() => this.#send(), wait);
  }

  #send(): void {
    this.#timer = null;
    this.#lastSent = this.#now();
    this.#awareness.setLocalState(this.#mine);
  }

  #read(): void {
    const now = this.#now();
    const peers: Peer[] = [];
    for (const [client, state] of this.#awareness.getStates()) {
      if (client === this.client) continue;
      const peer = asPeer(client, state);
      if (peer) peers.push({ ...peer, cursor: this.#cursorOf(peer, now) });
    }
    for (const client of this.#sightings.keys()) {
      if (!this.#awareness.getStates().has(client)) this.#sightings.delete(client);
    }
    peers.sort((a, b) => a.client - b.client);
    const before = this.#peers.get();
    // A peer that did not change keeps its identity, the list too if none did.
    const next = peers.map(
      (peer) => before.find((old) => JSON.stringify(old) === JSON.stringify(peer)) ?? peer,
    );
    const same = before.length === next.length && before.every((peer, i) => peer === next[i]);
    if (!same) this.#peers.set(next);
    this.#watch(next.some(({ cur }) => cur !== null));
  }

  #cursorOf({ client, cur }: Peer, now: number): Peer["cursor"] {
    if (cur === null) {
      this.#sightings.delete(client);
      return "hidden";
    }
    const text = `${cur.lng},${cur.lat}`;
    const seen = this.#sightings.get(client);
    if (seen?.cur !== text) {
      this.#sightings.set(client, { cur: text, at: now });
      return "shown";
    }
    const age = now - seen.at;
    return age >= HIDE_MS ? "hidden" : age >= FADE_MS ? "faded" : "shown";
  }

  /** Cursors fade by time alone: look again each second while there is one. */
  #watch(needed: boolean): void {
    if (needed && this.#tick === null) this.#tick = setInterval(() => this.#read(), TICK_MS);
    if (!needed && this.#tick !== null) {
      clearInterval(this.#tick);
      this.#tick = null;
    }
  }
}

function asPeer(client: number, value: unknown): Peer | null {
  const state = asFields(value);
  const u = asFields(state?.["u"]);
  if (!state || !u || typeof u["id"] !== "string") return null;
  const user = { id: u["id"], name: textOf(u["name"]) ?? "", color: colorOf(u["color"]) };
  return {
    client,
    user,
    view: textOf(state["view"]),
    card: textOf(state["card"]),
    field: textOf(state["field"]),
    cur: cursorOf(state["cur"]),
    vp: viewportOf(state["vp"]),
    drag: textOf(state["drag"]),
    follow: typeof state["follow"] === "number" ? state["follow"] : null,
    cursor: "hidden",
  };
}

function asSelection(value: unknown): Selection | null {
  const fields = asFields(value);
  return fields && asFields(fields["anchor"]) && asFields(fields["head"])
    ? { anchor: fields["anchor"], head: fields["head"] }
    : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value.slice(0, 400) : null;
}

/** It goes into styles, so only a colour may pass. */
function colorOf(value: unknown): string {
  return typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value) ? value : "#868e96";
}

function isFinite(value: unknown, max: number): value is number {
  return typeof value === "number" && Math.abs(value) <= max;
}

function cursorOf(value: unknown): Activity["cur"] {
  const fields = asFields(value);
  const [lng, lat] = [fields?.["lng"], fields?.["lat"]];
  return isFinite(lng, 180) && isFinite(lat, 90) ? { lng, lat } : null;
}

function viewportOf(value: unknown): Activity["vp"] {
  const fields = asFields(value);
  const [center, z] = [fields?.["c"], fields?.["z"]];
  if (!Array.isArray(center) || !isFinite(z, 24)) return null;
  const [lng, lat] = center as unknown[];
  return isFinite(lng, 180) && isFinite(lat, 90) ? { c: [lng, lat], z } : null;
}
