//! Refresh tokens: each exchanged once, the same successor for who asks again at once, and the end of a family when
//! one is used again later.

use futures_util::future::join_all;
use moim::store::{
    Liveness, REUSE_GRACE, RefreshToken, Rotation, Salt, Sessions, Successor, TokenOwner,
};

use super::{
    Everything,
    records::{at, hash, known, token},
};

claims!($ sessions:
    a_token_is_exchanged_for_the_next,
    a_token_that_is_used_again_at_once_leads_to_the_same_successor,
    of_many_at_once_with_one_token_all_are_led_to_one_successor,
    a_successor_is_not_exchanged_while_its_predecessor_is_in_its_grace,
    a_token_that_is_used_again_later_ends_its_family,
    a_token_from_before_the_last_exchange_ends_its_family,
    the_grace_does_not_last_longer_because_a_clock_was_ahead,
    an_expired_token_is_worth_nothing,
    an_ended_family_is_dead_and_the_others_live,
    all_families_of_a_person_end_and_no_others,
);

/// Seconds: when the first exchange is, and when its grace is over.
const FIRST: i64 = 10;
const OVER: i64 = FIRST + REUSE_GRACE.as_secs();

async fn login(store: &impl Everything, first: u8, expires: i64) -> RefreshToken {
    let user = known(&store.stores(), &format!("user{first}")).await;
    let token = token(user.id, hash(first), expires);
    store.stores().sessions.start(&token).await.unwrap();
    token
}

pub(super) fn successor(next: u8) -> Successor {
    Successor { hash: hash(next), salt: Salt([next; 32]), expires: at(1_000) }
}

async fn rotate(sessions: &dyn Sessions, used: u8, next: u8, now: i64) -> Rotation {
    sessions.rotate(hash(used), successor(next), at(now)).await.unwrap()
}

fn owner(token: &RefreshToken) -> TokenOwner {
    TokenOwner { user: token.user, family: token.family }
}

fn repeated(token: &RefreshToken, next: u8) -> Rotation {
    Rotation::Repeated(owner(token), Salt([next; 32]))
}

pub(super) async fn a_token_is_exchanged_for_the_next(mut store: impl Everything) {
    let token = login(&store, 1, 100).await;
    let rotated = Rotation::Rotated(owner(&token));
    assert_eq!(rotate(&*store.stores().sessions, 1, 2, FIRST).await, rotated);
    store.kill().await;
    let sessions = store.stores().sessions;
    assert_eq!(rotate(&*sessions, 2, 3, OVER).await, rotated);
    assert_eq!(sessions.liveness(token.family, at(999)).await.unwrap(), Liveness::Live);
    assert_eq!(sessions.liveness(token.family, at(1_000)).await.unwrap(), Liveness::Over);
}

pub(super) async fn a_token_that_is_used_again_at_once_leads_to_the_same_successor(
    mut store: impl Everything,
) {
    let token = login(&store, 1, 100).await;
    rotate(&*store.stores().sessions, 1, 2, FIRST).await;
    assert_eq!(rotate(&*store.stores().sessions, 1, 3, FIRST).await, repeated(&token, 2));
    store.kill().await;
    let sessions = store.stores().sessions;
    assert_eq!(rotate(&*sessions, 1, 4, OVER - 1).await, repeated(&token, 2));
    // What was offered in vain is worth nothing, and what is in force is.
    assert_eq!(rotate(&*sessions, 3, 5, OVER).await, Rotation::Invalid);
    assert_eq!(rotate(&*sessions, 2, 5, OVER).await, Rotation::Rotated(owner(&token)));
    assert_eq!(sessions.liveness(token.family, at(OVER)).await.unwrap(), Liveness::Live);
}

pub(super) async fn of_many_at_once_with_one_token_all_are_led_to_one_successor(
    store: impl Everything,
) {
    let token = login(&store, 1, 100).await;
    let sessions = store.stores().sessions;
    let all = join_all((2..8).map(|next| rotate(&*sessions, 1, next, FIRST))).await;
    let first = all.iter().position(|one| *one == Rotation::Rotated(owner(&token)));
    let winner = u8::try_from(first.expect("one is first")).unwrap() + 2;
    let others = all.iter().filter(|one| **one == repeated(&token, winner)).count();
    assert_eq!(others, all.len() - 1, "{all:?}");
    assert_eq!(rotate(&*sessions, winner, 9, OVER).await, Rotation::Rotated(owner(&token)));
}

