//! What is wrong with a stored document, and what can be made of it: decided on an inspection alone.

use std::fmt;

use bytes::Bytes;

use crate::{
    crdt::{self, Folded, LoadError, Salvaged},
    ids::DocKind,
    store::{EntryId, Inspection, Mend, StoredState},
};

/// Something that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// There is no state at all.
    NoState,
    /// The state of this generation is not what was written.
    State(u64),
    /// This entry is not what was written.
    Entry(EntryId),
    /// All pieces of this generation are what was written, and they make no document.
    Unloadable(u64, LoadError),
}

impl fmt::Display for Flaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoState => write!(out, "it has no state"),
            Self::State(generation) => {
                write!(out, "the state of generation {generation} is damaged")
            }
            Self::Entry(EntryId(id)) => write!(out, "journal entry {id} is damaged"),
            Self::Unloadable(generation, why) => {
                write!(out, "generation {generation} with its journal can't be loaded: {why}")
            }
        }
    }
}

/// What can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Nothing has to be.
    Healthy,
    /// Everything that was ever acknowledged is still there.
    Whole(Mend),
    /// So many edits can't be used: they are damaged, or build on what is.
    Partial(Mend, usize),
    /// No state can be loaded. Nothing may be written in its place.
    Beyond,
}

/// All that is wrong, and the remedy.
#[derive(Debug, Clone)]
pub(super) struct Diagnosis {
    /// Empty if it is healthy.
    pub(super) flaws: Vec<Flaw>,
    /// What to do.
    pub(super) remedy: Remedy,
}

/// Loads each generation with its entries into a fresh document. The newest that is whole is used, for it has
/// everything; if none is, the newest whose state loads, with the entries that can be merged into it.
pub(super) fn diagnose(kind: DocKind, inspection: &Inspection) -> Diagnosis {
    let mut flaws = damaged_pieces(inspection);
    let mut whole = None;
    for stored in &inspection.states {
        match load_whole(kind, inspection, stored) {
            Some(Ok(folded)) if whole.is_none() => whole = Some((stored.generation, folded)),
            Some(Ok(_)) | None => {}
            Some(Err(why)) => flaws.push(Flaw::Unloadable(stored.generation, why)),
        }
    }
    let remedy = match whole {
        Some(_) if flaws.is_empty() => Remedy::Healthy,
        Some((base, folded)) => Remedy::Whole(mend(inspection, base, folded, &[])),
        None => salvage(kind, inspection),
    };
    Diagnosis { flaws, remedy }
}

fn damaged_pieces(inspection: &Inspection) -> Vec<Flaw> {
    let none = inspection.states.is_empty().then_some(Flaw::NoState);
    let states = inspection.states.iter().filter(|stored| stored.state.sound().is_none());
    let entries = inspection.entries.iter().filter(|entry| entry.update.sound().is_none());
    none.into_iter()
        .chain(states.map(|stored| Flaw::State(stored.generation)))
        .chain(entries.map(|entry| Flaw::Entry(entry.id)))
        .collect()
}

/// `None` if a piece of it is damaged.
fn load_whole(
    kind: DocKind,
    inspection: &Inspection,
    stored: &StoredState,
) -> Option<Result<Folded, LoadError>> {
    let lacked = inspection.lacked_by(stored.generation);
    let updates: Option<Vec<&Bytes>> = lacked.map(|entry| entry.update.sound()).collect();
    let updates = updates?.into_iter().map(|update| &update[..]);
    stored.state.sound().map(|state| crdt::fold(kind, state, updates))
}

/// The newest state that can be loaded with what can be merged into it.
fn salvage(kind: DocKind, inspection: &Inspection) -> Remedy {
    let remedies = inspection.states.iter().find_map(|one| salvage_from(kind, inspection, one));
    remedies.unwrap_or(Remedy::Beyond)
}

fn salvage_from(kind: DocKind, inspection: &Inspection, stored: &StoredState) -> Option<Remedy> {
    let lacked: Vec<_> = inspection.lacked_by(stored.generation).collect();
    let sound = lacked.iter().filter_map(|entry| Some((entry.id, entry.update.sound()?)));
    let (ids, updates): (Vec<_>, Vec<&[u8]>) = sound.map(|(id, update)| (id, &update[..])).unzip();
    let Salvaged { folded, left } = crdt::salvage(kind, stored.state.sound()?, &updates).ok()?;
    let left: Vec<EntryId> = left.into_iter().map(|at| ids[at]).collect();
    let unusable = lacked.len() - ids.len() + left.len();
    Some(Remedy::Partial(mend(inspection, stored.generation, folded, &left), unusable))
}

/// Everything newer than the base is of no use, and so is what is damaged.
fn mend(inspection: &Inspection, base: u64, folded: Folded, unusable: &[EntryId]) -> Mend {
    let of_no_use = |one: &&StoredState| one.generation > base || one.state.sound().is_none();
    let states = inspection.states.iter().filter(of_no_use).map(|one| one.generation);
    let damaged = inspection.entries.iter().filter(|entry| entry.update.sound().is_none());
    let entries = damaged.map(|entry| entry.id).chain(unusable.iter().copied());
    Mend {
        base,
        state: folded.state.into(),
        states_aside: states.collect(),
        entries_aside: entries.collect(),
    }
}

#[cfg(test)]
mod tests;
