//! Made-up inspections, and what becomes of them.

use super::*;
use crate::{
    crdt::{Document, Limits, trip::TripDraft},
    store::{Seen, Stored, StoredEntry},
};

const NONSENSE: &[u8] = b"no update at all";

/// A trip that was renamed again and again, each time by an entry.
struct History {
    first: Vec<u8>,
    updates: Vec<Vec<u8>>,
}

impl History {
    fn of(titles: &[&str]) -> Self {
        let first = TripDraft::with_days("Jeju", 3, None).encode();
        let mut document = Document::load(DocKind::Trip, &first, [], Limits::default()).unwrap();
        let updates = titles.iter().map(|title| document.set_title(title).unwrap().unwrap());
        let updates = updates.collect();
        Self { first, updates }
    }

    /// Generation 1, the first `folded` entries in generation 2 (if any), and the rest.
    fn stored(&self, folded: usize) -> Inspection {
        let mut states = vec![state(1, &self.first)];
        if folded > 0 {
            let updates = self.updates[..folded].iter().map(|update| &update[..]);
            let second = crdt::fold(DocKind::Trip, &self.first, updates).unwrap();
            states.insert(0, state(2, &second.state));
        }
        let entries = self.updates.iter().enumerate().map(|(at, update)| StoredEntry {
            id: EntryId(at as u128),
            folded_into: (at < folded).then_some(2),
            update: Stored::Sound(update.clone().into()),
        });
        let entries: Vec<_> = entries.collect();
        let last = entries.last().map(|entry| entry.id);
        Inspection { seen: Seen { generation: 2, last }, states, entries }
    }
}

fn state(generation: u64, state: &[u8]) -> StoredState {
    StoredState { generation, state: Stored::Sound(Bytes::copy_from_slice(state)) }
}

/// The base of a mend, the title that comes of it, states and entries that are set aside, edits that are lost.
type Outcome<'a> = (u64, &'a str, &'a [u64], &'a [u128], usize);

/// Checks the flaws, and what comes of the remedy.
#[track_caller]
fn check(stored: &Inspection, flaws: &[Flaw], outcome: Option<Outcome<'_>>) {
    let diagnosis = diagnose(DocKind::Trip, stored);
    assert_eq!(diagnosis.flaws, flaws);
    let (mend, lost) = match &diagnosis.remedy {
        Remedy::Healthy | Remedy::Beyond => return assert!(outcome.is_none(), "{diagnosis:?}"),
        Remedy::Whole(mend) => (mend, 0),
        Remedy::Partial(mend, lost) => (mend, *lost),
    };
    let title =
        Document::load(DocKind::Trip, &mend.state, [], Limits::default()).unwrap().summary().title;
    let entries: Vec<u128> = mend.entries_aside.iter().map(|id| id.0).collect();
    let found = (mend.base, &title[..], &mend.states_aside[..], &entries[..], lost);
    assert_eq!(Some(found), outcome);
}

#[test]
fn what_is_sound_is_healthy() {
    let history = History::of(&["Jeju one", "Jeju two"]);
    for folded in 0..=2 {
        check(&history.stored(folded), &[], None);
        assert_eq!(diagnose(DocKind::Trip, &history.stored(folded)).remedy, Remedy::Healthy);
    }
}

#[test]
fn a_damaged_newest_state_is_made_again_from_the_one_before_without_loss() {
    let mut stored = History::of(&["Jeju one", "Jeju two"]).stored(1);
    stored.states[0].state = Stored::Damaged;
    check(&stored, &[Flaw::State(2)], Some((1, "Jeju two", &[2], &[], 0)));
}

#[test]
fn a_newest_state_that_makes_no_document_is_made_again_too() {
    let mut stored = History::of(&["Jeju one", "Jeju two"]).stored(1);
    stored.states[0] = state(2, NONSENSE);
    let diagnosis = diagnose(DocKind::Trip, &stored);
    assert!(matches!(diagnosis.flaws[..], [Flaw::Unloadable(2, _)]));
    check(&stored, &diagnosis.flaws, Some((1, "Jeju two", &[2], &[], 0)));
}

#[test]
fn damage_to_what_the_newest_state_has_anyway_loses_nothing() {
    let mut stored = History::of(&["Jeju one", "Jeju two"]).stored(1);
    stored.entries[0].update = Stored::Damaged;
    let flaw = Flaw::Entry(EntryId(0));
    check(&stored, &[flaw], Some((2, "Jeju two", &[], &[0], 0)));
    stored.states[1].state = Stored::Damaged;
    check(&stored, &[Flaw::State(1), flaw], Some((2, "Jeju two", &[1], &[0], 0)));
}

#[test]
fn a_damaged_entry_is_set_aside_with_those_that_build_on_it_and_the_rest_is_kept() {
    let mut stored = History::of(&["Jeju one", "Jeju two", "Jeju three"]).stored(1);
    stored.entries[2].update = Stored::Damaged;
    check(&stored, &[Flaw::Entry(EntryId(2))], Some((2, "Jeju two", &[], &[2], 1)));
    let mut stored = History::of(&["Jeju one", "Jeju two", "Jeju three"]).stored(0);
    stored.entries[1].update = Stored::Damaged;
    let Remedy::Partial(mend, lost) = diagnose(DocKind::Trip, &stored).remedy else {
        panic!("not partial")
    };
    assert_eq!(mend.entries_aside.len(), lost);
    assert!(lost >= 1 && mend.entries_aside.contains(&EntryId(1)), "{mend:?}");
}

#[test]
fn the_newest_state_that_loads_is_the_base_of_what_can_be_saved() {
    let mut stored = History::of(&["Jeju one", "Jeju two"]).stored(1);
    stored.states[0].state = Stored::Damaged;
    stored.entries[1].update = Stored::Damaged;
    let flaws = [Flaw::State(2), Flaw::Entry(EntryId(1))];
    check(&stored, &flaws, Some((1, "Jeju one", &[2], &[1], 1)));
}

#[test]
fn without_a_state_that_loads_nothing_is_made_up() {
    let mut stored = History::of(&["Jeju one"]).stored(1);
    for one in &mut stored.states {
        one.state = Stored::Damaged;
    }
    check(&stored, &[Flaw::State(2), Flaw::State(1)], None);
    stored.states.clear();
    assert_eq!(diagnose(DocKind::Trip, &stored).remedy, Remedy::Beyond);
    check(&stored, &[Flaw::NoState], None);
}
