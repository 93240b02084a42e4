// What the REST interface speaks (docs/PROTOCOL.md, REST): JSON as it goes over the wire.
import type { Projection, Role } from "../document/types";

export type { Projection, Role, Ticket } from "../document/types";

export type Language = "ko" | "en";

export interface Account {
  readonly id: string;
  readonly mail: string;
  readonly name: string;
  readonly language: Language;
  readonly color: string;
  readonly created: string;
}

export interface Session {
  readonly access: string;
  readonly expires: string;
  readonly account: Account;
}

export type TripStatus = "active" | "archived" | "trashed";

export interface Counts {
  readonly days: number;
  readonly cards: number;
  readonly places: number;
}

export interface Member {
  readonly user: string;
  readonly name: string;
  readonly color: string;
  readonly role: Role;
}

export interface Trip {
  readonly id: string;
  readonly title: string;
  readonly status: TripStatus;
  /** My role in it. */
  readonly role: Role;
  readonly start: string | null;
  readonly end: string | null;
  readonly counts: Counts;
  readonly cover: string | null;
  readonly color: string | null;
  readonly created: string;
  readonly touched: string;
  /** People inside now. */
  readonly here: number;
  readonly members: readonly Member[];
  readonly memberCount: number;
}

export interface NewTrip {
  readonly title: string;
  readonly start?: string;
  readonly days?: number;
  readonly tz?: string;
  readonly cur?: string;
  readonly language?: Language;
  readonly sample?: "jeju" | "osaka";
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface PageQuery {
  readonly cursor?: string;
  readonly limit?: number;
}

export interface Invite {
  readonly id: string;
  readonly role: Role;
  readonly expires: string;
  readonly created: string;
  /** Only in the answer to its creation. */
  readonly token?: string;
  readonly path?: string;
}

export interface InviteOffer {
  readonly trip: { readonly id: string; readonly title: string };
  readonly role: Role;
  readonly inviter: string;
  readonly expires: string;
  readonly member: boolean;
}

export interface Version {
  readonly id: string;
  readonly document: string;
  readonly name: string | null;
  readonly cause: "saved" | "beforeRestore" | "beforeRenewal" | "restored";
  readonly from?: string | null;
  readonly by: { readonly user: string; readonly name: string; readonly color: string };
  readonly at: string;
  readonly counts: Counts;
}

export interface VersionWithProjection extends Version {
  readonly projection: Projection;
}

export interface RestoredVersions {
  readonly before: Version;
  readonly after: Version;
}

/** A document that has begun anew. */
export interface Renewal {
  readonly epoch: number;
  readonly before: Version;
}

/** Good for one opening of /events, and to go on there. */
export interface EventsTicket {
  readonly token: string;
  readonly expires: string;
}

/** GET /config: what this server is, and the map that its operator set up. */
export interface Config {
  readonly name: string;
  readonly version: string;
  /** null: the schematic map that comes with the program. */
  readonly map: MapSource | null;
}

/** Tiles instead of the schematic base map. */
export interface MapSource {
  readonly kind: "raster" | "vector" | "pmtiles";
  /** Tile template, style URL (vector) or the archive's URL (pmtiles). */
  readonly url: string;
  readonly attribution?: string;
  readonly maxZoom?: number;
}
