//! What the guard, restores and resets go by in a trip's document.

use super::{
    reading,
    roots::{ALTS, CARDS, DAYS, DESC, ITEMS, LISTS, META, TITLE, TRACKS, is_day_text},
};
use crate::crdt::schema::{Counted, Schema};

/// The roots of a trip.
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
