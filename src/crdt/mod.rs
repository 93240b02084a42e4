//! The shared documents: the guard in front of yrs, the live document, its projection, edits that the server
//! itself makes, and awareness. Pure, and the only folder that names yrs.

mod awareness;
mod bars;
mod canon;
mod clamp;
mod document;
mod draft;
mod edit;
mod fold;
mod guard;
mod keys;
mod limits;
mod live;
mod projection;
mod reading;
mod renewal;
mod restore;
mod roots;
mod salvage;
mod splice;
mod times;

pub use awareness::{Awareness, Presence};
pub use document::{Applied, Document};
pub use draft::{Stamp, TripDraft};
pub use fold::{Folded, fold, merge, weight};
pub use limits::{Limits, LoadError, Refusal, Work};
pub use projection::{Card, CardKind, CardStatus, Day, Estimate, Place, Projection, When};
pub use renewal::renew;
pub use salvage::{Salvaged, salvage};
