//! Refresh tokens: each good once, and a stolen one ends its whole family.

use moim::store::{Liveness, RefreshToken, Rotation, Sessions};

use super::{
    Everything,
    records::{at, hash, known, token},
};

claims!($ sessions:
    a_token_is_exchanged_for_the_next,
    a_token_that_is_used_twice_ends_its_family,
    of_two_at_once_with_one_token_one_ends_the_family,
    an_expired_token_is_worth_nothing,
    an_ended_family_is_dead_and_the_others_live,
);

async fn login(store: &impl Everything, first: u8, expires: i64) -> RefreshToken {
    let user = known(&store.stores(), &format!("user{first}")).await;
    let token = token(user.id, hash(first), expires);
    store.stores().sessions.start(&token).await.unwrap();
    token
}

async fn rotate(sessions: &dyn Sessions, used: u8, next: u8) -> Rotation {
    sessions.rotate(hash(used), hash(next), at(10), at(1_000)).await.unwrap()
}

fn rotated(token: &RefreshToken) -> Rotation {
    Rotation::Rotated { user: token.user, family: token.family }
}

pub(super) async fn a_token_is_exchanged_for_the_next(mut store: impl Everything) {
    let token = login(&store, 1, 100).await;
    assert_eq!(rotate(&*store.stores().sessions, 1, 2).await, rotated(&token));
    store.kill().await;
    let sessions = store.stores().sessions;
    assert_eq!(rotate(&*sessions, 2, 3).await, rotated(&token));
    assert_eq!(sessions.liveness(token.family, at(999)).await.unwrap(), Liveness::Live);
    assert_eq!(sessions.liveness(token.family, at(1_000)).await.unwrap(), Liveness::Over);
}

pub(super) async fn a_token_that_is_used_twice_ends_its_family(store: impl Everything) {
    let token = login(&store, 1, 100).await;
    let sessions = store.stores().sessions;
    assert_eq!(rotate(&*sessions, 1, 2).await, rotated(&token));
    assert_eq!(rotate(&*sessions, 1, 3).await, Rotation::Reused);
    assert_eq!(sessions.liveness(token.family, at(10)).await.unwrap(), Liveness::Over);
    for dead in [1, 2, 3] {
        assert_eq!(rotate(&*sessions, dead, 4).await, Rotation::Invalid);
    }
}

pub(super) async fn of_two_at_once_with_one_token_one_ends_the_family(store: impl Everything) {
    let token = login(&store, 1, 100).await;
    let sessions = store.stores().sessions;
    let both = tokio::join!(rotate(&*sessions, 1, 2), rotate(&*sessions, 1, 3));
    let expected = (rotated(&token), Rotation::Reused);
    assert!(both == expected || (both.1, both.0) == expected, "{both:?}");
    assert_eq!(sessions.liveness(token.family, at(10)).await.unwrap(), Liveness::Over);
}

pub(super) async fn an_expired_token_is_worth_nothing(store: impl Everything) {
    let token = login(&store, 1, 10).await;
    let sessions = store.stores().sessions;
    assert_eq!(rotate(&*sessions, 1, 2).await, Rotation::Invalid);
    assert_eq!(rotate(&*sessions, 9, 2).await, Rotation::Invalid);
    assert_eq!(sessions.liveness(token.family, at(10)).await.unwrap(), Liveness::Over);
}

pub(super) async fn an_ended_family_is_dead_and_the_others_live(store: impl Everything) {
    let (mine, other) = (login(&store, 1, 100).await, login(&store, 2, 100).await);
    let sessions = store.stores().sessions;
    sessions.end(hash(1)).await.unwrap();
    sessions.end(hash(7)).await.unwrap();
    assert_eq!(sessions.liveness(mine.family, at(0)).await.unwrap(), Liveness::Over);
    assert_eq!(sessions.liveness(other.family, at(0)).await.unwrap(), Liveness::Live);
    assert_eq!(rotate(&*sessions, 1, 3).await, Rotation::Invalid);
}
