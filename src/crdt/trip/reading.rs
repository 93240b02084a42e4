//! The reading rules: how a document that anybody may have written becomes a projection. A document never
//! fails to render: unknown keys are ignored, over-long values clamped, wrong types dropped.

use std::collections::{BTreeMap, HashMap};

use jiff::{ToSpan, civil::Date};
use yrs::{Any, GetString, Map, MapRef, Out, ReadTxn, TextRef, Transaction};

use super::{
    clamp,
    projection::{Card, Day, Projection},
    roots, times,
};
use crate::summary::{Counts, Summary};

const TITLE: usize = 120;
const DESC: usize = 4_000;
const DAY_NOTE: usize = 4_000;
const CARD_TITLE: usize = 200;
const CARD_NOTE: usize = 20_000;

/// What everybody who may read the trip sees.
pub(in crate::crdt) fn project(txn: &Transaction<'_>) -> Projection {
    Reading::new(txn).projection()
}

/// What lists show of the trip.
pub(in crate::crdt) fn summarize(txn: &Transaction<'_>) -> Summary {
    Reading::new(txn).summary()
}

/// How many cards are not in the trash.
pub(super) fn visible_cards(txn: &Transaction<'_>) -> usize {
    Reading::new(txn).visible_cards()
}

/// A trip's document, being read.
struct Reading<'t, T> {
    txn: &'t T,
}

/// A day, its place in the order, and the date that it is pinned to.
struct StoredDay {
    key: String,
    id: String,
    pin: Option<Date>,
}

impl<'t, T: ReadTxn> Reading<'t, T> {
    const fn new(txn: &'t T) -> Self {
        Self { txn }
    }

    fn projection(&self) -> Projection {
        let days = self.days();
        let start = self.start();
        let mut columns = self.columns(&days);
        let mut tray = columns.remove(&None).unwrap_or_default();
        sort(&mut tray);
        let meta = self.meta();
        Projection {
            v: 1,
            title: self.root_text(roots::TITLE, TITLE),
            desc: self.root_text(roots::DESC, DESC),
            start: start.map(|date| date.to_string()),
            tz: meta.text("tz"),
            cur: meta.text("cur"),
            cover: meta.text("cover"),
            color: meta.color("color"),
            days: days
                .iter()
                .enumerate()
                .map(|(rank, day)| {
                    let mut cards = columns.remove(&Some(day.id.as_str())).unwrap_or_default();
                    sort(&mut cards);
                    self.day(day, date_of(day, start, rank), cards)
                })
                .collect(),
            tray: tray.into_iter().map(|(_, card)| card).collect(),
        }
    }

    /// Does not read the texts of days and cards.
    fn summary(&self) -> Summary {
        let days = self.days();
        let start = self.start();
        let last = days.iter().enumerate().next_back();
        let first = days.first();
        let mut counts = Counts { days: count(days.len()), ..Counts::default() };
        self.each_visible(|_, card| {
            counts.cards += 1;
            counts.places += u32::from(clamp::place(&card.any("place")).is_some());
        });
        let meta = self.meta();
        Summary {
            title: crate::text::visible(&self.root_text(roots::TITLE, TITLE)),
            start: first.map_or(start, |day| date_of(day, start, 0)),
            end: last.and_then(|(rank, day)| date_of(day, start, rank)),
            counts,
            cover: meta.text("cover"),
            color: meta.color("color"),
        }
    }

    fn visible_cards(&self) -> usize {
        let mut visible = 0;
        self.each_visible(|_, _| visible += 1);
        visible
    }

    fn day(&self, day: &StoredDay, date: Option<Date>, cards: Vec<(String, Card)>) -> Day {
        Day {
            id: day.id.clone(),
            date: date.map(|date| date.to_string()),
            title: self.root_text(&roots::day_title(&day.id), TITLE),
            note: self.root_text(&roots::day_note(&day.id), DAY_NOTE),
            cards: cards.into_iter().map(|(_, card)| on_day(card, date)).collect(),
        }
    }

    /// The days in order.
    fn days(&self) -> Vec<StoredDay> {
        let Some(map) = self.txn.get_map(roots::DAYS) else { return vec![] };
        let mut days: Vec<StoredDay> = map
            .iter(self.txn)
            .filter_map(|(id, value)| {
                let Out::Any(Any::Map(fields)) = value else { return None };
                let key = clamp::string(fields.get("ord")).unwrap_or_default().to_owned();
                let pin = clamp::date(fields.get("pin"));
                Some(StoredDay { key, id: id.to_owned(), pin })
            })
            .collect();
        days.sort_unstable_by(|one, other| (&one.key, &one.id).cmp(&(&other.key, &other.id)));
        days
    }

