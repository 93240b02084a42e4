//! Counting how often somebody did something: no more than the quota, however many ask at once.

use std::{num::NonZeroU32, time::Duration};

use futures_util::future::join_all;
use jiff::Timestamp;
use moim::{
    quota::Quota,
    store::{Rates, Taken},
};

use super::{
    Everything,
    records::{at, hash},
};

claims!($ rates:
    all_of_a_quota_is_there_at_once_and_then_as_time_goes_by,
    one_who_is_held_back_holds_nobody_else_back,
    of_many_at_once_no_more_get_through_than_the_quota_has,
    what_was_counted_survives,
    what_is_given_back_can_be_taken_again,
    what_was_counted_while_a_clock_was_ahead_is_forgotten,
);

/// Three in thirty seconds.
pub(super) fn quota() -> Quota {
    Quota::new(NonZeroU32::new(3).unwrap(), Duration::from_secs(30))
}

pub(super) async fn take(rates: &dyn Rates, who: u8, now: Timestamp) -> Taken {
    rates.take(hash(who), quota(), now).await.unwrap()
}

fn wait(seconds: u64) -> Taken {
    Taken::Wait(Duration::from_secs(seconds))
}

pub(super) async fn all_of_a_quota_is_there_at_once_and_then_as_time_goes_by(
    store: impl Everything,
) {
    let rates = store.stores().rates;
    for _ in 0..3 {
        assert_eq!(take(&*rates, 1, at(100)).await, Taken::Granted);
    }
    assert_eq!(take(&*rates, 1, at(100)).await, wait(10));
    assert_eq!(take(&*rates, 1, at(104)).await, wait(6));
    assert_eq!(take(&*rates, 1, at(110)).await, Taken::Granted);
    assert_eq!(take(&*rates, 1, at(110)).await, wait(10));
    // After a long time there is all of it, and not more.
    for _ in 0..3 {
        assert_eq!(take(&*rates, 1, at(1_000)).await, Taken::Granted);
    }
    assert_eq!(take(&*rates, 1, at(1_000)).await, wait(10));
}

pub(super) async fn one_who_is_held_back_holds_nobody_else_back(store: impl Everything) {
    let rates = store.stores().rates;
    for _ in 0..3 {
        assert_eq!(take(&*rates, 1, at(100)).await, Taken::Granted);
    }
    assert_eq!(take(&*rates, 1, at(100)).await, wait(10));
    assert_eq!(take(&*rates, 2, at(100)).await, Taken::Granted);
}

pub(super) async fn of_many_at_once_no_more_get_through_than_the_quota_has(store: impl Everything) {
    let rates = store.stores().rates;
    // Some of them begin while there is nothing yet.
    let all = join_all((0..20).map(|_| rates.take(hash(1), quota(), at(100)))).await;
    let granted = |taken: &&Result<Taken, _>| matches!(taken, Ok(Taken::Granted));
    assert_eq!(all.iter().filter(granted).count(), 3, "{all:?}");
}

pub(super) async fn what_was_counted_survives(mut store: impl Everything) {
    for _ in 0..3 {
        assert_eq!(take(&*store.stores().rates, 1, at(100)).await, Taken::Granted);
    }
    store.kill().await;
    assert_eq!(take(&*store.stores().rates, 1, at(100)).await, wait(10));
}

pub(super) async fn what_is_given_back_can_be_taken_again(store: impl Everything) {
    let rates = store.stores().rates;
    rates.give_back(hash(1), quota()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(take(&*rates, 1, at(100)).await, Taken::Granted);
    }
    rates.give_back(hash(1), quota()).await.unwrap();
    assert_eq!(take(&*rates, 1, at(100)).await, Taken::Granted);
    assert_eq!(take(&*rates, 1, at(100)).await, wait(10));
    // More than there was is not to be had.
    for _ in 0..9 {
        rates.give_back(hash(1), quota()).await.unwrap();
    }
    for _ in 0..3 {
        assert_eq!(take(&*rates, 1, at(100)).await, Taken::Granted);
    }
    assert_eq!(take(&*rates, 1, at(100)).await, wait(10));
}

pub(super) async fn what_was_counted_while_a_clock_was_ahead_is_forgotten(store: impl Everything) {
    const DAYS: i64 = 40 * 24 * 3_600;
    let rates = store.stores().rates;
    for _ in 0..3 {
        assert_eq!(take(&*rates, 1, at(DAYS)).await, Taken::Granted);
    }
    for _ in 0..3 {
        assert_eq!(take(&*rates, 1, at(100)).await, Taken::Granted);
    }
    assert_eq!(take(&*rates, 1, at(100)).await, wait(10));
}
