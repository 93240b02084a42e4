// Who is logged in, for the screens.
import { fromStore } from "svelte/store";
import { api, NetworkError, type Absence, type Account } from "../api";
import { problemText } from "./problems";
import { setLanguage } from "../ui/text.svelte";

class CurrentAccount {
  readonly #who = fromStore(api.session.who);
  /** The server could not be reached when the page began. */
  unreachable = $state(false);
  /** What it answered instead; null where it did not answer. */
  refusal = $state<string | null>(null);

  readonly state = $derived.by(() => this.#who.current.state);
  readonly account: Account | null = $derived.by(() =>
    this.#who.current.state === "somebody" ? this.#who.current.account : null,
  );
  /** Why nobody is here. */
  readonly absence: Absence | null = $derived.by(() =>
    this.#who.current.state === "nobody" ? this.#who.current.why : null,
  );
  /** Somebody else is logged in in this browser now: whose window this was, and who that is, if it is known. */
  readonly replaced = $derived.by(() => (this.#who.current.state === "replaced" ? this.#who.current : null));

  /** Asks by the cookie who this is; the account's language becomes the page's. */
  async resume(): Promise<void> {
    this.unreachable = false;
    this.refusal = null;
    try {
      const account = await api.resume();
      if (account !== null) setLanguage(account.language);
    } catch (error) {
      this.unreachable = true;
      this.refusal = error instanceof NetworkError ? null : problemText(error);
      if (!(error instanceof NetworkError)) console.error(error);
    }
  }
}

export const me = new CurrentAccount();
