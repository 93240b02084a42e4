//! What can still be made of stored edits when some of them are lost.

use super::{
    document::Document,
    fold::{Folded, fold_document},
    limits::{Limits, LoadError, Refusal},
};
use crate::ids::DocKind;

/// A state made of what could be merged.
#[derive(Debug)]
pub struct Salvaged {
    /// The new state, verified as every fold is.
    pub folded: Folded,
    /// The places of the updates that could not be merged: they build on what is lost, or make no sense.
    pub left: Vec<usize>,
}

/// Makes a new state of an old one and of as many of the updates as can be merged into it, in whichever order.
pub fn salvage(kind: DocKind, state: &[u8], updates: &[&[u8]]) -> Result<Salvaged, LoadError> {
    let mut fatal = Vec::new();
    loop {
        let mut document = Document::load(kind, state, [], Limits::default())?;
        match merge_what_goes(&mut document, updates, &fatal) {
            Ok(mut left) => {
                left.extend(fatal);
                left.sort_unstable();
                return Ok(Salvaged { folded: fold_document(document)?, left });
            }
            // The document is gone with it: once more, without this one.
            Err(at) => fatal.push(at),
        }
    }
}

/// The places of those that are left, or of the one over which the merge failed.
fn merge_what_goes(
    document: &mut Document,
    updates: &[&[u8]],
    without: &[usize],
) -> Result<Vec<usize>, usize> {
    let mut left: Vec<usize> = (0..updates.len()).filter(|at| !without.contains(at)).collect();
    loop {
        let before = left.len();
        let mut waiting = Vec::new();
        for at in left {
            match document.admit(updates[at]) {
                Ok(_) => {}
                Err(Refusal::Failed) => return Err(at),
                Err(_) => waiting.push(at),
            }
        }
        left = waiting;
        if left.len() == before || left.is_empty() {
            return Ok(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::{Projection, trip::TripDraft};

    /// A state, and titles that were set one after the other.
    fn history(titles: &[&str]) -> (Vec<u8>, Vec<Vec<u8>>) {
        let state = TripDraft::with_days("Jeju", 3, None).encode();
        let mut document = Document::load(DocKind::Trip, &state, [], Limits::default()).unwrap();
        let updates = titles.iter().map(|title| document.set_title(title).unwrap().unwrap());
        (state.clone(), updates.collect())
    }

    fn salvaged(state: &[u8], updates: &[&[u8]]) -> (String, Vec<usize>) {
        let Salvaged { folded, left } = salvage(DocKind::Trip, state, updates).unwrap();
        let Projection::Trip(trip) = folded.projection;
        (trip.title, left)
    }

    #[test]
    fn what_fits_is_merged_in_any_order_and_nothing_is_left() {
        let (state, updates) = history(&["Jeju one", "Jeju two"]);
        assert_eq!(salvaged(&state, &[&updates[1], &updates[0]]), ("Jeju two".into(), vec![]));
    }

    #[test]
    fn what_makes_no_sense_is_left_and_the_rest_is_merged() {
        let (state, updates) = history(&["Jeju one"]);
        let nonsense: &[u8] = b"no update at all";
        assert_eq!(salvaged(&state, &[nonsense, &updates[0]]), ("Jeju one".into(), vec![0]));
    }

    #[test]
    fn a_state_that_makes_no_document_saves_nothing() {
        assert!(salvage(DocKind::Trip, b"no state at all", &[]).is_err());
    }
}
