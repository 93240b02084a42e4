// What the windows of one browser tell each other of who is logged in: by a channel, by storage, or only when they are looked at.
import { recall, remember } from "../storage";

/** Said when somebody logs in or out. */
export interface Arrival {
  /** null: nobody any more. */
  readonly account: string | null;
  /** As others see them, where it is known. */
  readonly name: string | null;
}

const CHANNEL = "moim-account";
/** The account of this browser's session, "" for none. The cookie itself is not for scripts. */
const STORED = "moim.account";

export class Windows {
  readonly #channel: BroadcastChannel | null;
  readonly #listeners = new Set<(arrival: Arrival) => void>();
  /** What was stored when this window last knew. */
  #known = recall(STORED);

  constructor() {
    this.#channel = openChannel();
    this.#channel?.addEventListener("message", (event: MessageEvent<unknown>) => {
      const arrival = asArrival(event.data);
      if (arrival === null) return;
      this.#known = arrival.account ?? "";
      this.#tell(arrival);
    });
    if (typeof window === "undefined") return;
    window.addEventListener("storage", (event) => {
      // A key of null: everything was cleared, which says nothing about the session.
      if (event.key === STORED && event.newValue !== null) this.#look();
    });
    // Where neither reaches this window (frozen, or a browser without both): when somebody looks at it again.
    for (const type of ["focus", "pageshow"]) window.addEventListener(type, () => this.#look());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#look();
    });
  }

  /** Returns how to stop. */
  onArrival(listener: (arrival: Arrival) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  say(arrival: Arrival): void {
    this.#known = arrival.account ?? "";
    remember(STORED, this.#known);
    this.#channel?.postMessage(arrival);
  }

  #look(): void {
    const account = recall(STORED);
    if (account === null || account === this.#known) return;
    this.#known = account;
    this.#tell({ account: account === "" ? null : account, name: null });
  }

  #tell(arrival: Arrival): void {
    for (const listener of [...this.#listeners]) listener(arrival);
  }
}

function openChannel(): BroadcastChannel | null {
  try {
    // Tests on Node have one as well, which would keep the process alive.
    return typeof window === "undefined" ? null : new BroadcastChannel(CHANNEL);
  } catch {
    return null;
  }
}

function asArrival(value: unknown): Arrival | null {
  if (typeof value !== "object" || value === null) return null;
  const { account, name } = value as Record<string, unknown>;
  if (account !== null && typeof account !== "string") return null;
  return { account, name: typeof name === "string" ? name : null };
}
