// What the REST interface speaks: names for the shapes that are generated from the server's description of itself.
import type { Projection } from "./projection";
import type { components } from "./generated/rest";

type Schemas = components["schemas"];

export type Language = Schemas["Language"];
export type Role = Schemas["Role"];
export type Account = Schemas["Account"];
export type Session = Schemas["Session"];
export type TripStatus = Schemas["PlanStatus"];
export type Counts = Schemas["Counts"];
export type Member = Schemas["Member"];
export type Trip = Schemas["Trip"];
export type NewTrip = Schemas["TripForm"];
export type Invite = Schemas["Invite"];
export type NewInvite = Schemas["NewInviteView"];
export type InviteOffer = Schemas["Invitation"];
export type Version = Schemas["Version"];
export type VersionWithProjection = Version & { readonly projection: Projection };
export type RestoredVersions = Schemas["RestoredView"];
export type Renewal = Schemas["RenewedView"];
export type { Projection } from "./projection";
export type Ticket = Schemas["Ticket"];
export type EventsTicket = Schemas["EventsTicket"];
export type MapSource = Schemas["MapSource"];
/** What this server is, and the map that its operator set up; none: the map that comes with the program. */
export type Config = Schemas["SiteView"];

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface PageQuery {
  readonly cursor?: string;
  readonly limit?: number;
}
