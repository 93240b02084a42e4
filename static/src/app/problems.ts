// What went wrong, in a person's words: every failed call ends in one sentence that says what to do.
import { ApiError, NetworkError } from "../api";
import { t } from "../ui/text.svelte";
import { notices } from "../ui/notices.svelte";

/** What the server refuses with a word of its own, and the sentence for it. Every other word falls to the sentence of its status. */
const SENTENCES: Readonly<Record<string, () => string>> = {
  busy: () => t("problem.busy"),
  wrong_credentials: () => t("account.wrongPair"),
  session_stolen: () => t("problem.sessionStolen"),
  role: () => t("problem.role"),
  too_many_invites: () => t("problem.manyInvites"),
  too_many_trips: () => t("problem.manyTrips"),
  versions_full: () => t("problem.manyVersions"),
  full: () => t("problem.fullTrip"),
  last_owner: () => t("problem.lastOwner"),
  trashed: () => t("problem.trashed"),
  role_changed: () => t("problem.roleChanged"),
  document_full: () => t("problem.fullDocument"),
  began_anew: () => t("problem.beganAnew"),
  invite_spent: () => t("problem.inviteSpent"),
  invite_over: () => t("invite.overText"),
  reset_over: () => t("reset.overText"),
  too_large: () => t("problem.tooLarge"),
};

export function problemText(error: unknown): string {
  if (error instanceof NetworkError) return t("problem.network");
  if (!(error instanceof ApiError)) return t("problem.unknown");
  const sentence = Object.hasOwn(SENTENCES, error.code) ? SENTENCES[error.code] : undefined;
  if (sentence !== undefined) return sentence();
  if (error.status >= 500) return t("problem.server");
  switch (error.status) {
    case 401:
      return t("problem.loggedOut");
    case 403:
      return t("problem.forbidden");
    case 404:
    case 410:
      return t("problem.gone");
    case 409:
      return t("problem.conflict");
    case 429:
      return t("problem.tooMany");
    default:
      return t("problem.refused");
  }
}

/** Runs an act of a button; where it fails, a toast says so. The result, or null. */
export async function attempt<Result>(act: () => Promise<Result>): Promise<Result | null> {
  try {
    return await act();
  } catch (error) {
    notices.toast(problemText(error), { tone: "bad" });
    return null;
  }
}
