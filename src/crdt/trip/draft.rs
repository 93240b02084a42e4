//! A new trip's document: created, made from a sample, copied from a version. The one way to make one.

use std::collections::HashMap;

use jiff::{ToSpan, civil::Date};
use serde::Serialize;
use yrs::{Any, Map, MapPrelim, Text, TextPrelim, TransactionMut, WriteTxn, any};

use super::{
    projection::{Card, Day, Projection},
    roots,
    schema::SCHEMA,
};
use crate::crdt::{
    keys,
    live::{Garbage, Live, fresh_client},
    stamp::Stamp,
};

/// A trip that is to become a document: its projection, for that is what a new trip begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct TripDraft {
    content: Projection,
    stamp: Option<Stamp>,
    /// What cards are copies of, by their new ids.
    origins: HashMap<String, String>,
}

impl TripDraft {
    /// A trip with this content. The days get new ids, the cards keep theirs.
    pub fn new(content: Projection) -> Self {
        Self { content, stamp: None, origins: HashMap::new() }
    }

    /// A trip with a name and undated days, or days from a date on.
    pub fn with_days(title: &str, days: usize, start: Option<Date>) -> Self {
        let days = (0..days).map(|rank| Day { date: dated(start, rank), ..Day::default() });
        Self::new(Projection {
            title: title.to_owned(),
            start: start.map(|date| date.to_string()),
            days: days.collect(),
            ..Projection::default()
        })
    }

    /// A trip that begins as another one stands. Its cards get fresh ids and say what they are copies of.
    pub fn copy_of(mut content: Projection, mut fresh_id: impl FnMut() -> String) -> Self {
        let mut origins = HashMap::new();
        for card in content.days.iter_mut().flat_map(|day| &mut day.cards).chain(&mut content.tray)
        {
            let old = std::mem::replace(&mut card.id, fresh_id());
            origins.insert(card.id.clone(), old);
        }
        Self { content, stamp: None, origins }
    }

    /// Says who made the cards, and when.
    #[must_use]
    pub fn by(mut self, stamp: Stamp) -> Self {
        self.stamp = Some(stamp);
        self
    }

    /// What the trip begins with, to be changed.
    pub const fn content_mut(&mut self) -> &mut Projection {
        &mut self.content
    }

    /// The document, as one update.
    pub fn encode(&self) -> Vec<u8> {
        let live = Live::with_client(fresh_client(), &SCHEMA, Garbage::Kept);
        let update = live.edit(|txn| self.write(txn));
        debug_assert!(update.is_ok(), "a new document can be written");
        update.ok().flatten().unwrap_or_else(|| yrs::Update::EMPTY_V1.to_vec())
    }

    fn write(&self, txn: &mut TransactionMut<'_>) {
        let Projection { title, desc, start, tz, cur, cover, color, .. } = &self.content;
        push_text(txn, roots::TITLE, title);
        push_text(txn, roots::DESC, desc);
        let meta = txn.get_or_insert_map(roots::META);
        meta.insert(txn, "v", 1);
        for (key, value) in
            [("start", start), ("tz", tz), ("cur", cur), ("cover", cover), ("color", color)]
        {
            meta.insert(txn, key, plain(value));
        }
        for (rank, day) in self.content.days.iter().enumerate() {
            self.write_day(txn, day, rank);
        }
        self.write_cards(txn, None, &self.content.tray);
    }

    /// Days get the ids and keys that a range gives them, so that two people who extend the trip agree.
    fn write_day(&self, txn: &mut TransactionMut<'_>, day: &Day, rank: usize) {
        let id = format!("d{}", rank + 1);
        let days = txn.get_or_insert_map(roots::DAYS);
        let ord = keys::nth(rank);
        let start = self.content.start.as_deref().and_then(|start| start.parse().ok());
        let value = match &day.date {
            Some(date) if day.date != dated(start, rank) => {
                any!({"ord": ord.as_str(), "pin": date.as_str()})
            }
            Some(_) | None => any!({"ord": ord.as_str()}),
        };
        days.insert(txn, id.as_str(), value);
        push_text(txn, &roots::day_title(&id), &day.title);
        push_text(txn, &roots::day_note(&id), &day.note);
        self.write_cards(txn, Some(&id), &day.cards);
    }

    fn write_cards(&self, txn: &mut TransactionMut<'_>, day: Option<&str>, cards: &[Card]) {
        let day = day.map_or(Any::Null, Any::from);
        for (rank, card) in cards.iter().enumerate() {
            let at = Any::from(vec![day.clone(), Any::from(keys::nth(rank))]);
            self.write_card(txn, card, at);
        }
    }

    /// All keys of a card are there from the start.
    fn write_card(&self, txn: &mut TransactionMut<'_>, card: &Card, at: Any) {
        let cards = txn.get_or_insert_map(roots::CARDS);
        let map = cards.insert(txn, card.id.as_str(), MapPrelim::default());
        let from = self.origins.get(&card.id);
        let stamp = self.stamp.as_ref();
        let values = [
            ("kind", plain(&card.kind)),
            ("at", at),
            ("place", plain(&card.place)),
            ("to", plain(&card.to)),
            ("when", plain(&card.when)),
            ("dur", plain(&card.dur)),
            ("status", plain(&card.status)),
            ("link", plain(&card.link)),
            ("est", plain(&card.est)),
            ("icon", plain(&card.icon)),
            ("color", plain(&card.color)),
            ("bk", Any::Null),
            ("alt", plain(&card.alt)),
            ("from", from.map_or(Any::Null, |id| any!({"kind": "copy", "id": id.as_str()}))),
            ("by", stamp.map_or(Any::Null, |stamp| Any::from(stamp.by.as_str()))),
            ("ts", stamp.map_or(Any::Null, |stamp| any!(stamp.ts))),
            ("del", Any::Null),
        ];
        for (key, value) in values {
            map.insert(txn, key, value);
        }
        map.insert(txn, "title", TextPrelim::new(card.title.as_str()));
        map.insert(txn, "note", TextPrelim::new(card.note.as_str()));
        map.insert(txn, "who", MapPrelim::default());
        map.insert(txn, "files", MapPrelim::default());
    }
}

fn push_text(txn: &mut TransactionMut<'_>, root: &str, content: &str) {
    if !content.is_empty() {
        let text = txn.get_or_insert_text(root);
        text.push(txn, content);
    }
}

fn dated(start: Option<Date>, rank: usize) -> Option<String> {
    let days = i64::try_from(rank).ok()?.days();
    start?.checked_add(days).ok().map(|date| date.to_string())
}

/// Plain data as the document keeps it.
fn plain<T: Serialize>(value: &T) -> Any {
    let json = serde_json::to_value(value).ok();
    json.and_then(|json| serde_json::from_value(json).ok()).unwrap_or(Any::Null)
}
