//! The care of the data folder: who may work on it, and what is done to it beside serving.

mod folder;

pub use folder::{DataFolder, Lock, LockError, Phase};
