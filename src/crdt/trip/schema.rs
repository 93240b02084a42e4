//! The root types of a trip's document, by name.

use crate::crdt::schema::{Counted, Schema, TITLE as TITLE_OF_ALL};

use super::reading;

pub(super) const TITLE: &str = TITLE_OF_ALL;
pub(super) const DESC: &str = "desc";
pub(super) const META: &str = "meta";
pub(super) const DAYS: &str = "days";
pub(super) const CARDS: &str = "cards";
const ALTS: &str = "alts";
const LISTS: &str = "lists";
const ITEMS: &str = "items";
const TRACKS: &str = "tracks";

/// What the guard, restores and resets go by.
pub(in crate::crdt) static SCHEMA: Schema = Schema {
    maps: &[META, DAYS, CARDS, ALTS, LISTS, ITEMS, TRACKS],
    texts: &[TITLE, DESC],
    is_made_text: is_day_text,
    with_trash: &[CARDS, ITEMS],
    counted: &[
        Counted {
            root: CARDS,
            limit: |limits| limits.trip.cards,
            visible: Some(reading::visible_cards),
        },
        Counted { root: DAYS, limit: |limits| limits.trip.days, visible: None },
    ],
};

/// The name of the text root that is a day's title.
pub(super) fn day_title(day: &str) -> String {
    format!("day:{day}:title")
}

/// The name of the text root that is a day's note.
pub(super) fn day_note(day: &str) -> String {
    format!("day:{day}:note")
}

/// Whether a root of this name is a day's title or note.
fn is_day_text(name: &str) -> bool {
    let day = name.strip_prefix("day:");
    day.and_then(|day| day.rsplit_once(':')).is_some_and(|(_, of)| of == "title" || of == "note")
}
