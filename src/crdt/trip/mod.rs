//! What the document of a trip means: its roots and limits, how it is read, and what a new one begins with.

mod clamp;
mod days;
mod draft;
pub(super) mod limits;
mod new;
mod projection;
mod reading;
mod roots;
mod samples;
mod schema;
mod times;

pub(super) use reading::{project, summarize};
pub(super) use schema::SCHEMA;

pub use draft::TripDraft;
pub use limits::TripLimits;
pub use new::NewTrip;
pub use projection::{Card, CardKind, CardStatus, Day, Estimate, Place, Projection, When};
pub use samples::Sample;
