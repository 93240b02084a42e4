// The typed REST client: one method an endpoint, tokens and problem documents handled here.
import { REQUEST_MS, TICKET_MS, TimeoutError, within, WORK_MS } from "../deadline";
import { randomKey } from "../ids";
import { ApiError, errorOf, NetworkError } from "./errors";
import { isLoggedOut, otherAccount, SessionHolder } from "./session";
import type * as t from "./types";

const BASE = "/api/v1";

type Method = "GET" | "POST" | "PATCH" | "DELETE";

interface Call {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** A creation: repeated by the same key it happens once. */
  readonly key?: string;
  readonly anonymous?: boolean;
  /** How long the whole of it may take; `REQUEST_MS` if not given. */
  readonly within?: number;
}

export class Api {
  readonly session = new SessionHolder();

  // Accounts and sessions

  async signUp(account: {
    mail: string;
    password: string;
    name: string;
    language: t.Language;
  }): Promise<t.Account> {
    return this.#call("POST", "/accounts", { body: account, anonymous: true });
  }

  async logIn(mail: string, password: string): Promise<t.Account> {
    // A log-out that the server has not heard of: its cookie is there until the new one comes.
    await this.session.settleLogOut();
    const session: t.Session = await this.session.inTurn(() =>
      this.#call("POST", "/sessions", { body: { mail, password }, anonymous: true }),
    );
    this.session.hold(session);
    return session.account;
  }

  /** A new password by a link of the operator's: all other sessions end, and one begins here. */
  async resetPassword(token: string, password: string): Promise<t.Account> {
    await this.session.settleLogOut();
    const session: t.Session = await this.session.inTurn(() =>
      this.#call("POST", "/password-resets", { body: { token, password }, anonymous: true }),
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

  async updateMe(change: { name?: string; language?: t.Language; color?: string }): Promise<t.Account> {
    const account: t.Account = await this.#call("PATCH", "/accounts/me", { body: change });
    this.session.update(account);
    return account;
  }

  // Trips

  trips(query: t.PageQuery & { status?: t.TripStatus } = {}): Promise<t.Page<t.Trip>> {
    return this.#call("GET", "/trips", { query: { ...query } });
  }

  /** `key`: made once at the gesture, so that a repeated click or retry creates one trip. */
  createTrip(trip: t.NewTrip, key = newKey()): Promise<t.Trip> {
    return this.#call("POST", "/trips", { body: trip, key, within: WORK_MS });
  }

  trip(id: string): Promise<t.Trip> {
    return this.#call("GET", path`/trips/${id}`);
  }

  updateTrip(id: string, change: { title?: string; status?: t.TripStatus }): Promise<t.Trip> {
    return this.#call("PATCH", path`/trips/${id}`, { body: change });
  }

  projection(id: string): Promise<t.Projection> {
    return this.#call("GET", path`/trips/${id}/projection`);
  }

  // Members and invites

  members(trip: string): Promise<readonly t.Member[]> {
    return this.#call("GET", path`/trips/${trip}/members`);
  }

  /** Changes a role from the one that was shown; refused with `role_changed` if it is another one by now. */
  setRole(trip: string, user: string, role: t.Role, from: t.Role): Promise<t.Member> {
    return this.#call("PATCH", path`/trips/${trip}/members/${user}`, { body: { role, from } });
  }

  /** The owner removes somebody, or one leaves oneself. */
  removeMember(trip: string, user: string): Promise<void> {
    return this.#call("DELETE", path`/trips/${trip}/members/${user}`);
  }

  invites(trip: string): Promise<readonly t.Invite[]> {
    return this.#call("GET", path`/trips/${trip}/invites`);
  }

  /** Its token is in this answer alone: the server keeps none, so a repetition makes another. */
  invite(trip: string, invite: { role: t.Role; expires?: string }): Promise<t.NewInvite> {
    return this.#call("POST", path`/trips/${trip}/invites`, { body: invite });
  }

  revokeInvite(trip: string, invite: string): Promise<void> {
    return this.#call("DELETE", path`/trips/${trip}/invites/${invite}`);
  }

  inviteOffer(token: string): Promise<t.InviteOffer> {
    return this.#call("GET", path`/invites/${token}`);
  }

  acceptInvite(token: string): Promise<t.Trip> {
    return this.#call("POST", path`/invites/${token}/accept`, { key: newKey() });
  }

  // Documents and versions

  ticket(document: string, ms = TICKET_MS): Promise<t.Ticket> {
    return this.#call("POST", path`/documents/${document}/tickets`, { within: ms });
  }

  saveVersion(document: string, name?: string, key = newKey()): Promise<t.Version> {
    return this.#call("POST", path`/documents/${document}/versions`, {
      body: name ? { name } : {},
      key,
      within: WORK_MS,
    });
  }

  versions(document: string, query: t.PageQuery = {}): Promise<t.Page<t.Version>> {
    return this.#call("GET", path`/documents/${document}/versions`, { query: { ...query } });
  }

  version(id: string): Promise<t.VersionWithProjection> {
    return this.#call("GET", path`/versions/${id}`);
  }

  restoreVersion(id: string, key = newKey()): Promise<t.RestoredVersions> {
    return this.#call("POST", path`/versions/${id}/restore`, { key, within: WORK_MS });
  }

  renewDocument(id: string, key = newKey()): Promise<t.Renewal> {
    return this.#call("POST", path`/documents/${id}/renewals`, { key, within: WORK_MS });
  }

  copyVersion(id: string, title?: string, key = newKey()): Promise<t.Trip> {
    return this.#call("POST", path`/versions/${id}/copy`, {
      body: title ? { title } : {},
      key,
      within: WORK_MS,
    });
  }

  // Events

  eventsTicket(ms = TICKET_MS): Promise<t.EventsTicket> {
    return this.#call("POST", "/events/tickets", { within: ms });
  }

  /** Never fails: offline, the map that comes with the program is drawn. */
  async config(): Promise<t.Config> {
    const nothing: t.Config = { name: "Moim", version: "", address: null, map: null };
    return this.#call<t.Config>("GET", "/config", { anonymous: true }).catch(() => nothing);
  }

  async #call<T>(method: Method, url: string, call: Call = {}): Promise<T> {
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
      const response = await fetch(address, { method, headers, body, credentials: "same-origin", signal });
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

/** A path with every part encoded. */
function path(strings: TemplateStringsArray, ...parts: string[]): string {
  return strings.reduce((whole, text, i) => whole + encodeURIComponent(parts[i - 1] ?? "") + text);
}
