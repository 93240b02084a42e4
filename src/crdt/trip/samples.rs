//! Trips to look at and to take apart: real places in Jeju, Osaka and Kyoto, in Korean and in English.

use jiff::civil::Date;
use serde::Deserialize;
use ulid::Ulid;
use utoipa::ToSchema;

use super::{
    days::{day, nth_date},
    projection::{Card, CardKind, CardStatus, Day, Estimate, Place, Projection, When},
};
use crate::language::Language;

/// A trip that comes with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sample {
    /// Four days around the island.
    Jeju,
    /// Four days in Osaka, Kyoto and Nara.
    Osaka,
}

impl Sample {
    /// The trip in one language, from this date on.
    pub(super) fn read(self, language: Language, start: Date) -> Projection {
        let json = match self {
            Self::Jeju => include_str!("samples/jeju.json"),
            Self::Osaka => include_str!("samples/osaka.json"),
        };
        match serde_json::from_str::<Trip>(json) {
            Ok(trip) => trip.read(language, start),
            Err(error) => {
                debug_assert!(false, "a sample can't be read: {error}");
                tracing::error!(%error, "a sample can't be read");
                Projection::default()
            }
        }
    }
}

#[derive(Deserialize)]
struct Trip {
    title: Text,
    desc: Text,
    tz: String,
    cur: String,
    color: String,
    days: Vec<SampleDay>,
    tray: Vec<SampleCard>,
}

/// A text in both languages.
#[derive(Deserialize, Default)]
struct Text {
    ko: String,
    en: String,
}

#[derive(Deserialize)]
struct SampleDay {
    title: Text,
    #[serde(default)]
    note: Text,
    cards: Vec<SampleCard>,
}

#[derive(Deserialize)]
struct SampleCard {
    kind: CardKind,
    title: Text,
    #[serde(default)]
    note: Text,
    place: Option<SamplePlace>,
    to: Option<SamplePlace>,
    /// `HH:MM` on its day.
    at: Option<String>,
    until: Option<String>,
    dur: Option<u32>,
    status: Option<CardStatus>,
    icon: Option<String>,
    est: Option<Estimate>,
}

#[derive(Deserialize)]
struct SamplePlace {
    id: String,
    name: Text,
    lat: f64,
    lng: f64,
    addr: Text,
    cc: String,
}

impl Text {
    fn read(self, language: Language) -> String {
        match language {
            Language::Ko => self.ko,
            Language::En => self.en,
        }
    }

    /// In the language asked for, and in the other one.
    fn both(self, language: Language) -> (String, String) {
        match language {
            Language::Ko => (self.ko, self.en),
            Language::En => (self.en, self.ko),
        }
    }
}

impl Trip {
    fn read(self, language: Language, start: Date) -> Projection {
        let zone = self.tz;
        let days = self.days.into_iter().enumerate();
        let tray = self.tray.into_iter().map(|card| card.read(language, None));
        Projection {
            v: 1,
            title: self.title.read(language),
            desc: self.desc.read(language),
            start: Some(start.to_string()),
            cur: Some(self.cur),
            cover: None,
            color: Some(self.color),
            days: days.map(|(at, day)| day.read(language, at + 1, start, &zone)).collect(),
            tray: tray.collect(),
            tz: Some(zone),
        }
    }
}

impl SampleDay {
    fn read(self, language: Language, n: usize, start: Date, zone: &str) -> Day {
        let date = nth_date(start, n).unwrap_or(start);
        let cards = self.cards.into_iter().map(|card| card.read(language, Some((date, zone))));
        Day {
            title: self.title.read(language),
            note: self.note.read(language),
            cards: cards.collect(),
            ..day(n, Some(start))
        }
    }
}

impl SampleCard {
    fn read(self, language: Language, day: Option<(Date, &str)>) -> Card {
        let idle = if day.is_some() { CardStatus::Plan } else { CardStatus::Idea };
        Card {
            id: Ulid::generate().to_string(),
            kind: self.kind,
            title: self.title.read(language),
            note: self.note.read(language),
            place: self.place.map(|place| place.read(language)),
            to: self.to.map(|place| place.read(language)),
            when: day.zip(self.at).map(|((date, zone), at)| When {
                s: format!("{date}T{at}"),
                stz: Some(zone.to_owned()),
                etz: self.until.as_ref().map(|_| zone.to_owned()),
                e: self.until.map(|until| format!("{date}T{until}")),
                all_day: false,
                lock: self.status == Some(CardStatus::Booked),
            }),
            dur: self.dur,
            status: self.status.unwrap_or(idle),
            link: None,
            est: self.est,
            icon: self.icon,
            color: None,
            alt: None,
            lost: false,
        }
    }
}

impl SamplePlace {
    fn read(self, language: Language) -> Place {
        let (name, alt) = self.name.both(language);
        Place {
            src: "sample".to_owned(),
            id: self.id,
            name,
            alt,
            lat: self.lat,
            lng: self.lng,
            addr: self.addr.read(language),
            tz: if self.cc == "KR" { "Asia/Seoul" } else { "Asia/Tokyo" }.to_owned(),
            cc: self.cc,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Projection> {
        [
            (Sample::Jeju, Language::Ko),
            (Sample::Jeju, Language::En),
            (Sample::Osaka, Language::Ko),
            (Sample::Osaka, Language::En),
        ]
        .into_iter()
        .map(|(sample, language)| sample.read(language, "2026-12-11".parse().unwrap()))
    }

    fn cards(trip: &Projection) -> impl Iterator<Item = &Card> {
        trip.days.iter().flat_map(|day| &day.cards).chain(&trip.tray)
    }

    #[test]
    fn every_sample_is_a_whole_trip_in_both_languages() {
        for trip in all() {
            assert_eq!((trip.days.len(), trip.start.as_deref()), (4, Some("2026-12-11")));
            assert!(cards(&trip).count() >= 18 && !trip.tray.is_empty(), "{}", trip.title);
            assert!(cards(&trip).all(|card| !card.title.is_empty()), "{}", trip.title);
            let kinds = [CardKind::Place, CardKind::Move, CardKind::Stay, CardKind::Note];
            assert!(kinds.iter().all(|kind| cards(&trip).any(|card| card.kind == *kind)));
        }
    }

    #[test]
    fn places_lie_where_the_trip_goes() {
        for trip in all() {
            for place in cards(&trip).flat_map(|card| card.place.iter().chain(&card.to)) {
                assert!((33.0..38.0).contains(&place.lat), "{}", place.name);
                assert!((126.0..136.0).contains(&place.lng), "{}", place.name);
                assert!(!place.name.is_empty() && !place.addr.is_empty(), "{}", place.id);
            }
        }
    }

    #[test]
    fn the_cards_of_a_day_are_on_its_date_and_in_its_order() {
        for trip in all() {
            for day in &trip.days {
                let starts: Vec<_> = day
                    .cards
                    .iter()
                    .filter_map(|card| Some(card.when.as_ref()?.s.clone()))
                    .collect();
                assert!(starts.is_sorted(), "{starts:?}");
                let date = day.date.as_deref().unwrap();
                assert!(starts.iter().all(|start| start.starts_with(date)), "{starts:?}");
            }
        }
    }
}
