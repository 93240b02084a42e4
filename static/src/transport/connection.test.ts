// The socket's life with made-up sockets and timers: when it comes back, when it stays away, and with which ticket.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoff } from "./backoff";
import { Connection, type Socket } from "./connection";

class FakeSocket implements Socket {
  binaryType = "";
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly url: string;
  closed = false;
  readonly sent: (Uint8Array | string)[] = [];

  constructor(url: string) {
    this.url = url;
  }

  send(data: Uint8Array<ArrayBuffer> | string): void {
    this.sent.push(data);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
}

function setUp(ticket: () => Promise<{ token: string; epoch: number }>) {
  const sockets: FakeSocket[] = [];
  const events: string[] = [];
  const connection = new Connection({
    url: ({ token }) => `ws://x?token=${token}`,
    ticket,
    isBarred: (error) => (error as Error).message === "403",
    onTicket: ({ token }) => events.push(`ticket ${token}`),
    onOpen: () => events.push("open"),
    onFrame: (frame) => events.push(`frame ${frame.length}`),
    onText: (frame) => events.push(`text ${frame}`),
    onClose: (code) => events.push(`close ${code}`),
    onFailed: () => events.push("failed"),
    onBarred: () => events.push("barred"),
    makeSocket: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket;
    },
    random: () => 0.5,
  });
  return { connection, sockets, events };
}

const tickets = () => {
  let n = 0;
  return () => Promise.resolve({ token: `t${++n}`, epoch: 1 });
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const soon = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe("a connection", () => {
  it("opens with a ticket and passes frames on", async () => {
    const { connection, sockets, events } = setUp(tickets());
    connection.start();
    await soon();
    sockets[0]?.open();
    sockets[0]?.onmessage?.({ data: new ArrayBuffer(3) });
    sockets[0]?.onmessage?.({ data: "{}" });
    expect(events).toEqual(["ticket t1", "open", "frame 3", "text {}"]);
    expect(connection.send(new Uint8Array(1))).toBe(true);
    connection.stop();
    expect(connection.send(new Uint8Array(1))).toBe(false);
  });

  it.each([1001, 1006, 1011, 1013, 4503, 4508])("comes back after %i, with a new ticket", async (code) => {
    const { connection, sockets } = setUp(tickets());
    connection.start();
    await soon();
    sockets[0]?.open();
    sockets[0]?.onclose?.({ code, reason: "" });
    await soon(249);
    expect(sockets).toHaveLength(1);
    await soon(1);
    expect(sockets[1]?.url).toBe("ws://x?token=t2");
    connection.stop();
  });

  it("comes back at once after 4401, but not in a loop", async () => {
    const { connection, sockets } = setUp(tickets());
    connection.start();
    await soon();
    sockets[0]?.onclose?.({ code: 4401, reason: "" });
    await soon(0);
    expect(sockets).toHaveLength(2);
    sockets[1]?.onclose?.({ code: 4401, reason: "" });
    await soon(0);
    expect(sockets).toHaveLength(2);
    await soon(60_000);
    expect(sockets.length).toBeGreaterThan(2);
    connection.stop();
  });

  it.each([4400, 4403, 4404, 4409, 4413, 4429])("stays away after %i until somebody asks", async (code) => {
    const { connection, sockets } = setUp(tickets());
    connection.start();
    await soon();
    sockets[0]?.open();
    sockets[0]?.onclose?.({ code, reason: "" });
    connection.hurry(); // the network is back: no reason to come
    await soon(600_000);
    expect(sockets).toHaveLength(1);
    connection.start();
    await soon();
    expect(sockets).toHaveLength(2);
    connection.stop();
  });

  it("tries again for a ticket, and stops where the access is gone", async () => {
    const answers = [new Error("down"), new Error("403")];
    const { connection, sockets, events } = setUp(() => Promise.reject(answers.shift()));
    connection.start();
    await soon(60_000);
    expect(events).toEqual(["failed", "barred"]);
    expect(sockets).toHaveLength(0);
  });

  it("takes a silent socket for dead", async () => {
    const { connection, sockets, events } = setUp(tickets());
    connection.start();
    await soon();
    sockets[0]?.open();
    await soon(60_000);
    expect(events).toContain("close 1006");
    expect(sockets[0]?.closed).toBe(true);
    connection.stop();
  });

  it("that was stopped meanwhile opens nothing", async () => {
    const { connection, sockets } = setUp(tickets());
    connection.start();
    connection.stop();
    await soon(10_000);
    expect(sockets).toHaveLength(0);
  });
});

describe("backoff", () => {
  it("doubles up to half a minute, with full jitter", () => {
    expect([0, 1, 2, 6, 40].map((attempt) => backoff(attempt, 0.999999))).toEqual([
      500, 1000, 2000, 30_000, 30_000,
    ]);
    expect(backoff(5, 0)).toBe(0);
  });
});
