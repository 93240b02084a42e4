//! What goes wrong below the server: a disk that is full, a database that is locked, torn or damaged.
//!
//! In each case: edits go on and are acknowledged late or not at all, never too early; watchers are told; nothing is
//! lost; and no client ever gets an empty document for one that can't be read.

mod away;
mod damage;
mod torn;
