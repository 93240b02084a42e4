// The projection of a trip: what everybody who may read it sees. Plain data, one shape in Rust and TypeScript (tests/golden/documents).

export type CardKind = "place" | "move" | "stay" | "note";
export type CardStatus = "idea" | "plan" | "booked" | "done" | "skip";

export interface Place {
  readonly src: string;
  readonly id: string;
  readonly name: string;
  readonly alt: string;
  readonly lat: number;
  readonly lng: number;
  readonly addr: string;
  /** ISO 3166-1 alpha-2, upper case; "" if unknown. */
  readonly cc: string;
  /** IANA zone; "" if unknown. */
  readonly tz: string;
}

/** Wall time with its zone: "YYYY-MM-DDTHH:MM", or "YYYY-MM-DD" for a whole day. */
export interface When {
  readonly s: string;
  readonly stz: string | null;
  readonly e: string | null;
  readonly etz: string | null;
  readonly allDay: boolean;
  readonly lock: boolean;
}

export interface Estimate {
  readonly amt: number;
  readonly cur: string;
}

export interface Card {
  readonly id: string;
  readonly kind: CardKind;
  readonly title: string;
  readonly note: string;
  readonly place: Place | null;
  readonly to: Place | null;
  readonly when: When | null;
  /** Minutes. */
  readonly dur: number | null;
  readonly status: CardStatus;
  readonly link: string | null;
  readonly est: Estimate | null;
  readonly icon: string | null;
  /** "#rrggbb". */
  readonly color: string | null;
  readonly alt: string | null;
  /** Its day is gone; it lies in the tray until the day comes back. */
  readonly lost: boolean;
}

export interface Day {
  readonly id: string;
  /** Pin, or start + rank, or null in an undated trip. */
  readonly date: string | null;
  readonly title: string;
  readonly note: string;
  readonly cards: readonly Card[];
}

export interface Projection {
  readonly v: 1;
  readonly title: string;
  readonly desc: string;
  readonly start: string | null;
  readonly tz: string | null;
  readonly cur: string | null;
  readonly cover: string | null;
  readonly color: string | null;
  readonly days: readonly Day[];
  readonly tray: readonly Card[];
}
