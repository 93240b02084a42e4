// What the REST interface speaks: names for the shapes that are generated from the server's description of itself.
import type { components } from "./generated/rest";
import type { InQuery } from "./operations";

type Schemas = components["schemas"];

export type Language = Schemas["Language"];
export type Role = Schemas["Role"];
export type Account = Schemas["Account"];
export type NewAccount = Schemas["NewAccount"];
export type AccountChange = Schemas["AccountPatch"];
export type Session = Schemas["Session"];
export type TripStatus = Schemas["PlanStatus"];
export type Counts = Schemas["Counts"];
export type Member = Schemas["Member"];
export type Trip = Schemas["Trip"];
export type Trips = Schemas["Page_Trip"];
export type TripsQuery = InQuery<"get", "/trips">;
export type TripChange = Schemas["TripPatch"];
export type Sample = Schemas["Sample"];
export type NewTrip = Schemas["TripForm"];
export type Invite = Schemas["Invite"];
export type InviteWish = Schemas["InviteForm"];
export type NewInvite = Schemas["NewInviteView"];
export type InviteOffer = Schemas["Invitation"];
export type Version = Schemas["Version"];
export type Versions = Schemas["Page_Version"];
export type VersionsQuery = InQuery<"get", "/documents/{id}/versions">;
export type VersionWithProjection = Schemas["WholeVersion"];
export type RestoredVersions = Schemas["RestoredView"];
export type Renewal = Schemas["RenewedView"];
export type { Projection } from "./projection";
export type DocumentLimits = Schemas["DocumentLimits"];
export type Ticket = Schemas["Ticket"];
export type EventsTicket = Schemas["EventsTicket"];
export type Notice = Schemas["Notice"];
export type Notices = Schemas["Notices"];
export type FieldError = Schemas["FieldError"];
export type MapSource = Schemas["MapSource"];
/** What this server is, and the map that its operator set up; none: the map that comes with the program. */
export type Config = Schemas["SiteView"];
