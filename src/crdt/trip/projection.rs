//! The projection of a trip: what everybody who may read it sees, as plain data. It holds nothing private by
//! its shape: no booking codes, no members' ids, no files, no trash.

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// A trip as its readers see it. Every key is always there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Projection {
    /// The version of this shape: 1.
    pub v: u8,
    /// The trip's name.
    pub title: String,
    /// What it is about.
    pub desc: String,
    /// Of the first day, `YYYY-MM-DD`.
    #[schema(required)]
    pub start: Option<String>,
    /// IANA zone.
    #[schema(required)]
    pub tz: Option<String>,
    /// Currency.
    #[schema(required)]
    pub cur: Option<String>,
    /// The name of a cover picture or colour theme.
    #[schema(required)]
    pub cover: Option<String>,
    /// `#rrggbb`.
    #[schema(required)]
    pub color: Option<String>,
    /// In order.
    pub days: Vec<Day>,
    /// Cards without a day, and those whose day is gone.
    pub tray: Vec<Card>,
}

/// One day of a trip.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    /// `d1` to `d366`, or a ULID.
    pub id: String,
    /// `YYYY-MM-DD`; none in a trip without dates.
    #[schema(required)]
    pub date: Option<String>,
    /// A name for the day.
    pub title: String,
    /// A text about the day.
    pub note: String,
    /// In order.
    pub cards: Vec<Card>,
}

/// What a card stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum CardKind {
    Place,
    Move,
    Stay,
    Note,
}

/// How far a card has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum CardStatus {
    Idea,
    Plan,
    Booked,
    Done,
    Skip,
}

/// One card of a trip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// A ULID.
    pub id: String,
    /// What it stands for.
    pub kind: CardKind,
    /// Its name.
    pub title: String,
    /// A text about it.
    pub note: String,
    /// Where it is, or where a move starts.
    #[schema(required)]
    pub place: Option<Place>,
    /// Where a move ends.
    #[schema(required)]
    pub to: Option<Place>,
    /// When it is.
    #[schema(required)]
    pub when: Option<When>,
    /// Minutes.
    #[schema(required)]
    pub dur: Option<u32>,
    /// How far it has come.
    pub status: CardStatus,
    /// `http://` or `https://`.
    #[schema(required)]
    pub link: Option<String>,
    /// What it may cost.
    #[schema(required)]
    pub est: Option<Estimate>,
    /// The name of an icon.
    #[schema(required)]
    pub icon: Option<String>,
    /// `#rrggbb`.
    #[schema(required)]
    pub color: Option<String>,
    /// The group of alternatives that it belongs to.
    #[schema(required)]
    pub alt: Option<String>,
    /// Its day is gone; it lies in the tray until the day comes back.
    pub lost: bool,
}

impl Card {
    /// A card with a name and nothing else.
    pub fn new(id: String, kind: CardKind, title: &str) -> Self {
        Self {
            id,
            kind,
            title: title.to_owned(),
            note: String::new(),
            place: None,
            to: None,
            when: None,
            dur: None,
            status: CardStatus::Plan,
            link: None,
            est: None,
            icon: None,
            color: None,
            alt: None,
            lost: false,
        }
    }
}

/// A place on the map. Texts are empty where nothing is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Which catalogue it is from.
    pub src: String,
    /// Its id there.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its name in another language.
    pub alt: String,
    /// Degrees north.
    #[serde(serialize_with = "plain_number")]
    pub lat: f64,
    /// Degrees east.
    #[serde(serialize_with = "plain_number")]
    pub lng: f64,
    /// Its address.
    pub addr: String,
    /// ISO 3166-1 alpha-2.
    pub cc: String,
    /// IANA zone.
    pub tz: String,
}

/// A time on the wall with its zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct When {
    /// `YYYY-MM-DDTHH:MM`, or `YYYY-MM-DD` for a whole day.
    pub s: String,
    /// IANA zone of `s`.
    #[schema(required)]
    pub stz: Option<String>,
    /// The end, written like `s`.
    #[schema(required)]
    pub e: Option<String>,
    /// IANA zone of `e`.
    #[schema(required)]
    pub etz: Option<String>,
    /// Whether it takes the whole day.
    pub all_day: bool,
    /// Whether it stays on its date when the trip is moved.
    pub lock: bool,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// How much.
    #[serde(serialize_with = "plain_number")]
    pub amt: f64,
    /// Currency.
    pub cur: String,
}

/// Writes whole numbers as JavaScript does, without a fraction: one projection has one text.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn plain_number<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
    #[expect(clippy::cast_possible_truncation, reason = "it is checked right after")]
    let whole = *number as i64;
    #[expect(clippy::cast_precision_loss, reason = "compared with where it came from")]
    let is_whole = whole as f64 == *number && whole.unsigned_abs() < 1 << 53;
    if is_whole { to.serialize_i64(whole) } else { to.serialize_f64(*number) }
}
