// Whose window it is, with a made-up browser: several windows, one cookie, and whatever way the news of a log-in takes.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Api } from "./client";
import { NetworkError } from "./errors";

const ACCOUNTS = { ara: "Ara", byeol: "Byeol" } as const;
type Id = keyof typeof ACCOUNTS;

/** The server, and the one cookie that all windows share. */
class FakeServer {
  cookie: Id | null = null;
  up = true;
  /** Sessions that were ended by a log-out. */
  readonly ended: Id[] = [];
  readonly calls: string[] = [];
  /** Holds answers back until it is called. */
  release: (() => void) | null = null;

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (!this.up) throw new TypeError("failed to fetch");
    const path = url.replace("/api/v1", "");
    const bearer = new Headers(init.headers).get("authorization")?.replace("Bearer ", "") ?? "";
    this.calls.push(`${init.method ?? "GET"} ${path} ${bearer}`.trim());
    const answer = this.#answer(path, init);
    if (this.release !== null) await new Promise<void>((resolve) => (this.release = resolve));
    return answer;
  };

  #answer(path: string, init: RequestInit): Response {
    if (path === "/sessions") {
      this.cookie = (JSON.parse(init.body as string) as { mail: Id }).mail;
      return this.#session();
    }
    if (path === "/sessions/refresh") return this.cookie ? this.#session() : json(401, {});
    if (path === "/sessions/current") {
      if (this.cookie !== null) this.ended.push(this.cookie);
      this.cookie = null;
      return new Response(null, { status: 204 });
    }
    return json(200, { path });
  }

  #session(): Response {
    const id = this.cookie as Id;
    const account = { id, mail: id, name: ACCOUNTS[id], language: "en", color: "#228be6", created: "" };
    return json(200, { access: `token of ${id}`, expires: new Date(Date.now() + 900_000).toISOString(), account });
  }
}

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

/** A browser as far as the session looks at it: storage, a channel, and events of the window. */
class FakeBrowser {
  readonly stored = new Map<string, string>();
  readonly windows: EventTarget[] = [];
  readonly channels: { readonly port: EventTarget; readonly window: EventTarget }[] = [];
  hasChannel = true;
  hasStorage = true;
  hasStorageEvents = true;

  /** A window with a client of its own. */
  open(): { api: Api; window: EventTarget } {
    const window = new EventTarget();
    this.windows.push(window);
    const { channels, stored, windows } = this;
    const get = () => this;
    vi.stubGlobal("window", window);
    vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => {
        if (!get().hasStorage) throw new Error("blocked");
        return stored.get(key) ?? null;
      },
      setItem: (key: string, value: string) => {
        if (!get().hasStorage) throw new Error("blocked");
        stored.set(key, value);
        if (!get().hasStorageEvents) return;
        for (const other of windows) {
          const event = Object.assign(new Event("storage"), { key, newValue: value });
          if (other !== current) other.dispatchEvent(event);
        }
      },
      removeItem: (key: string) => stored.delete(key),
    });
    class Channel extends EventTarget {
      constructor() {
        super();
        if (!get().hasChannel) throw new Error("there is none");
        channels.push({ port: this, window });
      }
      postMessage(data: unknown): void {
        for (const { port } of channels) {
          if (port !== this) port.dispatchEvent(Object.assign(new Event("message"), { data }));
        }
      }
    }
    vi.stubGlobal("BroadcastChannel", Channel);
    current = window;
    return { api: new Api(), window };
  }
}

let current: EventTarget;
let server: FakeServer;
let browser: FakeBrowser;

