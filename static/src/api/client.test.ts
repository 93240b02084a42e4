// The REST client with a made-up fetch: tokens, one renewal for all, problem documents, keys of creations.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { REQUEST_MS } from "../deadline";
import { Api } from "./client";
import { ApiError, NetworkError } from "./errors";

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
}

const sent: Sent[] = [];
let answers: (Response | Error)[] = [];

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
const account = { id: "u1", mail: "a@example.org", name: "A", language: "ko", color: "#228be6", created: "" };
const session = (access: string, seconds = 900) =>
  json(200, { access, expires: new Date(Date.now() + seconds * 1000).toISOString(), account });

beforeEach(() => {
  sent.length = 0;
  answers = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    sent.push({
      method: init.method ?? "GET",
      url,
      headers: new Headers(init.headers),
      body: init.body ? JSON.parse(init.body as string) : null,
    });
    const answer = answers.shift() ?? json(500, {});
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
});

async function loggedIn(): Promise<Api> {
  const api = new Api();
  answers = [session("t1")];
  await api.logIn("a@example.org", "secret");
  sent.length = 0;
  return api;
}

describe("the client", () => {
  it("sends the access token, and a key with a creation", async () => {
    const api = await loggedIn();
    answers = [json(201, { id: "trip:1" })];
    await api.createTrip({ title: "제주" }, "k1");
    expect(sent[0]).toMatchObject({ method: "POST", url: "/api/v1/trips", body: { title: "제주" } });
    expect([sent[0]?.headers.get("authorization"), sent[0]?.headers.get("idempotency-key")]).toEqual([
      "Bearer t1",
      "k1",
    ]);
  });

  it("encodes ids in paths and queries", async () => {
    const api = await loggedIn();
    answers = [json(200, {}), json(200, { items: [], next: null })];
    await api.trip("trip:01/..");
    await api.versions("trip:1", { limit: 5 });
    expect(sent.map(({ url }) => url)).toEqual([
      "/api/v1/trips/trip%3A01%2F..",
      "/api/v1/documents/trip%3A1/versions?limit=5",
    ]);
  });

  it("renews a token that ends, once for all who ask at the same time", async () => {
    const api = new Api();
    answers = [session("t1", 10)]; // within the margin
    await api.logIn("a@example.org", "secret");
    sent.length = 0;
    answers = [session("t2"), json(200, []), json(200, [])];
    await Promise.all([api.members("trip:1"), api.invites("trip:1")]);
    expect(sent.map(({ url }) => url)).toEqual([
      "/api/v1/sessions/refresh",
      "/api/v1/trips/trip%3A1/members",
      "/api/v1/trips/trip%3A1/invites",
    ]);
    expect(sent[2]?.headers.get("authorization")).toBe("Bearer t2");
  });

  it("tries once more after a 401, and then says who is nobody", async () => {
    const api = await loggedIn();
    answers = [json(401, {}), session("t2"), json(200, [])];
    await api.members("trip:1");
    expect(sent[2]?.headers.get("authorization")).toBe("Bearer t2");
    answers = [json(401, {}), json(401, {})];
    await expect(api.members("trip:1")).rejects.toMatchObject({ status: 401 });
    expect(api.session.who.get()).toEqual({ state: "nobody", why: "over" });
  });

  it("tells problems by their code and fields", async () => {
    const api = await loggedIn();
    answers = [
      json(422, {
        type: "about:blank",
        title: "Invalid",
        status: 422,
        code: "invalid",
        errors: [{ field: "mail", message: "taken" }],
      }),
    ];
    const error: unknown = await api
      .signUp({ mail: "x", password: "y", name: "z", language: "ko" })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 422,
      code: "invalid",
      message: "Invalid",
      errors: [{ field: "mail", message: "taken" }],
    });
  });

  it("reads an answer that is no problem document, and Retry-After", async () => {
    const api = await loggedIn();
    answers = [new Response("<html>", { status: 503, headers: { "retry-after": "7" } })];
    await expect(api.trips()).rejects.toMatchObject({ status: 503, code: "", retryAfter: 7 });
  });

  it("tells a lost network from a refusal, and stays logged in", async () => {
    const api = new Api();
    answers = [new TypeError("failed to fetch")];
    await expect(api.resume()).rejects.toBeInstanceOf(NetworkError);
    expect(api.session.who.get().state).toBe("unknown");
  });

  it("draws the map that comes with the program where the server can't be asked", async () => {
    answers = [new TypeError("failed to fetch")];
    expect((await new Api().config()).map).toBeNull();
  });

  it("knows after a start without a cookie that nobody is here", async () => {
    const api = new Api();
    answers = [json(401, {})];
    expect(await api.resume()).toBeNull();
    expect(api.session.who.get()).toEqual({ state: "nobody", why: "never" });
  });

  it("forgets the session at the log-out even if the server is away, and tells it later", async () => {
    vi.useFakeTimers();
    const api = await loggedIn();
    answers = [new TypeError("failed"), json(503, {}), json(204, null)];
    await expect(api.logOut()).resolves.toBe(false);
    expect(api.session.who.get()).toEqual({ state: "nobody", why: "left" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(3).fill("DELETE /api/v1/sessions/current"),
    );
    vi.useRealTimers();
  });

  it("gives up a request without an answer, and says that it was the network", async () => {
    vi.useFakeTimers();
    const api = await loggedIn();
    vi.stubGlobal("fetch", () => new Promise(() => undefined));
    const waiting = expect(api.trips()).rejects.toBeInstanceOf(NetworkError);
    await vi.advanceTimersByTimeAsync(REQUEST_MS);
    await waiting;
    const body = { ok: true, status: 200, json: () => new Promise(() => undefined) };
    vi.stubGlobal("fetch", () => Promise.resolve(body));
    const reading = expect(api.trips()).rejects.toBeInstanceOf(NetworkError);
    await vi.advanceTimersByTimeAsync(REQUEST_MS);
    await reading;
    vi.useRealTimers();
  });
});