    /// The visible cards by the day that they lie on, with their keys, in no order yet.
    fn columns<'d>(&self, days: &'d [StoredDay]) -> HashMap<Option<&'d str>, Vec<(String, Card)>> {
        let known: BTreeMap<&str, &'d str> =
            days.iter().map(|day| (day.id.as_str(), day.id.as_str())).collect();
        let mut columns: HashMap<_, Vec<_>> = HashMap::new();
        self.each_visible(|id, fields| {
            let Some((at, mut card)) = fields.card(id) else { return };
            let day = at.day.as_deref().and_then(|day| known.get(day).copied());
            card.lost = at.day.is_some() && day.is_none();
            columns.entry(day).or_default().push((at.key, card));
        });
        columns
    }

    fn each_visible(&self, mut visit: impl FnMut(&str, &Shared<'_, T>)) {
        let Some(cards) = self.txn.get_map(roots::CARDS) else { return };
        for (id, value) in cards.iter(self.txn) {
            let Out::YMap(map) = value else { continue };
            let card = Shared { txn: self.txn, map };
            if !card.is_deleted() && clamp::kind(&card.any("kind")).is_some() {
                visit(id, &card);
            }
        }
    }

    fn start(&self) -> Option<Date> {
        clamp::date(Some(&self.meta().any("start")))
    }

    fn meta(&self) -> Meta<'_, T> {
        let map = self.txn.get_map(roots::META);
        Meta(map.map(|map| Shared { txn: self.txn, map }))
    }

    fn root_text(&self, name: &str, most: usize) -> String {
        let text = self.txn.get_text(name).map(|text| text.get_string(self.txn));
        clamp::text(text.unwrap_or_default(), most)
    }
}

/// The map of the trip's own values, which may not be there.
struct Meta<'t, T>(Option<Shared<'t, T>>);

impl<T: ReadTxn> Meta<'_, T> {
    fn any(&self, key: &str) -> Any {
        self.0.as_ref().map_or(Any::Undefined, |map| map.any(key))
    }

    fn text(&self, key: &str) -> Option<String> {
        clamp::short(Some(&self.any(key)))
    }

    fn color(&self, key: &str) -> Option<String> {
        clamp::color(&self.any(key))
    }
}

/// A shared map, being read.
struct Shared<'t, T> {
    txn: &'t T,
    map: MapRef,
}

impl<T: ReadTxn> Shared<'_, T> {
    /// A plain value; shared types are of a wrong type wherever one is expected.
    fn any(&self, key: &str) -> Any {
        match self.map.get(self.txn, key) {
            Some(Out::Any(any)) => any,
            Some(_) | None => Any::Undefined,
        }
    }

    /// Anything but null and absence is a deletion.
    fn is_deleted(&self) -> bool {
        let del = self.map.get(self.txn, "del");
        !matches!(del, None | Some(Out::Any(Any::Null | Any::Undefined)))
    }

    fn text(&self, key: &str, most: usize) -> String {
        let text = self.map.get(self.txn, key).and_then(|value| value.cast::<TextRef>().ok());
        clamp::text(text.map(|text| text.get_string(self.txn)).unwrap_or_default(), most)
    }

    fn card(&self, id: &str) -> Option<(clamp::At, Card)> {
        let short = |key| clamp::short(Some(&self.any(key)));
        let card = Card {
            id: id.to_owned(),
            kind: clamp::kind(&self.any("kind"))?,
            title: self.text("title", CARD_TITLE),
            note: self.text("note", CARD_NOTE),
            place: clamp::place(&self.any("place")),
            to: clamp::place(&self.any("to")),
            when: clamp::when(&self.any("when")),
            dur: clamp::minutes(&self.any("dur")),
            status: clamp::status(&self.any("status")),
            link: clamp::link(&self.any("link")),
            est: clamp::estimate(&self.any("est")),
            icon: short("icon"),
            color: clamp::color(&self.any("color")),
            alt: short("alt"),
            lost: false,
        };
        Some((clamp::at(&self.any("at")), card))
    }
}

/// In the order of the board: by key, then by id, bytewise.
fn sort(cards: &mut [(String, Card)]) {
    cards.sort_unstable_by(|(key, card), (other_key, other)| {
        (key, &card.id).cmp(&(other_key, &other.id))
    });
}

/// The time of a card belongs to its day, where that has a date.
fn on_day(card: Card, date: Option<Date>) -> Card {
    let Some(date) = date else { return card };
    Card { when: card.when.map(|when| times::on_day(when, date)), ..card }
}

fn date_of(day: &StoredDay, start: Option<Date>, rank: usize) -> Option<Date> {
    let ranked = || start?.checked_add(i64::try_from(rank).ok()?.days()).ok();
    day.pin.or_else(ranked)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
