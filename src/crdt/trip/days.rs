//! The days of a new trip.

use jiff::civil::Date;

use super::projection::Day;

/// The nth day of a trip, from 1, as it is when somebody sets the range.
pub(super) fn day(n: usize, start: Option<Date>) -> Day {
    let date = start.and_then(|start| nth_date(start, n));
    Day { id: format!("d{n}"), date: date.map(|date| date.to_string()), ..Day::default() }
}

/// The date of the nth day, from 1.
pub(super) fn nth_date(start: Date, n: usize) -> Option<Date> {
    let days = i64::try_from(n.checked_sub(1)?).ok()?;
    start.checked_add(jiff::SignedDuration::from_hours(24 * days)).ok()
}
