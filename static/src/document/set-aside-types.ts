// What was set aside: what lists need of it, the whole of it, and why.
import type { SetAsideItem } from "./difference";

/** Why a copy was set aside. */
export type SetAsideReason =
  /** Some of it met a limit. */
  | "tooLarge"
  | "tooMany"
  /** The server could not read it, or does not take it. */
  | "malformed"
  | "forbidden"
  /** The trip's history was reset. */
  | "otherEpoch"
  /** The role was lowered, or taken. */
  | "lowered"
  | "gone"
  /** It came from a file. */
  | "file"
  /** The person asked for it. */
  | "asked";

/** What lists need of it. */
export interface SetAsideHead {
  readonly id: string;
  readonly user: string;
  readonly doc: string;
  readonly title: string;
  readonly epoch: number;
  readonly created: number;
  readonly reason: SetAsideReason;
  /** What it takes on this device. */
  readonly bytes: number;
  readonly items: readonly SetAsideItem[];
}

export interface SetAside extends SetAsideHead {
  /** The document as it was here, as a Yjs update. */
  readonly state: Uint8Array;
  /** What the server had when it was left; null: unknown. */
  readonly base: Uint8Array | null;
  /** True: `state` is what the device had, and shares its history with the server's document of that epoch. */
  readonly whole: boolean;
}