pub(super) async fn a_successor_is_not_exchanged_while_its_predecessor_is_in_its_grace(
    store: impl Everything,
) {
    let token = login(&store, 1, 100).await;
    let sessions = store.stores().sessions;
    rotate(&*sessions, 1, 2, FIRST).await;
    for now in [FIRST, OVER - 1] {
        assert_eq!(rotate(&*sessions, 2, 3, now).await, Rotation::Kept(owner(&token)));
        assert_eq!(rotate(&*sessions, 1, 3, now).await, repeated(&token, 2));
    }
    assert_eq!(rotate(&*sessions, 2, 4, OVER).await, Rotation::Rotated(owner(&token)));
    assert_eq!(rotate(&*sessions, 2, 5, OVER).await, repeated(&token, 4));
}

pub(super) async fn a_token_that_is_used_again_later_ends_its_family(store: impl Everything) {
    let token = login(&store, 1, 100).await;
    let sessions = store.stores().sessions;
    rotate(&*sessions, 1, 2, FIRST).await;
    assert_eq!(rotate(&*sessions, 1, 3, OVER).await, Rotation::Reused);
    assert_eq!(sessions.liveness(token.family, at(OVER)).await.unwrap(), Liveness::Over);
    for dead in [1, 2, 3] {
        assert_eq!(rotate(&*sessions, dead, 4, OVER).await, Rotation::Invalid);
    }
}

pub(super) async fn a_token_from_before_the_last_exchange_ends_its_family(store: impl Everything) {
    let token = login(&store, 1, 1_000).await;
    let sessions = store.stores().sessions;
    rotate(&*sessions, 1, 2, FIRST).await;
    rotate(&*sessions, 2, 3, OVER).await;
    assert_eq!(rotate(&*sessions, 1, 4, OVER).await, Rotation::Reused);
    assert_eq!(sessions.liveness(token.family, at(OVER)).await.unwrap(), Liveness::Over);
}

pub(super) async fn the_grace_does_not_last_longer_because_a_clock_was_ahead(
    store: impl Everything,
) {
    const AHEAD: i64 = 40 * 24 * 3_600;
    let sessions = store.stores().sessions;
    for (first, used_again) in [(1, true), (4, false)] {
        let token = login(&store, first, 2 * AHEAD).await;
        let next = Successor { expires: at(3 * AHEAD), ..successor(first + 1) };
        sessions.rotate(hash(first), next, at(AHEAD)).await.unwrap();
        // The clock is right again.
        let (presented, expected) = if used_again {
            (first, Rotation::Reused)
        } else {
            (first + 1, Rotation::Rotated(owner(&token)))
        };
        assert_eq!(rotate(&*sessions, presented, first + 2, FIRST).await, expected);
    }
}

pub(super) async fn an_expired_token_is_worth_nothing(store: impl Everything) {
    let token = login(&store, 1, 10).await;
    let sessions = store.stores().sessions;
    assert_eq!(rotate(&*sessions, 1, 2, FIRST).await, Rotation::Invalid);
    assert_eq!(rotate(&*sessions, 9, 2, FIRST).await, Rotation::Invalid);
    assert_eq!(sessions.liveness(token.family, at(10)).await.unwrap(), Liveness::Over);
}

pub(super) async fn an_ended_family_is_dead_and_the_others_live(store: impl Everything) {
    let (mine, other) = (login(&store, 1, 100).await, login(&store, 2, 100).await);
    let sessions = store.stores().sessions;
    sessions.end(hash(1)).await.unwrap();
    sessions.end(hash(7)).await.unwrap();
    assert_eq!(sessions.liveness(mine.family, at(0)).await.unwrap(), Liveness::Over);
    assert_eq!(sessions.liveness(other.family, at(0)).await.unwrap(), Liveness::Live);
    assert_eq!(rotate(&*sessions, 1, 3, FIRST).await, Rotation::Invalid);
}

pub(super) async fn all_families_of_a_person_end_and_no_others(store: impl Everything) {
    let (mine, other) = (login(&store, 1, 100).await, login(&store, 2, 100).await);
    let sessions = store.stores().sessions;
    let second = token(mine.user, hash(3), 100);
    sessions.start(&second).await.unwrap();
    rotate(&*sessions, 1, 4, FIRST).await;
    sessions.end_all(mine.user).await.unwrap();
    for family in [mine.family, second.family] {
        assert_eq!(sessions.liveness(family, at(FIRST)).await.unwrap(), Liveness::Over);
    }
    for dead in [1, 3, 4] {
        assert_eq!(rotate(&*sessions, dead, 5, FIRST).await, Rotation::Invalid);
    }
    assert_eq!(sessions.liveness(other.family, at(FIRST)).await.unwrap(), Liveness::Live);
    let third = token(mine.user, hash(6), 100);
    sessions.start(&third).await.unwrap();
    assert_eq!(sessions.liveness(third.family, at(FIRST)).await.unwrap(), Liveness::Live);
}
