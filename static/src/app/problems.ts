// What went wrong, in a person's words: every failed call ends in one sentence that says what to do.
import { ApiError, NetworkError } from "../api";
import { t } from "../ui/text.svelte";
import { notices } from "../ui/notices.svelte";

export function problemText(error: unknown): string {
  if (error instanceof NetworkError) return t("problem.network");
  if (!(error instanceof ApiError)) return t("problem.unknown");
  if (error.code === "busy") return t("problem.busy");
  if (error.status >= 500) return t("problem.server");
  switch (error.code) {
    case "too_many_invites":
      return t("problem.manyInvites");
    case "too_many_trips":
      return t("problem.manyTrips");
    case "versions_full":
      return t("problem.manyVersions");
    case "full":
      return t("problem.fullTrip");
    case "last_owner":
      return t("problem.lastOwner");
    case "trashed":
      return t("problem.trashed");
    case "role_changed":
      return t("problem.roleChanged");
    case "invite_spent":
      return t("problem.inviteSpent");
  }
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
