//! The root types of a trip's document, by name.

use crate::crdt::schema;

pub(super) const TITLE: &str = schema::TITLE;
pub(super) const DESC: &str = "desc";
pub(super) const META: &str = "meta";
pub(super) const DAYS: &str = "days";
pub(super) const CARDS: &str = "cards";
pub(super) const ALTS: &str = "alts";
pub(super) const LISTS: &str = "lists";
pub(super) const ITEMS: &str = "items";
pub(super) const TRACKS: &str = "tracks";

/// The name of the text root that is a day's title.
pub(super) fn day_title(day: &str) -> String {
    format!("day:{day}:title")
}

/// The name of the text root that is a day's note.
pub(super) fn day_note(day: &str) -> String {
    format!("day:{day}:note")
}

/// Whether a root of this name is a day's title or note.
pub(super) fn is_day_text(name: &str) -> bool {
    let day = name.strip_prefix("day:");
    day.and_then(|day| day.rsplit_once(':')).is_some_and(|(_, of)| of == "title" || of == "note")
}
