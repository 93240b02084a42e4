// The link with made-up sockets and timers: tickets, what is said on the socket, and who hears of what comes.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/errors";
import type { Socket } from "../transport/connection";
import { EventsLink } from "./link";
import { HIDDEN_MS, QUIET_MS } from "./machine";

class FakeSocket implements Socket {
  binaryType = "";
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  readonly url: string;
  readonly sent: Record<string, unknown>[] = [];

  constructor(url: string) {
    this.url = url;
  }

  send(data: Uint8Array | string): void {
    const request = JSON.parse(data as string) as Record<string, unknown>;
    if (request["op"] === "alive") this.say({ re: request["id"], ok: {} });
    else this.sent.push(request);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

const NOTHING = { notices: [], more: false, unread: 0, read: 0, last: 0 };

function setUp(ticket?: () => Promise<{ token: string }>) {
  const sockets: FakeSocket[] = [];
  const heard: string[] = [];
  let tickets = 0;
  const link = new EventsLink({
    url: "ws://x/events",
    ticket: ticket ?? (() => Promise.resolve({ token: `t${++tickets}` })),
    onArrived: (notices) => heard.push(...notices.map(({ seq }) => `arrived ${seq}`)),
    onUnwatched: (room) => heard.push(`unwatched ${room}`),
    makeSocket: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket;
    },
    random: () => 0.5,
  });
  return { link, sockets, heard };
}

async function opened() {
  const rig = setUp();
  rig.link.start();
  await soon();
  const socket = rig.sockets[0] as FakeSocket;
  socket.open();
  socket.say({ re: 1, ok: NOTHING });
  return { ...rig, socket };
}

/** As much of a page as the link looks at. */
class FakePage extends EventTarget {
  visibilityState = "visible";

  turn(state: "visible" | "hidden"): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let page = new FakePage();

beforeEach(() => {
  vi.useFakeTimers();
  page = new FakePage();
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", new EventTarget());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const soon = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe("the link", () => {
  it("opens with a ticket, asks for notices, and tells of each that comes", async () => {
    const { link, socket, heard } = await opened();
    expect(socket.url).toBe("ws://x/events?token=t1");
    expect(socket.sent).toEqual([{ id: 1, op: "notices", after: 0 }]);
    const notice = { seq: 1, at: "2026-11-25T15:40:00Z", kind: "left", trip: { id: "trip:A" }, by: { id: "u" } };
    socket.say({ event: "notice", notice, unread: 1 });
    expect(heard).toEqual(["arrived 1"]);
    expect(link.picture.get()).toMatchObject({ unread: 1, loaded: true });
    link.watch(["trip:A"]);
    socket.say({ event: "unwatched", room: "trip:A" });
    expect(heard).toEqual(["arrived 1", "unwatched trip:A"]);
    link.stop();
  });

  it("answers the server's wish for a new ticket", async () => {
    const { link, socket } = await opened();
    socket.say({ event: "token" });
    await soon();
    expect(socket.sent.at(-1)).toEqual({ id: 2, op: "token", token: "t2" });
    link.stop();
  });

  it("takes up after a loss where it was, with a new ticket", async () => {
    const { link, sockets, socket } = await opened();
    link.watch(["trip:A"]);
    socket.onclose?.({ code: 1001, reason: "" });
    await soon(1_000);
    sockets[1]?.open();
    expect(sockets[1]?.url).toBe("ws://x/events?token=t2");
    expect(sockets[1]?.sent).toEqual([
      { id: 3, op: "notices", after: 0 },
      { id: 4, op: "watch", room: "trip:A" },
    ]);
    link.stop();
  });

  it("asks for news when it is quiet", async () => {
    const { link, sockets, socket } = await opened();
    for (let id = 2; id < 6; id++) {
      await soon(QUIET_MS);
      socket.say({ re: id, ok: NOTHING });
    }
    expect(socket.sent).toHaveLength(5);
    expect(sockets).toHaveLength(1);
    link.stop();
  });

  it("goes on after a frame that can't be read", async () => {
    const { link, socket } = await opened();
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    socket.onmessage?.({ data: "{" });
    expect(warn).toHaveBeenCalledOnce();
    socket.say({ event: "read", read: 0, unread: 0 });
    link.stop();
  });

  it("closes its socket while nobody looks at the tab, and opens one when somebody does", async () => {
    const { link, sockets, socket } = await opened();
    page.turn("hidden");
    // The server goes on answering.
    for (let id = 2, passed = 0; passed < HIDDEN_MS; id++, passed += QUIET_MS) {
      await soon(QUIET_MS);
      socket.say({ re: id, ok: NOTHING });
    }
    expect(socket.closed).toBe(true);
    await soon(HIDDEN_MS);
    expect(sockets).toHaveLength(1);
    page.turn("visible");
    await soon();
    expect(sockets).toHaveLength(2);
    link.stop();
  });

  it("stays away where nobody is logged in any more", async () => {
    const { link, sockets } = setUp(() => Promise.reject(new ApiError(401, "", "")));
    link.start();
    await soon(60_000);
    expect(sockets).toHaveLength(0);
    expect(link.picture.get().trouble).toBe(true);
    link.stop();
  });

  it("that was stopped says and does nothing more", async () => {
    const { link, sockets, socket } = await opened();
    link.stop();
    expect(socket.closed).toBe(true);
    page.turn("hidden");
    await soon(HIDDEN_MS * 2);
    page.turn("visible");
    await soon(HIDDEN_MS);
    expect(sockets).toHaveLength(1);
    expect(socket.sent).toHaveLength(1);
  });
});
