//! The shared documents: the guard in front of yrs, the live document, edits that the server itself makes, and
//! awareness. What a kind of document means lives in a folder of its own (`trip/`); `kinds` lists them, and nothing else
//! here knows one. Pure, and the only folder that names yrs.

mod awareness;
mod bars;
mod canon;
mod document;
mod edit;
mod fold;
mod guard;
mod keys;
mod kinds;
mod limits;
mod live;
mod renewal;
mod restore;
mod salvage;
mod schema;
mod splice;
mod stamp;
pub mod trip;

pub use awareness::{Awareness, Presence};
pub use document::{Applied, Document};
pub use fold::{Folded, fold, merge, weight};
pub use kinds::{Draft, Projection};
pub use limits::{Limits, LoadError, Refusal, Work};
pub use renewal::renew;
pub use salvage::{Salvaged, salvage};
pub use stamp::Stamp;
