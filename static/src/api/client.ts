// The typed REST client: one method an endpoint, tokens and problem documents handled here.
import { REQUEST_MS, TICKET_MS, TimeoutError, within, WORK_MS } from "../deadline";
import { randomKey } from "../ids";
import { ApiError, errorOf, NetworkError } from "./errors";
import { isLoggedOut, otherAccount, SessionHolder } from "./session";
import type { Answer, Method, Request, RouteOf } from "./operations";
import type * as t from "./types";

const BASE = "/api/v1";

/** What a request has besides what its route says. */
interface Manner {
  /** A creation: repeated by the same key it happens once. */
  readonly key?: string;
  readonly anonymous?: boolean;
  /** How long the whole of it may take; `REQUEST_MS` if not given. */
  readonly within?: number;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** A request as it goes out. */
interface Call extends Manner {
  readonly path?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
  readonly query?: Query | undefined;
}

export class Api {
  readonly session = new SessionHolder();

  // Accounts and sessions

  async signUp(account: t.NewAccount): Promise<t.Account> {
    return this.#call("post", "/accounts", { body: account, anonymous: true });
  }

  async logIn(mail: string, password: string): Promise<t.Account> {
    // A log-out that the server has not heard of: its cookie is there until the new one comes.
    await this.session.settleLogOut();
    const session: t.Session = await this.session.inTurn(() =>
      this.#call("post", "/sessions", { body: { mail, password }, anonymous: true }),
    );
    this.session.hold(session);
    return session.account;
  }

  /** A new password by a link of the operator's: all other sessions end, and one begins here. */
  async resetPassword(token: string, password: string): Promise<t.Account> {
    await this.session.settleLogOut();
    const session: t.Session = await this.session.inTurn(() =>
      this.#call("post", "/password-resets", { body: { token, password }, anonymous: true }),
    );
    this.session.hold(session);
    return session.account;
  }

  /** At the start of the page: who am I by the cookie? */
  async resume(): Promise<t.Account | null> {
    await this.session.access();
    const who = this.session.who.get();
    return who.state === "somebody" ? who.account : null;
  }

  /** Logged out here at once. False: the server has not heard of it yet, and will. */
  logOut(): Promise<boolean> {
    return this.session.logOut();
  }

  async updateMe(change: t.AccountChange): Promise<t.Account> {
    const account: t.Account = await this.#call("patch", "/accounts/me", { body: change });
    this.session.update(account);
    return account;
  }

  // Trips

  trips(query: t.TripsQuery = {}): Promise<t.Trips> {
    return this.#call("get", "/trips", { query });
  }

  /** `key`: made once at the gesture, so that a repeated click or retry creates one trip. */
  createTrip(trip: t.NewTrip, key = newKey()): Promise<t.Trip> {
    return this.#call("post", "/trips", { body: trip, key, within: WORK_MS });
  }

  trip(id: string): Promise<t.Trip> {
    return this.#call("get", "/trips/{id}", { path: { id } });
  }

  updateTrip(id: string, change: t.TripChange): Promise<t.Trip> {
    return this.#call("patch", "/trips/{id}", { path: { id }, body: change });
  }

  projection(id: string): Promise<t.Projection> {
    return this.#call("get", "/trips/{id}/projection", { path: { id } });
  }

  // Members and invites

  members(trip: string): Promise<readonly t.Member[]> {
    return this.#call("get", "/trips/{id}/members", { path: { id: trip } });
  }

  /** Changes a role from the one that was shown; refused with `role_changed` if it is another one by now. */
  setRole(trip: string, user: string, role: t.Role, from: t.Role): Promise<t.Member> {
    return this.#call("patch", "/trips/{id}/members/{user}", { path: { id: trip, user }, body: { role, from } });
  }

  /** The owner removes somebody, or one leaves oneself. */
  removeMember(trip: string, user: string): Promise<void> {
    return this.#call("delete", "/trips/{id}/members/{user}", { path: { id: trip, user } });
  }

  invites(trip: string): Promise<readonly t.Invite[]> {
    return this.#call("get", "/trips/{id}/invites", { path: { id: trip } });
  }

  /** Its token is in this answer alone: the server keeps none, so a repetition makes another. */
  invite(trip: string, invite: t.InviteWish): Promise<t.NewInvite> {
    return this.#call("post", "/trips/{id}/invites", { path: { id: trip }, body: invite });
  }

  revokeInvite(trip: string, invite: string): Promise<void> {
    return this.#call("delete", "/trips/{id}/invites/{invite}", { path: { id: trip, invite } });
  }

