// The two ways on where somebody else has logged in in this browser.
import { api } from "../api";
import { router } from "./router.svelte";
import { accountPath } from "./routes";

/** As who is logged in now: everything of this window is let go. */
export function goOnAsThem(): void {
  location.assign("/");
}

/** As who this window was opened for: they log in again. */
export function logInAgain(): void {
  api.session.release();
  router.go(accountPath("login", location.pathname), { replace: true });
}
