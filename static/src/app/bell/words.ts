// A notice in words: the sentence with its names marked out, and where it leads.
import { isolated } from "../../bidi";
import type { Notice } from "../../events/wire";
import { tripPath } from "../routes";
import type { translator } from "../../i18n";

export interface Piece {
  readonly text: string;
  /** A name in the sentence: of a person, or of a trip. */
  readonly strong: boolean;
}

const MOST_ON_BADGE = 99;
/** Stand in for the names until the sentence is cut, so that what the names hold is never read as part of it. */
const PERSON = "\u0001";
const TRIP = "\u0002";
const NAMES = new RegExp(`([${PERSON}${TRIP}])`, "u");

export function pieces(notice: Notice, t: ReturnType<typeof translator>): Piece[] {
  const named = notice.kind === "joined" || notice.kind === "role_changed";
  const kind = named && notice.role === null ? "other" : notice.kind;
  const role = notice.role === null ? "" : t(`bell.as.${notice.role}`);
  const sentence = t(`bell.${kind}`, { name: PERSON, trip: TRIP, role });
  return sentence.split(NAMES).flatMap((text): Piece[] => {
    if (text === PERSON) return [{ text: notice.by.name, strong: true }];
    if (text === TRIP) return [{ text: notice.trip.title || t("trip.untitled"), strong: true }];
    return text === "" ? [] : [{ text, strong: false }];
  });
}

export function sentence(notice: Notice, t: ReturnType<typeof translator>): string {
  return pieces(notice, t)
    .map(({ text, strong }) => (strong ? isolated(text) : text))
    .join("");
}

/** null where the trip is closed to this person now. */
export function leadsTo(notice: Notice): string | null {
  return notice.kind === "removed" ? null : tripPath(notice.trip.id);
}

/** Whether the open document tells it by itself, by its own socket: what became of my role in it. */
export function isToldThere(notice: Notice, within: string | null): boolean {
  return notice.trip.id === within && (notice.kind === "removed" || notice.kind === "role_changed");
}

/** The number on the badge. */
export function badge(unread: number, t: ReturnType<typeof translator>): string {
  return unread > MOST_ON_BADGE ? t("bell.many", { most: MOST_ON_BADGE }) : String(unread);
}
