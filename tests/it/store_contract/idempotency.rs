//! A creation that is sent again gives the same answer and is carried out once.

use jiff::Timestamp;
use moim::{
    ids::UserId,
    store::{Begun, Idempotency, StoredAnswer},
};

use super::{
    Everything,
    records::{at, hash},
};

claims!($ idempotency:
    the_answer_is_given_again_for_a_day,
    a_claim_holds_others_off_for_a_minute,
    of_two_claims_at_once_one_is_new,
    an_abandoned_claim_is_free,
    a_claim_that_lapsed_ends_no_other,
    a_key_belongs_to_one_request_of_one_person,
    what_was_claimed_while_a_clock_was_ahead_holds_nobody_off,
);

const KEY: &str = "0d6f2c";
const DAY: i64 = 86_400;

fn answer() -> StoredAnswer {
    StoredAnswer { status: 201, body: r#"{"id":"trip:…"}"#.to_owned() }
}

async fn begin(keys: &dyn Idempotency, user: UserId, now: Timestamp) -> Begun {
    keys.begin(user, KEY, hash(1), now).await.unwrap()
}

pub(super) async fn the_answer_is_given_again_for_a_day(mut store: impl Everything) {
    let user = UserId::new();
    let keys = store.stores().idempotency;
    assert_eq!(begin(&*keys, user, at(0)).await, Begun::New);
    keys.finish(user, KEY, at(0), &answer()).await.unwrap();
    store.kill().await;
    let keys = store.stores().idempotency;
    keys.abandon(user, KEY, at(0)).await.unwrap();
    assert_eq!(begin(&*keys, user, at(DAY - 1)).await, Begun::Replay(answer()));
    assert_eq!(begin(&*keys, user, at(DAY)).await, Begun::New);
}

pub(super) async fn a_claim_holds_others_off_for_a_minute(store: impl Everything) {
    let user = UserId::new();
    let keys = store.stores().idempotency;
    assert_eq!(begin(&*keys, user, at(0)).await, Begun::New);
    assert_eq!(begin(&*keys, user, at(59)).await, Begun::InProgress);
    assert_eq!(begin(&*keys, user, at(60)).await, Begun::New);
    assert_eq!(begin(&*keys, user, at(119)).await, Begun::InProgress);
}

pub(super) async fn of_two_claims_at_once_one_is_new(store: impl Everything) {
    let user = UserId::new();
    let keys = store.stores().idempotency;
    let both = tokio::join!(begin(&*keys, user, at(0)), begin(&*keys, user, at(0)));
    let expected = (Begun::New, Begun::InProgress);
    assert!(both == expected || both == (expected.1, expected.0), "{both:?}");
}

pub(super) async fn an_abandoned_claim_is_free(store: impl Everything) {
    let user = UserId::new();
    let keys = store.stores().idempotency;
    assert_eq!(begin(&*keys, user, at(0)).await, Begun::New);
    keys.abandon(user, KEY, at(0)).await.unwrap();
    // Late, without a claim: it changes nothing.
    keys.finish(user, KEY, at(0), &answer()).await.unwrap();
    assert_eq!(begin(&*keys, user, at(1)).await, Begun::New);
}

/// Who claimed it first took so long that the claim has lapsed, and has nothing to say about the next one.
pub(super) async fn a_claim_that_lapsed_ends_no_other(store: impl Everything) {
    let user = UserId::new();
    let keys = store.stores().idempotency;
    assert_eq!(begin(&*keys, user, at(0)).await, Begun::New);
    assert_eq!(begin(&*keys, user, at(60)).await, Begun::New);
    keys.abandon(user, KEY, at(0)).await.unwrap();
    assert_eq!(begin(&*keys, user, at(61)).await, Begun::InProgress);
    keys.finish(user, KEY, at(0), &answer()).await.unwrap();
    assert_eq!(begin(&*keys, user, at(61)).await, Begun::InProgress);
    keys.finish(user, KEY, at(60), &answer()).await.unwrap();
    assert_eq!(begin(&*keys, user, at(61)).await, Begun::Replay(answer()));
}

pub(super) async fn a_key_belongs_to_one_request_of_one_person(store: impl Everything) {
    let (user, other) = (UserId::new(), UserId::new());
    let keys = store.stores().idempotency;
    assert_eq!(begin(&*keys, user, at(0)).await, Begun::New);
    assert_eq!(keys.begin(user, KEY, hash(2), at(1)).await.unwrap(), Begun::Mismatch);
    assert_eq!(begin(&*keys, other, at(1)).await, Begun::New);
    assert_eq!(keys.begin(user, "another", hash(2), at(1)).await.unwrap(), Begun::New);
}

pub(super) async fn what_was_claimed_while_a_clock_was_ahead_holds_nobody_off(
    store: impl Everything,
) {
    let user = UserId::new();
    let keys = store.stores().idempotency;
    assert_eq!(begin(&*keys, user, at(40 * DAY)).await, Begun::New);
    assert_eq!(begin(&*keys, user, at(0)).await, Begun::New);
}
