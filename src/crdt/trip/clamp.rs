//! How values that anybody may have written become values of the right type and size.

use std::collections::HashMap;

use jiff::civil::Date;
use yrs::{Any, any::Number};

use super::projection::{CardKind, CardStatus, Estimate, Place, When};

const SHORT: usize = 200;
const NAME: usize = 300;
const LINK: usize = 2_000;
const MINUTES: u32 = 525_600;

/// A plain JSON object.
pub(super) type Fields = HashMap<String, Any>;

/// Where a card lies.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct At {
    /// None in the tray.
    pub(super) day: Option<String>,
    pub(super) key: String,
}

/// The first `most` characters, as people count them.
pub(super) fn text(mut text: String, most: usize) -> String {
    // There are never more of them than code points.
    if text.chars().nth(most).is_some() {
        let end = crate::text::cut(&text, most).len();
        text.truncate(end);
    }
    text
}

pub(super) fn string(value: Option<&Any>) -> Option<&str> {
    match value {
        Some(Any::String(text)) => Some(text),
        Some(_) | None => None,
    }
}

/// A text of no special kind.
pub(super) fn short(value: Option<&Any>) -> Option<String> {
    limited(value, SHORT)
}

pub(super) fn at(value: &Any) -> At {
    let Any::Array(parts) = value else { return At::default() };
    match parts.as_ref() {
        [Any::Null, Any::String(key)] => At { day: None, key: key.to_string() },
        [Any::String(day), Any::String(key)] => {
            At { day: Some(day.to_string()), key: key.to_string() }
        }
        _ => At::default(),
    }
}

pub(super) fn kind(value: &Any) -> Option<CardKind> {
    match string(Some(value))? {
        "place" => Some(CardKind::Place),
        "move" => Some(CardKind::Move),
        "stay" => Some(CardKind::Stay),
        "note" => Some(CardKind::Note),
        _ => None,
    }
}

pub(super) fn status(value: &Any) -> CardStatus {
    match string(Some(value)) {
        Some("idea") => CardStatus::Idea,
        Some("booked") => CardStatus::Booked,
        Some("done") => CardStatus::Done,
        Some("skip") => CardStatus::Skip,
        Some(_) | None => CardStatus::Plan,
    }
}

/// `#rrggbb` in lower case.
pub(super) fn color(value: &Any) -> Option<String> {
    let text = string(Some(value))?;
    let digits = text.strip_prefix('#')?;
    let is_color = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_color.then(|| text.to_ascii_lowercase())
}

pub(super) fn link(value: &Any) -> Option<String> {
    let text = string(Some(value))?;
    let is_link = text.starts_with("http://") || text.starts_with("https://");
    if is_link { limited(Some(value), LINK) } else { None }
}

/// A number of minutes, at most a year.
pub(super) fn minutes(value: &Any) -> Option<u32> {
    let minutes = number(Some(value))?;
    let is_one = minutes.fract() == 0.0 && (0.0..=f64::from(MINUTES)).contains(&minutes);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number between 0 and MINUTES"
    )]
    is_one.then_some(minutes as u32)
}

pub(super) fn place(value: &Any) -> Option<Place> {
    let fields = fields(value)?;
    let text = |key, most| limited(fields.get(key), most).unwrap_or_default();
    Some(Place {
        src: text("src", SHORT),
        id: text("id", SHORT),
        name: text("name", NAME),
        alt: text("alt", NAME),
        lat: degrees(fields.get("lat"), 90.0)?,
        lng: degrees(fields.get("lng"), 180.0)?,
        addr: text("addr", NAME),
        cc: text("cc", SHORT),
        tz: text("tz", SHORT),
    })
}

pub(super) fn when(value: &Any) -> Option<When> {
    let fields = fields(value)?;
    let is_set = |key| matches!(fields.get(key), Some(Any::Bool(true)));
    Some(When {
        s: moment(fields.get("s"))?,
        stz: short(fields.get("stz")),
        e: moment(fields.get("e")),
        etz: short(fields.get("etz")),
        all_day: is_set("allDay"),
        lock: is_set("lock"),
    })
}

pub(super) fn estimate(value: &Any) -> Option<Estimate> {
    let fields = fields(value)?;
    let amt = number(fields.get("amt"))?;
    Some(Estimate { amt, cur: short(fields.get("cur")).unwrap_or_default() })
}

/// `YYYY-MM-DD`, of the calendar.
pub(super) fn date(value: Option<&Any>) -> Option<Date> {
    parse_date(string(value)?)
}

fn fields(value: &Any) -> Option<&Fields> {
    match value {
        Any::Map(fields) => Some(fields),
        Any::Null
        | Any::Undefined
        | Any::Bool(_)
        | Any::Number(_)
        | Any::String(_)
        | Any::Buffer(_)
        | Any::Array(_) => None,
    }
}

fn limited(value: Option<&Any>, most: usize) -> Option<String> {
    string(value).map(|value| text(value.to_owned(), most))
}

/// A finite number; zero has no sign.
fn number(value: Option<&Any>) -> Option<f64> {
    let number = match value {
        #[expect(clippy::cast_precision_loss, reason = "as in JavaScript")]
        Some(Any::Number(Number::Int(number))) => *number as f64,
        Some(Any::Number(Number::Float(number))) => *number,
        Some(_) | None => return None,
    };
    number.is_finite().then_some(number + 0.0)
}

fn degrees(value: Option<&Any>, most: f64) -> Option<f64> {
    number(value).filter(|degrees| degrees.abs() <= most)
}

/// `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM`.
fn moment(value: Option<&Any>) -> Option<String> {
    let text = string(value)?;
    let is_moment = match text.split_once('T') {
        Some((date, time)) => parse_date(date).is_some() && is_time(time),
        None => parse_date(text).is_some(),
    };
    is_moment.then(|| text.to_owned())
}

/// `YYYY-MM-DD`, of the years 0000 to 9999.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let year = digits(&[y1, y2, y3, y4])?;
    let month = i8::try_from(digits(&[m1, m2])?).ok()?;
    let day = i8::try_from(digits(&[d1, d2])?).ok()?;
    Date::new(year, month, day).ok()
}

fn is_time(text: &str) -> bool {
    let &[h1, h2, b':', m1, m2] = text.as_bytes() else { return false };
    digits(&[h1, h2]).is_some_and(|hour| hour < 24)
        && digits(&[m1, m2]).is_some_and(|minute| minute < 60)
}

fn digits(text: &[u8]) -> Option<i16> {
    text.iter().try_fold(0, |number: i16, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
    })
}
