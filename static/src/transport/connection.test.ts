// The socket's life with made-up sockets and timers: when it comes back, when it stays away, and with which ticket.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoff } from "./backoff";
import { DOUBTED_TICKET_MS } from "../deadline";
import { AGAIN_MS, Connection, DOUBTED_AGAIN_MS, OPENING_MS, type Socket } from "./connection";
import { ANSWER_MS, QUIET_MS } from "./pulse";

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

function setUp(ticket: (ms?: number) => Promise<{ token: string; epoch: number }>) {
  const sockets: FakeSocket[] = [];
  const events: string[] = [];
  const connection = new Connection({
    url: ({ token }) => `ws://x?token=${token}`,
    ticket,
    isBarred: (error) => (error as Error).message === "403",
    isUnreachable: (error) => (error as Error).message === "unreachable",
    probe: () => "?",
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
    const { connection, sockets, events } = setUp(() => Promise.reject(answers.shift() as Error));
    connection.start();
    await soon(60_000);
    expect(events).toEqual(["failed", "barred"]);
    expect(sockets).toHaveLength(0);
  });

  it("asks a silent socket, takes it for dead without an answer, and is back at once", async () => {
    const { connection, sockets, events } = setUp(tickets());
    connection.start();
    await soon();
    const socket = sockets[0] as FakeSocket;
    socket.open();
    await soon(QUIET_MS - 1);
    expect(socket.sent).toEqual([]);
    await soon(1);
    expect(socket.sent).toEqual(["?"]);
    await soon(ANSWER_MS - 1);
    expect(socket.closed).toBe(false);
    await soon(1);
    expect(events).toContain("close 1006");
    expect(socket.closed).toBe(true);
    await soon(250);
    expect(sockets).toHaveLength(2);
    connection.stop();
  });

  it("keeps a socket on which anything comes", async () => {
    const { connection, sockets } = setUp(tickets());
    connection.start();
    await soon();
    const socket = sockets[0] as FakeSocket;
    socket.open();
    for (let i = 0; i < 20; i++) {
      await soon(QUIET_MS + ANSWER_MS - 1);
      expect(socket.sent.length).toBe(i + 1);
      socket.onmessage?.({ data: "!" });
    }
    expect(socket.closed).toBe(false);
    connection.stop();
  });

  it("asks at once when something happened to the network, once", async () => {
    const { connection, sockets, events } = setUp(tickets());
    connection.start();
    await soon();
    const socket = sockets[0] as FakeSocket;
    socket.open();
    connection.hurry();
    connection.hurry();
    expect(socket.sent).toEqual(["?"]);
    await soon(ANSWER_MS);
    expect(events).toContain("close 1006");
    connection.stop();
  });

  it("asks once more after a sleep of the machine, before it gives a socket up", async () => {
    const { connection, sockets } = setUp(tickets());
    connection.start();
    await soon();
    const socket = sockets[0] as FakeSocket;
    socket.open();
    await soon(QUIET_MS);
    // The clock has gone on by minutes when the timer comes.
    const asleep = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 600_000);
    await soon(ANSWER_MS);
    asleep.mockRestore();
    expect(socket.closed).toBe(false);
    expect(socket.sent).toEqual(["?", "?"]);
    socket.onmessage?.({ data: "!" });
    await soon(QUIET_MS - 1);
    expect(socket.closed).toBe(false);
    connection.stop();
  });

  it("gives a slow server more time, where sockets seem to die young again and again", async () => {
    const { connection, sockets } = setUp(tickets());
    connection.start();
    const lives: number[] = [];
    for (let n = 0; n < 6; n++) {
      while (sockets.length <= n) await soon(10);
      const socket = sockets[n] as FakeSocket;
      socket.open();
      const began = Date.now();
      while (!socket.closed) await soon(100);
      lives.push(Math.round((Date.now() - began) / 1000));
    }
    expect(lives).toEqual([9, 9, 14, 24, 44, 44]);
    connection.stop();
  });

  it("gives up a socket that does not open", async () => {
    const { connection, sockets, events } = setUp(tickets());
    connection.start();
    await soon(OPENING_MS);
    expect(sockets[0]?.closed).toBe(true);
    expect(events).toEqual(["ticket t1", "close 1006"]);
    await soon(250);
    expect(sockets).toHaveLength(2);
    connection.stop();
  });

  it("asks for another ticket besides one that does not come, and takes the first", async () => {
    const answers: ((ticket: { token: string; epoch: number }) => void)[] = [];
    const { connection, sockets, events } = setUp(() => new Promise((resolve) => answers.push(resolve)));
    connection.start();
    await soon(AGAIN_MS);
    expect(answers).toHaveLength(2);
    await soon(10 * AGAIN_MS);
    expect(answers, "two at once, no more").toHaveLength(2);
    answers[1]?.({ token: "second", epoch: 1 });
    await soon();
    answers[0]?.({ token: "first", epoch: 1 });
    await soon();
    expect(events).toEqual(["ticket second"]);
    expect(sockets.map(({ url }) => url)).toEqual(["ws://x?token=second"]);
    connection.stop();
  });

  it("after a silence does not wait long for what may travel on dead connections, but only so often", async () => {
    const waits: (number | undefined)[] = [];
    let silent = false;
    const { connection, sockets } = setUp((ms) => {
      if (!silent) return Promise.resolve({ token: "t", epoch: 1 });
      waits.push(ms);
      return new Promise((_, reject) => setTimeout(() => reject(new Error("unreachable")), ms ?? 8_000));
    });
    connection.start();
    await soon();
    sockets[0]?.open();
    silent = true;
    await soon(QUIET_MS + ANSWER_MS + 250);
    expect(waits).toEqual([DOUBTED_TICKET_MS]);
    await soon(DOUBTED_AGAIN_MS);
    expect(waits).toHaveLength(2);
    await soon(60_000);
    expect(waits.slice(0, 4)).toEqual(Array(4).fill(DOUBTED_TICKET_MS));
    expect(waits.length).toBeGreaterThan(4);
    expect(waits.slice(4).every((ms) => ms === undefined), "a slow server gets its time").toBe(true);
    connection.stop();
  });

  it("says so when no answer comes, while others are on their way", async () => {
    const { connection, events } = setUp(
      () => new Promise((_, reject) => setTimeout(() => reject(new Error("unreachable")), 2 * AGAIN_MS)),
    );
    connection.start();
    await soon(10 * AGAIN_MS);
    expect(events.length).toBeGreaterThan(3);
    expect(new Set(events)).toEqual(new Set(["failed"]));
    connection.stop();
  });

  it("tries every few seconds while no server is reached, however long that lasts", async () => {
    const asked: number[] = [];
    const { connection } = setUp(() => {
      asked.push(Date.now());
      return Promise.reject(new Error("unreachable"));
    });
    connection.start();
    await soon(600_000);
    const gaps = asked.map((at, n) => at - (asked[n - 1] ?? at));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3_000);
    connection.stop();
  });

  it("leaves a server in peace that answers that it cannot", async () => {
    let asked = 0;
    const { connection } = setUp(() => {
      asked += 1;
      return Promise.reject(new Error("503"));
    });
    connection.start();
    await soon(600_000);
    expect(asked).toBeLessThan(50);
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
