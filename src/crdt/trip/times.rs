//! The time of a card on the day that the card lies on: the date of an unlocked time is that of its day.

use jiff::{Unit, civil::Date};

use super::{clamp::parse_date, projection::When};

/// A time of a card that lies on the day with this date. An unlocked one moves there, and its end keeps its
/// distance in days; an end beyond the calendar is dropped. A locked one keeps its dates.
pub(super) fn on_day(when: When, date: Date) -> When {
    let Some(start) = date_of(&when.s).filter(|start| !when.lock && *start != date) else {
        return when;
    };
    let end = when.e.as_deref().and_then(|end| moved(end, start, date));
    When { s: stamp(date, &when.s), e: end, ..when }
}

/// `moment` as far from `to` as it was from `from`.
fn moved(moment: &str, from: Date, to: Date) -> Option<String> {
    let distance = from.until((Unit::Day, date_of(moment)?)).ok()?;
    let date = to.checked_add(distance).ok()?;
    (0..=9999).contains(&date.year()).then(|| stamp(date, moment))
}

fn date_of(moment: &str) -> Option<Date> {
    parse_date(moment.split_once('T').map_or(moment, |(date, _)| date))
}

/// The date with the time of `moment`, where that has one.
fn stamp(date: Date, moment: &str) -> String {
    match moment.split_once('T') {
        Some((_, time)) => format!("{date}T{time}"),
        None => date.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn when(start: &str, end: &str) -> When {
        When {
            s: start.to_owned(),
            stz: None,
            e: Some(end.to_owned()),
            etz: Some("America/Los_Angeles".to_owned()),
            all_day: false,
            lock: false,
        }
    }

    #[test]
    fn an_unlocked_time_follows_its_day_and_its_end_keeps_its_distance() {
        let on = on_day(when("2026-02-27T15:00", "2026-03-02T11:00"), date(2028, 2, 28));
        assert_eq!(
            (on.s.as_str(), on.e.as_deref()),
            ("2028-02-28T15:00", Some("2028-03-02T11:00"))
        );
        assert_eq!(on.etz.as_deref(), Some("America/Los_Angeles"));
    }

    #[test]
    fn an_end_before_its_start_stays_before_it() {
        let on = on_day(when("2026-12-25T09:30", "2026-12-24T23:50"), date(2027, 1, 1));
        assert_eq!(
            (on.s.as_str(), on.e.as_deref()),
            ("2027-01-01T09:30", Some("2026-12-31T23:50"))
        );
    }

    #[test]
    fn a_locked_time_keeps_its_dates() {
        let locked = When { lock: true, ..when("2026-12-25T09:30", "2026-12-26") };
        assert_eq!(on_day(locked.clone(), date(2027, 1, 1)), locked);
    }

    #[test]
    fn an_end_beyond_the_calendar_is_dropped() {
        let on = on_day(when("2026-12-25", "2026-12-26"), date(9999, 12, 31));
        assert_eq!((on.s.as_str(), on.e), ("9999-12-31", None));
    }
}
