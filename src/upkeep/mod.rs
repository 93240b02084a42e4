//! The care of the data folder: who may work on it, back-ups and their way back, examinations and mends.
//!
//! `folder` names what lies where and keeps it to one server. `diagnosis` decides on made-up or stored
//! inspections alike; `examine` asks the store. `copies` makes back-ups and stages restores, `swap` completes
//! them, `holder` has a running server do so. `commands` is what an operator types.

mod access;
mod commands;
mod copies;
mod diagnosis;
mod epochs;
mod error;
mod examine;
mod folder;
mod holder;
mod rebuild;
mod swap;

pub use self::{
    access::AccessError,
    commands::{Backup, Doctor, NewEpochs, Restore, Task},
    copies::{BackedUp, Findings, Restored, back_up, restore},
    error::UpkeepError,
    examine::{Mending, Summary, Tell, examine},
    folder::{DataFolder, Lock, LockError, Phase},
    swap::complete_restore,
};
