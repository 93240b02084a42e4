//! What a new trip begins with: what somebody asked for, or a sample.

use jiff::civil::Date;

use super::{
    days::{day, nth_date},
    draft::TripDraft,
    projection::Projection,
    samples::Sample,
};
use crate::{
    fields::{Form, Invalid, parse_title},
    language::Language,
};

/// The most days of a trip.
const DAYS_MAX: u16 = 366;

/// What somebody wants a new trip to be.
#[derive(Debug, Clone, Default)]
pub struct NewTrip {
    /// May be left out for a sample alone.
    pub title: Option<String>,
    /// The date of the first day.
    pub start: Option<Date>,
    /// How many days.
    pub days: Option<u16>,
    /// IANA zone, for times without one.
    pub tz: Option<String>,
    /// ISO 4217.
    pub cur: Option<String>,
    /// Of a sample.
    pub language: Language,
    /// Begin with one of these.
    pub sample: Option<Sample>,
}

impl NewTrip {
    /// The new trip. `today` is where a sample without a date begins from.
    pub fn draft(self, today: Date) -> Result<TripDraft, Invalid> {
        content(self, today).map(TripDraft::new)
    }
}

fn content(new: NewTrip, today: Date) -> Result<Projection, Invalid> {
    let mut form = Form::default();
    let title = match (new.title, new.sample) {
        (Some(title), _) => form.take("title", parse_title(&title)),
        (None, Some(_)) => None,
        (None, None) => form.take("title", Err("must be given")),
    };
    let days = form.take_optional("days", new.days, parse_days);
    let tz = form.take_optional("tz", new.tz, parse_zone);
    let cur = form.take_optional("cur", new.cur, parse_currency);
    form.finish()?;
    if let Some(sample) = new.sample {
        let mut trip = sample.read(new.language, new.start.unwrap_or_else(|| soon(today)));
        trip.title = title.unwrap_or(trip.title);
        return Ok(trip);
    }
    Ok(Projection {
        v: 1,
        title: title.unwrap_or_default(),
        start: new.start.map(|date| date.to_string()),
        tz,
        cur,
        days: (1..=days.unwrap_or_default()).map(|n| day(usize::from(n), new.start)).collect(),
        ..Projection::default()
    })
}

/// A Friday that leaves time to pack.
fn soon(today: Date) -> Date {
    let in_two_weeks = nth_date(today, 15).unwrap_or(today);
    in_two_weeks.nth_weekday(1, jiff::civil::Weekday::Friday).unwrap_or(in_two_weeks)
}

fn parse_days(days: u16) -> Result<u16, String> {
    if days <= DAYS_MAX { Ok(days) } else { Err(format!("must be at most {DAYS_MAX}")) }
}

/// Whether there is such a zone is for clients to say: their catalogue is newer than ours.
fn parse_zone(zone: String) -> Result<String, &'static str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/_+-".contains(&b);
    if (1..=64).contains(&zone.len()) && zone.bytes().all(plain) {
        Ok(zone)
    } else {
        Err("must be the name of a time zone, like Asia/Seoul")
    }
}

fn parse_currency(currency: String) -> Result<String, &'static str> {
    if currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase()) {
        Ok(currency)
    } else {
        Err("must be a currency code, like KRW")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn titled(title: &str) -> NewTrip {
        NewTrip { title: Some(title.to_owned()), ..NewTrip::default() }
    }

    #[test]
    fn a_trip_has_the_days_that_were_asked_for() {
        let new = NewTrip { start: Some(date("2026-12-30")), days: Some(3), ..titled("연말") };
        let trip = content(new, date("2026-11-21")).unwrap();
        let days: Vec<_> =
            trip.days.iter().map(|day| (day.id.as_str(), day.date.as_deref().unwrap())).collect();
        assert_eq!(days, [("d1", "2026-12-30"), ("d2", "2026-12-31"), ("d3", "2027-01-01")]);
        assert_eq!((trip.title.as_str(), trip.start.as_deref()), ("연말", Some("2026-12-30")));
    }

    #[test]
    fn what_is_wrong_with_a_new_trip_is_told_at_once() {
        let new = NewTrip {
            days: Some(367),
            tz: Some("Seoul; drop".to_owned()),
            cur: Some("won".to_owned()),
            ..NewTrip::default()
        };
        let Err(Invalid(errors)) = content(new, date("2026-11-21")) else { panic!("it was taken") };
        let fields: Vec<_> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["title", "days", "tz", "cur"]);
    }

    #[test]
    fn a_sample_begins_on_a_friday_with_time_to_pack() {
        assert_eq!(soon(date("2026-11-21")), date("2026-12-11"));
        let new = NewTrip { sample: Some(Sample::Jeju), ..NewTrip::default() };
        let trip = content(new, date("2026-11-21")).unwrap();
        assert_eq!(trip.start.as_deref(), Some("2026-12-11"));
    }
}