beforeEach(() => {
  server = new FakeServer();
  browser = new FakeBrowser();
  vi.stubGlobal("fetch", server.fetch);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function windowOf(id: Id) {
  const opened = browser.open();
  await opened.api.logIn(id, "secret");
  return opened;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe.each([
  ["with a channel", { hasStorage: false }],
  ["with storage alone", { hasChannel: false }],
  ["with neither events nor a channel, once somebody looks", { hasChannel: false, hasStorageEvents: false }],
])("another log-in, %s", (_, lacking) => {
  it("stops the windows of who was there, which say whose they were", async () => {
    Object.assign(browser, lacking);
    const ara = await windowOf("ara");
    await windowOf("byeol");
    ara.window.dispatchEvent(new Event("focus"));
    expect(ara.api.session.who.get()).toMatchObject({ state: "replaced", account: { id: "ara" } });
    server.calls.length = 0;
    await expect(ara.api.trips()).rejects.toMatchObject({ status: 401, code: "other_account" });
    expect(server.calls, "nothing goes out").toEqual([]);
  });

  it("lets them go on when the same person is back", async () => {
    Object.assign(browser, lacking);
    const ara = await windowOf("ara");
    await windowOf("byeol");
    ara.window.dispatchEvent(new Event("focus"));
    await windowOf("ara");
    ara.window.dispatchEvent(new Event("focus"));
    await settled();
    expect(ara.api.session.who.get()).toMatchObject({ state: "somebody", account: { id: "ara" } });
  });

  it("changes nothing for windows of the same person", async () => {
    Object.assign(browser, lacking);
    const first = await windowOf("ara");
    await windowOf("ara");
    first.window.dispatchEvent(new Event("focus"));
    expect(first.api.session.who.get()).toMatchObject({ state: "somebody", account: { id: "ara" } });
  });

  it("is a log-out of all windows if it is one", async () => {
    Object.assign(browser, lacking);
    const first = await windowOf("ara");
    const second = await windowOf("ara");
    current = second.window;
    await second.api.logOut();
    first.window.dispatchEvent(new Event("focus"));
    expect(first.api.session.who.get()).toEqual({ state: "nobody", why: "leftElsewhere" });
  });
});

describe("without any way between the windows", () => {
  beforeEach(() => Object.assign(browser, { hasChannel: false, hasStorage: false }));

  it("the answer to a renewal says whose cookie it is", async () => {
    const ara = await windowOf("ara");
    await windowOf("byeol");
    await expect(ara.api.session.renew()).resolves.toBeNull();
    expect(ara.api.session.who.get()).toMatchObject({ state: "replaced", by: "Byeol" });
  });

  it("a call that waits for a renewal does not go out as that of somebody else", async () => {
    const ara = await windowOf("ara");
    vi.useFakeTimers({ now: Date.now() + 1_000_000 });
    await windowOf("byeol");
    server.calls.length = 0;
    await expect(ara.api.saveVersion("trip:1", "mine")).rejects.toMatchObject({ code: "other_account" });
    expect(server.calls).toEqual(["POST /sessions/refresh"]);
  });

  it("an answer from before a log-out logs nobody in again", async () => {
    const ara = await windowOf("ara");
    server.release = () => undefined;
    const renewal = ara.api.session.renew();
    await settled();
    const { release } = server;
    server.release = null;
    const leaving = ara.api.logOut();
    release?.();
    await Promise.all([renewal, leaving]);
    expect(ara.api.session.who.get()).toEqual({ state: "nobody", why: "left" });
  });
});

describe("a log-out without a network", () => {
  it("holds after a reload, and the server hears of it before anybody is let in again", async () => {
    const ara = await windowOf("ara");
    server.up = false;
    expect(await ara.api.logOut()).toBe(false);
    ara.window.dispatchEvent(new Event("unload"));

    const away = browser.open();
    expect(await away.api.resume()).toBeNull();
    expect(away.api.session.who.get()).toEqual({ state: "nobody", why: "never" });
    server.up = true;
    const again = browser.open();
    expect(await again.api.resume()).toBeNull();
    expect(server.ended).toEqual(["ara"]);
    expect(server.calls.at(-1)).toBe("POST /sessions/refresh");
  });

  it("is made up for when the network is back", async () => {
    const ara = await windowOf("ara");
    server.up = false;
    await ara.api.logOut();
    server.up = true;
    ara.window.dispatchEvent(new Event("online"));
    await settled();
    expect(server.ended).toEqual(["ara"]);
  });

  it("ends the old session before the next person's begins, and never theirs", async () => {
    const ara = await windowOf("ara");
    server.up = false;
    await ara.api.logOut();
    server.up = true;
    const byeol = await windowOf("byeol");
    expect(server.ended).toEqual(["ara"]);
    byeol.window.dispatchEvent(new Event("online"));
    ara.window.dispatchEvent(new Event("online"));
    await settled();
    expect(server.ended).toEqual(["ara"]);
    expect(server.cookie).toBe("byeol");
  });
});

describe("an answer that is not the server's", () => {
  it.each([200, 302, 404, 502])("with %i does not log anybody out", async (status) => {
    const ara = await windowOf("ara");
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("<html>Welcome to our Wi-Fi", { status })));
    await expect(ara.api.session.renew()).rejects.toSatisfy(
      (error: unknown) => error instanceof NetworkError || (error as { status?: number }).status === status,
    );
    expect(ara.api.session.who.get()).toMatchObject({ state: "somebody" });
  });
});

describe("windows that take turns", () => {
  it("do not wait for ever for one that is frozen", async () => {
    vi.useFakeTimers();
    const locks = {
      request: (_: string, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
    };
    vi.stubGlobal("navigator", { locks });
    const { api } = browser.open();
    const logIn = api.logIn("ara", "secret");
    await vi.advanceTimersByTimeAsync(10_000);
    await expect(logIn).resolves.toMatchObject({ id: "ara" });
  });
});
