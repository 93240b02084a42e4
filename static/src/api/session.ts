// Who is logged in in this window: the access token in memory, renewed by the cookie, one window at a time, and whose window it is.
import { SESSION_MS, TimeoutError, TURN_MS, within } from "../deadline";
import { Signal, type Readable } from "../signal";
import { recall, remember } from "../storage";
import { ApiError, errorOf, NetworkError } from "./errors";
import type { Account, Session } from "./types";
import { Windows, type Arrival } from "./windows";

const BASE = "/api/v1";
/** Renew this long before the access token runs out. */
const MARGIN_MS = 30_000;
const TURN = "moim-refresh";
/** When a log-out that the server has not heard of was made. */
const OWED = "moim.logOut";
/** A log-out is tried again after so long, twice as long each time, up to the second. */
const RETRY_MS = 2_000;
const MOST_RETRY_MS = 60_000;

/** Answers of the server that say that there is no session. */
const OVER: readonly number[] = [400, 401, 403];

/** Why nobody is logged in. */
export type Absence =
  /** Not since this page was opened. */
  | "never"
  /** Logged out here. */
  | "left"
  /** Logged out in another window of this browser. */
  | "leftElsewhere"
  /** The session has run out, or was ended by the server. */
  | "over";

export type Who =
  /** Until the first answer. */
  | { readonly state: "unknown" }
  | { readonly state: "nobody"; readonly why: Absence }
  | { readonly state: "somebody"; readonly account: Account }
  /** Somebody else is logged in in this browser now; this window was `account`'s and does nothing more. */
  | { readonly state: "replaced"; readonly account: Account; readonly by: string | null };

