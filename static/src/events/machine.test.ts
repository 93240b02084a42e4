// The events' machine by made-up happenings: nothing missed, nothing twice, no more said than the server bears.
import { describe, expect, it } from "vitest";
import {
  EventsMachine,
  HIDDEN_MS,
  MAX_WATCHED,
  QUIET_MS,
  RETRY_MS,
  type Effect,
  type Happening,
} from "./machine";
import type { Incoming, Notice, Request } from "./wire";

const notice = (seq: number): Notice => ({
  seq,
  at: "2026-11-25T15:40:00Z",
  kind: "joined",
  trip: { id: "trip:01A", title: "Jeju" },
  by: { id: "u1", name: "Jiu" },
  role: "editor",
});
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => notice(from + index));

/** A machine, and what a server would do with it. */
class Rig {
  readonly machine = new EventsMachine(true, 0);
  now = 0;
  /** What was sent and is not answered, oldest first. */
  sent: { id: number; request: Request }[] = [];
  effects: Effect[] = [];

  do(happening: Happening): Effect[] {
    const effects = this.machine.handle(happening, this.now);
    for (const effect of effects) if (effect.type === "send") this.sent.push(effect);
    this.effects.push(...effects);
    return effects;
  }

  receive(frame: Incoming): Effect[] {
    return this.do({ type: "received", frame });
  }

  /** Answers the oldest request of a kind. */
  answer(op: Request["op"], ok: unknown): Effect[] {
    return this.receive({ type: "answer", re: this.take(op).id, ok });
  }

  fail(op: Request["op"], code: string): Effect[] {
    return this.receive({ type: "error", re: this.take(op).id, code });
  }

  take(op: Request["op"]): { id: number; request: Request } {
    const index = this.sent.findIndex(({ request }) => request.op === op);
    const [taken] = index < 0 ? [] : this.sent.splice(index, 1);
    if (taken === undefined) throw new Error(`nothing was sent: ${op}`);
    return taken;
  }

  asked(op: Request["op"]): Request[] {
    return this.sent.flatMap(({ request }) => (request.op === op ? [request] : []));
  }

