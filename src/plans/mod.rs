//! Trips as things that people have: made, listed, shared, put away, and kept in versions.

mod invites;
mod members;
mod rules;
mod service;
mod tickets;
mod versions;

pub use invites::{Invitation, NewInvite};
pub use rules::PlanError;
pub use service::{Overview, PlanChange, PlanLimits, Plans};
pub use tickets::OpenTicket;
pub use versions::SavedVersion;
