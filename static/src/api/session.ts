// Who is logged in: the access token in memory, renewed by the refresh cookie, once at a time over all tabs.
import { Signal, type Readable } from "../document/signal";
import { ApiError, errorOf, NetworkError } from "./errors";
import type { Account, Session } from "./types";

const BASE = "/api/v1";
/** Renew this long before the access token runs out. */
const MARGIN_MS = 30_000;
const LOCK = "moim-refresh";

/** `unknown` until the first answer; `nobody` after a log-out or where the cookie is gone. */
export type Who =
  | { readonly state: "unknown" }
  | { readonly state: "nobody" }
  | { readonly state: "somebody"; readonly account: Account };

export class SessionHolder {
  readonly #who = new Signal<Who>({ state: "unknown" });
  #access: string | null = null;
  #expires = 0;
  #renewal: Promise<string | null> | null = null;

  get who(): Readable<Who> {
    return this.#who;
  }

  hold(session: Session): void {
    this.#access = session.access;
    this.#expires = Date.parse(session.expires);
    this.#who.set({ state: "somebody", account: session.account });
  }

  update(account: Account): void {
    this.#who.set({ state: "somebody", account });
  }

  drop(): void {
    this.#access = null;
    this.#who.set({ state: "nobody" });
  }

  /** A token that is good for a while, or null where nobody is logged in. Throws NetworkError. */
  async access(): Promise<string | null> {
    if (this.#access !== null && Date.now() < this.#expires - MARGIN_MS) return this.#access;
    if (this.#who.get().state === "nobody") return null;
    return this.renew();
  }

  /** One renewal for everybody who asks meanwhile. */
  renew(): Promise<string | null> {
    this.#renewal ??= this.#refresh().finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  /** The lock keeps two tabs from showing the same cookie: a reused one would end the family. */
  async #refresh(): Promise<string | null> {
    const locks = globalThis.navigator?.locks;
    return locks ? locks.request(LOCK, () => this.#ask()) : this.#ask();
  }

  async #ask(): Promise<string | null> {
    let response: Response;
    try {
      response = await fetch(`${BASE}/sessions/refresh`, { method: "POST", credentials: "same-origin" });
    } catch (error) {
      throw new NetworkError("no connection", { cause: error });
    }
    if (response.ok) {
      this.hold((await response.json()) as Session);
      return this.#access;
    }
    if (response.status >= 500 || response.status === 429) throw await errorOf(response);
    this.drop();
    return null;
  }
}

export function isLoggedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}