  inviteOffer(token: string): Promise<t.InviteOffer> {
    return this.#call("get", "/invites/{token}", { path: { token } });
  }

  acceptInvite(token: string): Promise<t.Trip> {
    return this.#call("post", "/invites/{token}/accept", { path: { token }, key: newKey() });
  }

  // Documents and versions

  ticket(document: string, ms = TICKET_MS): Promise<t.Ticket> {
    return this.#call("post", "/documents/{id}/tickets", { path: { id: document }, within: ms });
  }

  saveVersion(document: string, name?: string, key = newKey()): Promise<t.Version> {
    return this.#call("post", "/documents/{id}/versions", {
      path: { id: document },
      body: name ? { name } : {},
      key,
      within: WORK_MS,
    });
  }

  versions(document: string, query: t.VersionsQuery = {}): Promise<t.Versions> {
    return this.#call("get", "/documents/{id}/versions", { path: { id: document }, query });
  }

  version(id: string): Promise<t.VersionWithProjection> {
    return this.#call("get", "/versions/{id}", { path: { id } });
  }

  restoreVersion(id: string, key = newKey()): Promise<t.RestoredVersions> {
    return this.#call("post", "/versions/{id}/restore", { path: { id }, key, within: WORK_MS });
  }

  renewDocument(id: string, key = newKey()): Promise<t.Renewal> {
    return this.#call("post", "/documents/{id}/renewals", { path: { id }, key, within: WORK_MS });
  }

  copyVersion(id: string, title?: string, key = newKey()): Promise<t.Trip> {
    return this.#call("post", "/versions/{id}/copy", {
      path: { id },
      body: title ? { title } : {},
      key,
      within: WORK_MS,
    });
  }

  // Events

  eventsTicket(ms = TICKET_MS): Promise<t.EventsTicket> {
    return this.#call("post", "/events/tickets", { within: ms });
  }

  /** Never fails: offline, the map that comes with the program is drawn. */
  async config(): Promise<t.Config> {
    const nothing: t.Config = { name: "Moim", version: "", address: null, map: null };
    return this.#call("get", "/config", { anonymous: true }).catch(() => nothing);
  }

  /** Where it leads, what it takes and what it answers: all by the server's description. */
  async #call<M extends Method, Route extends RouteOf<M>>(
    method: M,
    route: Route,
    request: Request<M, Route> & Manner,
  ): Promise<Answer<M, Route>> {
    // The types have done their work where it is called.
    const call = request as Call;
    const url = filled(route, call.path);
    if (call.anonymous) return ask(method, url, call, null);
    // Whose call this is: it does not go out as that of somebody who logs in meanwhile.
    const { owner } = this.session;
    const token = await this.session.access();
    if (!this.session.isStill(owner)) throw otherAccount();
    try {
      return await ask(method, url, call, token);
    } catch (error) {
      if (!isLoggedOut(error) || token === null) throw error;
      // The token ended early (clock, key rotation, another tab's log-out): one new one, one more try.
      const renewed = await this.session.renew();
      if (renewed === null) throw error;
      if (!this.session.isStill(owner)) throw otherAccount();
      return ask(method, url, call, renewed);
    }
  }
}

/** One key a gesture; repeating a call with it is safe. */
export function newKey(): string {
  return randomKey();
}

/** One request and its whole answer, within the time that it has. */
async function ask<T>(method: Method, url: string, call: Call, token: string | null): Promise<T> {
  const headers = new Headers({ accept: "application/json" });
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  if (call.key !== undefined) headers.set("idempotency-key", call.key);
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  if (body !== null) headers.set("content-type", "application/json");
  const address = BASE + url + queryOf(call.query);
  try {
    return await within(call.within ?? REQUEST_MS, async (signal) => {
      // "patch" would go out as it is written, and no server knows that.
      const response = await fetch(address, { method: method.toUpperCase(), headers, body, credentials: "same-origin", signal });
      if (!response.ok) throw await errorOf(response);
      return (response.status === 204 ? undefined : await response.json()) as T;
    });
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new NetworkError(error instanceof TimeoutError ? "no answer" : "no connection", { cause: error });
  }
}

function queryOf(query: Call["query"]): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.set(key, String(value));
  }
  return search.size > 0 ? `?${search}` : "";
}

/** A route with its names filled in, every part encoded. */
function filled(route: string, names: Readonly<Record<string, string>> = {}): string {
  return route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ""));
}