export class SessionHolder {
  readonly #who = new Signal<Who>({ state: "unknown" });
  readonly #windows = new Windows();
  #access: string | null = null;
  #expires = 0;
  #renewal: Promise<string | null> | null = null;
  /** Grows with each log-in and log-out; an answer from before one changes nothing any more. */
  #era = 0;
  /** Here too, where storage is blocked. */
  #owed = false;
  #retry: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    this.#windows.onArrival((arrival) => this.#elsewhere(arrival));
    if (typeof window !== "undefined") window.addEventListener("online", () => void this.settleLogOut());
  }

  get who(): Readable<Who> {
    return this.#who;
  }

  /** Whose window this is. */
  get owner(): string | null {
    const who = this.#who.get();
    return who.state === "somebody" || who.state === "replaced" ? who.account.id : null;
  }

  /** Whether what was begun for this person may go on. */
  isStill(owner: string | null): boolean {
    const who = this.#who.get();
    return owner === null || (who.state === "somebody" && who.account.id === owner);
  }

  /** Somebody has logged in here. */
  hold(session: Session): void {
    this.#era += 1;
    this.#take(session);
    // The cookie is theirs now: it must not be used to end the session before.
    this.#forgive();
    this.#windows.say({ account: session.account.id, name: session.account.name });
  }

  update(account: Account): void {
    if (this.owner === account.id) this.#who.set({ state: "somebody", account });
  }

  /** This window is nobody's any more. */
  drop(why: Absence): void {
    this.#era += 1;
    this.#access = null;
    this.#who.set({ state: "nobody", why });
  }

  /** Lets a window go on whose account is not logged in here any more. */
  release(): void {
    this.drop("never");
  }

  /** A token that is good for a while, or null where nobody is logged in. Throws NetworkError. */
  async access(): Promise<string | null> {
    const { state } = this.#who.get();
    if (state === "replaced") throw otherAccount();
    if (this.#access !== null && Date.now() < this.#expires - MARGIN_MS) return this.#access;
    if (state === "nobody") return null;
    return this.renew();
  }

  /** One renewal for everybody who asks meanwhile. */
  renew(): Promise<string | null> {
    this.#renewal ??= this.#refresh().finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  /** One window after the other: what sets the cookie, and what shows it. */
  async inTurn<T>(act: () => Promise<T>): Promise<T> {
    const locks = globalThis.navigator?.locks;
    if (!locks) return act();
    let begun = false;
    const turn = new AbortController();
    const timer = setTimeout(() => !begun && turn.abort(), TURN_MS);
    try {
      return await locks.request(TURN, { signal: turn.signal }, () => {
        begun = true;
        return act();
      });
    } catch (error) {
      if (begun) throw error;
      // A frozen window does not keep the others out for ever.
      return await act();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Logs out here and in all windows at once. False: the server has not heard of it, and will. */
  async logOut(): Promise<boolean> {
    this.#owed = true;
    remember(OWED, String(Date.now()));
    this.drop("left");
    this.#windows.say({ account: null, name: null });
    const settled = await this.settleLogOut();
    if (!settled) this.#pursue(RETRY_MS);
    return settled;
  }

  /** Makes up for a log-out that the server has not heard of. False: it still has not. */
  async settleLogOut(): Promise<boolean> {
    if (!this.#owes()) return true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const era = this.#era;
    const settled = await this.inTurn(async () => {
      // Another window may have done it meanwhile, or somebody has logged in, whose cookie this would be.
      if (!this.#owes() || era !== this.#era) return true;
      return endSession();
    }).catch(() => false);
    if (settled && era === this.#era) this.#forgive();
    return !this.#owes();
  }

  /** Goes on trying until the server has heard of the log-out. */
  #pursue(wait: number): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      void this.settleLogOut().then((done) => done || this.#pursue(Math.min(2 * wait, MOST_RETRY_MS)));
    }, wait);
  }

  #owes(): boolean {
    return this.#owed || recall(OWED) !== null;
  }

  #forgive(): void {
    this.#owed = false;
    if (recall(OWED) !== null) remember(OWED, null);
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }

  #take(session: Session): void {
    this.#access = session.access;
    this.#expires = Date.parse(session.expires);
    this.#who.set({ state: "somebody", account: session.account });
  }

  async #refresh(): Promise<string | null> {
    if (this.#owes() && !(await this.settleLogOut())) {
      // They have logged out; that the server does not know it yet makes no difference here.
      if (this.#who.get().state === "unknown") this.drop("never");
      this.#pursue(RETRY_MS);
      return null;
    }
    const era = this.#era;
    return this.inTurn(() => this.#ask(era));
  }

  async #ask(era: number): Promise<string | null> {
    const response = await post("/sessions/refresh", "POST");
    if (era !== this.#era) return this.#access;
    if (response.ok) {
      const session: unknown = await response.json().catch(() => null);
      // Something between here and the server answers in its place, a café's log-in page for example.
      if (!isSession(session)) throw new NetworkError("not this server's answer");
      if (era === this.#era) this.#resumed(session);
      return this.#access;
    }
    if (!OVER.includes(response.status)) throw await errorOf(response);
    this.drop(this.#who.get().state === "unknown" ? "never" : "over");
    return null;
  }

  /** The cookie's account: another one than this window's where somebody else has logged in meanwhile. */
  #resumed(session: Session): void {
    const { id, name } = session.account;
    if (this.owner !== null && this.owner !== id) return this.#replaced(name);
    this.#take(session);
    this.#windows.say({ account: id, name });
  }

  #replaced(by: string | null): void {
    const who = this.#who.get();
    if (who.state !== "somebody" && who.state !== "replaced") return;
    this.#era += 1;
    this.#access = null;
    this.#who.set({ state: "replaced", account: who.account, by: by ?? (who.state === "replaced" ? who.by : null) });
  }

  /** Something has changed in another window. */
  #elsewhere({ account, name }: Arrival): void {
    const who = this.#who.get();
    if (who.state === "unknown") return;
    if (account === null) {
      if (who.state === "somebody") this.drop("leftElsewhere");
      return;
    }
    if (account === this.owner) {
      if (who.state === "replaced") this.#again();
      return;
    }
    if (who.state === "nobody") return this.#again();
    this.#replaced(name);
  }

  /** Whoever this window waits for has logged in in another one. */
  #again(): void {
    this.#owed = false;
    this.#era += 1;
    this.#who.set({ state: "unknown" });
    this.renew().catch(() => this.drop("never"));
  }
}

/** A call was made for somebody who is not logged in here any more. */
export function otherAccount(): ApiError {
  return new ApiError(401, "other_account", "somebody else is logged in here now");
}

export function isLoggedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** True: the session is over, or there was none. */
async function endSession(): Promise<boolean> {
  const { status } = await post("/sessions/current", "DELETE");
  return status === 204 || OVER.includes(status);
}

function isSession(value: unknown): value is Session {
  const session = value as Partial<Session> | null;
  return typeof session?.access === "string" && typeof session.account?.id === "string";
}

async function post(path: string, method: "POST" | "DELETE"): Promise<Response> {
  try {
    return await within(SESSION_MS, async (signal) => {
      const response = await fetch(BASE + path, { method, credentials: "same-origin", signal });
      // Its body too within the time.
      const body = response.status === 204 ? null : await response.arrayBuffer();
      return new Response(body, { status: response.status, headers: response.headers });
    });
  } catch (error) {
    const what = error instanceof TimeoutError ? "no answer" : "no connection";
    throw new NetworkError(what, { cause: error });
  }
}