  /** Lets the time pass, and the timers that fall into it. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let turns = 0; ; turns++) {
      if (turns > 1000) throw new Error("the timer goes round in circles");
      const due = this.machine.deadline;
      if (due === null || due > end) break;
      this.now = Math.max(this.now, due);
      this.do({ type: "tick" });
    }
    this.now = end;
  }

  get seqs(): number[] {
    return this.machine.picture.notices.map(({ seq }) => seq);
  }

  get arrived(): number[] {
    return this.effects.flatMap((effect) =>
      effect.type === "arrived" ? effect.notices.map(({ seq }) => seq) : [],
    );
  }
}

const page = (notices: Notice[], numbers: { unread?: number; read?: number; last?: number; more?: boolean }) => ({
  notices,
  more: false,
  unread: 0,
  read: 0,
  last: notices.at(-1)?.seq ?? 0,
  ...numbers,
});

/** Open, with notices 1 to `last` of which `unread` are unread. */
function opened(last = 0, unread = 0): Rig {
  const rig = new Rig();
  rig.do({ type: "opened" });
  rig.answer("notices", page(range(1, last), { unread, read: last - unread, last }));
  return rig;
}

function lose(rig: Rig, code = 1006): Effect[] {
  rig.sent = [];
  return rig.do({ type: "closed", code });
}

describe("notices", () => {
  it("are read from the oldest on, page by page, and shown newest first", () => {
    const rig = new Rig();
    rig.do({ type: "opened" });
    expect(rig.asked("notices")).toEqual([{ op: "notices", after: 0 }]);
    rig.answer("notices", page(range(1, 100), { unread: 7, read: 95, last: 102, more: true }));
    expect(rig.machine.picture).toMatchObject({ loaded: false, unread: 7 });
    expect(rig.asked("notices")).toEqual([{ op: "notices", after: 100 }]);
    rig.answer("notices", page(range(101, 102), { unread: 7, read: 95 }));
    expect(rig.machine.picture.loaded).toBe(true);
    expect(rig.seqs.slice(0, 3)).toEqual([102, 101, 100]);
    expect(rig.arrived, "what was there before is no news").toEqual([]);
  });

  it("that come are counted and told once", () => {
    const rig = opened(2);
    rig.receive({ type: "notice", notice: notice(3), unread: 1 });
    rig.receive({ type: "notice", notice: notice(3), unread: 1 });
    expect(rig.seqs).toEqual([3, 2, 1]);
    expect(rig.machine.picture.unread).toBe(1);
    expect(rig.arrived).toEqual([3]);
  });

  it("that were missed come with the next connection, once", () => {
    const rig = opened(2);
    lose(rig);
    rig.do({ type: "opened" });
    expect(rig.asked("notices")).toEqual([{ op: "notices", after: 2 }]);
    rig.answer("notices", page(range(3, 4), { unread: 2, read: 2 }));
    rig.receive({ type: "notice", notice: notice(4), unread: 2 });
    expect(rig.seqs).toEqual([4, 3, 2, 1]);
    expect(rig.arrived).toEqual([3, 4]);
  });

  it("that come both by themselves and with an answer are told once", () => {
    const rig = opened(2);
    rig.pass(QUIET_MS);
    rig.receive({ type: "notice", notice: notice(3), unread: 1 });
    rig.answer("notices", page(range(3, 4), { unread: 2, read: 2 }));
    expect(rig.seqs).toEqual([4, 3, 2, 1]);
    expect(rig.arrived).toEqual([3, 4]);
  });

  it("behind a hole are asked for, not shown out of turn", () => {
    const rig = opened(2);
    rig.receive({ type: "notice", notice: notice(5), unread: 3 });
    expect(rig.seqs).toEqual([2, 1]);
    expect(rig.asked("notices")).toEqual([{ op: "notices", after: 2 }]);
    rig.answer("notices", page(range(3, 5), { unread: 3, read: 2 }));
    expect(rig.arrived).toEqual([3, 4, 5]);
  });

  it("are read anew from a server that was set back", () => {
    const rig = opened(9);
    lose(rig);
    rig.do({ type: "opened" });
    rig.answer("notices", page([], { last: 3 }));
    expect(rig.asked("notices")).toEqual([{ op: "notices", after: 0 }]);
    rig.answer("notices", page(range(1, 3), {}));
    expect(rig.seqs).toEqual([3, 2, 1]);
  });

  it("are asked for again after a while if the server could not say", () => {
    const rig = new Rig();
    rig.do({ type: "opened" });
    rig.fail("notices", "unavailable");
    expect(rig.machine.picture.trouble).toBe(true);
    expect(rig.asked("notices")).toEqual([]);
    rig.pass(RETRY_MS);
    rig.answer("notices", page(range(1, 1), {}));
    expect(rig.machine.picture).toMatchObject({ loaded: true, trouble: false });
  });

  it("are asked for when it is quiet, and not again before the answer", () => {
    const rig = opened(2);
    rig.pass(QUIET_MS * 3);
    expect(rig.asked("notices")).toEqual([{ op: "notices", after: 2 }]);
    rig.answer("notices", page([], { last: 2 }));
    rig.pass(QUIET_MS - 1);
    expect(rig.asked("notices")).toEqual([]);
  });
});

describe("reading", () => {
  it("marks all that is there when the list opens, at once for the eye", () => {
    const rig = opened(5, 3);
    rig.do({ type: "list", shown: true });
    expect(rig.asked("read")).toEqual([{ op: "read", until: 5 }]);
    expect(rig.machine.picture).toMatchObject({ unread: 0 });
    rig.answer("read", { read: 5, unread: 0 });
    expect(rig.machine.picture.unread).toBe(0);
    rig.do({ type: "list", shown: false });
    rig.receive({ type: "notice", notice: notice(6), unread: 1 });
    expect(rig.machine.picture.unread, "after the list is closed it counts again").toBe(1);
  });

  it("keeps in mind what was new when the list opened, also if that was before it was there", () => {
    const rig = opened(5, 3);
    rig.do({ type: "list", shown: true });
    expect(rig.machine.picture.newSince).toBe(2);
    rig.answer("read", { read: 5, unread: 0 });
    rig.receive({ type: "notice", notice: notice(6), unread: 1 });
    expect(rig.machine.picture.newSince).toBe(2);
    rig.do({ type: "list", shown: false });
    rig.do({ type: "list", shown: true });
    expect(rig.machine.picture.newSince).toBe(6);

    const early = new Rig();
    early.do({ type: "list", shown: true });
    early.do({ type: "opened" });
    early.answer("notices", page(range(1, 5), { unread: 3, read: 2 }));
    expect(early.machine.picture).toMatchObject({ newSince: 2, unread: 0 });
  });

  it("goes on while the list is open, but not behind somebody's back", () => {
    const rig = opened(1, 1);
    rig.do({ type: "list", shown: true });
    rig.answer("read", { read: 1, unread: 0 });
    rig.receive({ type: "notice", notice: notice(2), unread: 1 });
    rig.answer("read", { read: 2, unread: 0 });
    rig.do({ type: "page", visible: false });
    rig.receive({ type: "notice", notice: notice(3), unread: 1 });
    expect(rig.asked("read")).toEqual([]);
    expect(rig.machine.picture.unread).toBe(1);
    rig.do({ type: "page", visible: true });
    expect(rig.asked("read")).toEqual([{ op: "read", until: 3 }]);
  });

  it("without a connection is told with the next one", () => {
    const rig = opened(2, 2);
    lose(rig);
    rig.do({ type: "list", shown: true });
    expect(rig.machine.picture.unread).toBe(0);
    rig.do({ type: "opened" });
    rig.answer("notices", page([], { unread: 2, read: 0, last: 2 }));
    expect(rig.machine.picture.unread).toBe(0);
    expect(rig.asked("read")).toEqual([{ op: "read", until: 2 }]);
  });

  it("that the server did not answer is said again on the next connection", () => {
    const rig = opened(2, 2);
    rig.do({ type: "list", shown: true });
    lose(rig);
    rig.do({ type: "opened" });
    rig.answer("notices", page([], { unread: 2, read: 0, last: 2 }));
    expect(rig.asked("read")).toEqual([{ op: "read", until: 2 }]);
  });

  it("in another tab counts here", () => {
    const rig = opened(4, 4);
    rig.receive({ type: "read", read: 3, unread: 1 });
    expect(rig.machine.picture.unread).toBe(1);
    rig.do({ type: "list", shown: true });
    expect(rig.machine.picture.newSince).toBe(3);
  });

  it("is not said for ever where the server sees it otherwise", () => {
    const rig = opened(4, 4);
    rig.do({ type: "list", shown: true });
    rig.do({ type: "list", shown: false });
    rig.answer("read", { read: 1, unread: 3 });
    expect(rig.asked("read")).toEqual([]);
    expect(rig.machine.picture.unread).toBe(3);
  });
});

describe("presence", () => {
  it("is watched for the rooms of the screen, and for no others", () => {
    const rig = opened();
    rig.do({ type: "rooms", rooms: ["trip:A", "trip:B"] });
    rig.answer("watch", { here: 2 });
    rig.answer("watch", { here: 0 });
    rig.receive({ type: "here", room: "trip:B", here: 1 });
    expect([...rig.machine.picture.here]).toEqual([
      ["trip:A", 2],
      ["trip:B", 1],
    ]);
    rig.do({ type: "rooms", rooms: ["trip:B", "trip:C"] });
    expect(rig.sent.map(({ request }) => request)).toEqual([
      { op: "unwatch", room: "trip:A" },
      { op: "watch", room: "trip:C" },
    ]);
    expect([...rig.machine.picture.here.keys()]).toEqual(["trip:B"]);
  });

  it("is watched again on the next connection, and the last numbers stay meanwhile", () => {
    const rig = opened();
    rig.do({ type: "rooms", rooms: ["trip:A"] });
    rig.answer("watch", { here: 2 });
    lose(rig);
    expect(rig.machine.picture.here.get("trip:A")).toBe(2);
    rig.do({ type: "opened" });
    rig.answer("watch", { here: 1 });
    expect(rig.machine.picture.here.get("trip:A")).toBe(1);
  });

  it("of a room that I may not see is forgotten, and not asked for again", () => {
    const rig = opened();
    rig.do({ type: "rooms", rooms: ["trip:A", "trip:B"] });
    rig.answer("watch", { here: 2 });
    rig.fail("watch", "not_found");
    expect(rig.receive({ type: "unwatched", room: "trip:A" })).toEqual([{ type: "unwatched", room: "trip:A" }]);
    expect(rig.machine.picture.here.size).toBe(0);
    rig.do({ type: "rooms", rooms: ["trip:A", "trip:B"] });
    expect(rig.asked("watch")).toEqual([]);
  });

  it("gives way to the numbers of a list that was read without a connection", () => {
    const rig = opened();
    rig.do({ type: "rooms", rooms: ["trip:A"] });
    rig.answer("watch", { here: 2 });
    lose(rig);
    rig.do({ type: "rooms", rooms: ["trip:A"] });
    expect(rig.machine.picture.here.size).toBe(0);
  });

  it("of very many rooms is asked for at a pace that the server bears", () => {
    const rig = opened();
    const rooms = Array.from({ length: MAX_WATCHED + 50 }, (_, index) => `trip:${index}`);
    rig.do({ type: "rooms", rooms });
    expect(rig.sent.length, "at once").toBeLessThan(60);
    rig.pass(1_000);
    expect(rig.sent.length, "in a second").toBeLessThan(60);
    rig.pass(30_000);
    expect(new Set(rig.asked("watch").map((request) => JSON.stringify(request))).size).toBe(MAX_WATCHED);
    expect(rig.sent).toHaveLength(MAX_WATCHED);
  });
});

describe("the connection", () => {
  it("gets a new ticket when the server wants one, before all else", () => {
    const rig = opened();
    expect(rig.receive({ type: "tokenWanted" })).toEqual([{ type: "renewTicket" }]);
    expect(rig.do({ type: "ticket", token: "t2" })).toMatchObject([{ request: { op: "token", token: "t2" } }]);
  });

  it("is given back by a tab that nobody looked at for long, and taken up where it was left", () => {
    const rig = opened(2);
    rig.do({ type: "page", visible: false });
    rig.pass(HIDDEN_MS - 1);
    expect(rig.effects).not.toContainEqual({ type: "disconnect" });
    rig.pass(1);
    expect(rig.effects.filter(({ type }) => type === "disconnect")).toHaveLength(1);
    expect(rig.machine.deadline).toBeNull();
    expect(rig.do({ type: "page", visible: true })).toEqual([{ type: "connect" }]);
    rig.sent = [];
    rig.do({ type: "opened" });
    expect(rig.asked("notices")).toEqual([{ op: "notices", after: 2 }]);
  });

  it("stays when the tab is back in time", () => {
    const rig = opened();
    rig.do({ type: "page", visible: false });
    rig.pass(HIDDEN_MS - 1);
    rig.do({ type: "page", visible: true });
    rig.pass(HIDDEN_MS);
    expect(rig.effects).not.toContainEqual({ type: "disconnect" });
  });

  it.each([4400, 4403, 4429])("that was closed with %i is taken up when somebody opens the list", (code) => {
    const rig = opened(1);
    lose(rig, code);
    expect(rig.machine.deadline).toBeNull();
    rig.do({ type: "page", visible: false });
    expect(rig.machine.deadline).toBeNull();
    rig.now += HIDDEN_MS;
    rig.do({ type: "tick" });
    expect(rig.do({ type: "page", visible: true })).toEqual([]);
    expect(rig.do({ type: "list", shown: true })).toEqual([{ type: "connect" }]);
  });

  it("that does not come about is told where there is nothing to show yet", () => {
    const rig = new Rig();
    rig.do({ type: "failed" });
    expect(rig.machine.picture.trouble).toBe(true);
    expect(rig.do({ type: "retry" })).toEqual([{ type: "hurry" }]);
    expect(rig.machine.picture.trouble).toBe(false);
    const known = opened(1);
    lose(known);
    expect(known.machine.picture.trouble).toBe(false);
  });
});
