//! What people are told: numbered without holes, kept up to a limit, and read once.

use std::sync::Arc;

use futures_util::future::join_all;
use moim::{
    ids::{DocId, Role, UserId},
    store::{MAX_NOTICES, NewNotice, NoticeKind, Notices, Standing},
};

use super::{
    Everything,
    records::{at, trip},
};

claims!($ notices:
    what_was_told_comes_back_in_its_order,
    everybody_has_numbers_of_their_own,
    many_who_tell_at_once_leave_no_hole,
    what_is_posted_again_is_there_once,
    what_was_read_stays_read_and_never_goes_beyond_the_last,
    of_too_many_the_oldest_go,
    what_was_told_and_read_survives,
);

fn notice(kind: NoticeKind, trip: DocId, role: Option<Role>) -> NewNotice {
    NewNotice { kind, trip, title: "제주".to_owned(), by: UserId::new(), role }
}

fn begun(store: &impl Everything) -> (Arc<dyn Notices>, UserId) {
    (store.stores().notices, UserId::new())
}

async fn told(notices: &dyn Notices, user: UserId, times: u64) {
    for number in 1..=times {
        let joined = notice(NoticeKind::Joined, trip(), Some(Role::Editor));
        assert_eq!(notices.post(user, &joined, at(number as i64)).await.unwrap(), number);
    }
}

async fn seqs(notices: &dyn Notices, user: UserId, after: u64) -> Vec<u64> {
    let (found, _) = notices.since(user, after, usize::MAX).await.unwrap();
    found.iter().map(|notice| notice.seq).collect()
}

pub(super) async fn what_was_told_comes_back_in_its_order(store: impl Everything) {
    let (notices, user) = begun(&store);
    assert_eq!(notices.since(user, 0, 10).await.unwrap(), (vec![], Standing::default()));
    let kinds = [
        (NoticeKind::Joined, Some(Role::Editor)),
        (NoticeKind::Left, None),
        (NoticeKind::RoleChanged, Some(Role::Viewer)),
        (NoticeKind::Removed, None),
        (NoticeKind::Trashed, None),
        (NoticeKind::Untrashed, None),
        (NoticeKind::VersionRestored, None),
        (NoticeKind::BeganAnew, None),
    ];
    let said = kinds.map(|(kind, role)| notice(kind, trip(), role));
    for (number, one) in said.iter().enumerate() {
        notices.post(user, one, at(number as i64)).await.unwrap();
    }
    let (found, standing) = notices.since(user, 0, 100).await.unwrap();
    assert_eq!(found.iter().map(|one| one.said.clone()).collect::<Vec<_>>(), said);
    assert!(found.iter().enumerate().all(|(number, one)| one.at == at(number as i64)));
    assert_eq!(standing, Standing { last: 8, read: 0, oldest: 1 });
    let (some, _) = notices.since(user, 2, 3).await.unwrap();
    assert_eq!(some, found[2..5]);
    for beyond in [8, 9, u64::MAX] {
        assert_eq!(notices.since(user, beyond, 3).await.unwrap(), (vec![], standing));
    }
}

pub(super) async fn everybody_has_numbers_of_their_own(store: impl Everything) {
    let (notices, user) = begun(&store);
    told(&*notices, user, 3).await;
    let other = UserId::new();
    told(&*notices, other, 1).await;
    notices.mark_read(user, 3).await.unwrap();
    assert_eq!(notices.since(other, 0, 9).await.unwrap().1.unread(), 1);
    assert_eq!(seqs(&*notices, user, 0).await, [1, 2, 3]);
}

pub(super) async fn many_who_tell_at_once_leave_no_hole(store: impl Everything) {
    let (notices, user) = begun(&store);
    let left = notice(NoticeKind::Left, trip(), None);
    let posts = (0..40).map(|number| notices.post(user, &left, at(number)));
    let mut numbers: Vec<_> = join_all(posts).await.into_iter().map(Result::unwrap).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    assert_eq!(seqs(&*notices, user, 0).await, numbers);
}

pub(super) async fn what_is_posted_again_is_there_once(store: impl Everything) {
    let (notices, user) = begun(&store);
    let joined = notice(NoticeKind::Joined, trip(), Some(Role::Editor));
    let left = NewNotice { kind: NoticeKind::Left, role: None, ..joined.clone() };
    let elsewhere = NewNotice { trip: trip(), ..joined.clone() };
    let by_another = NewNotice { by: UserId::new(), ..joined.clone() };
    for again in 0..2 {
        for (number, said) in (1..).zip([&joined, &left, &elsewhere, &by_another]) {
            assert_eq!(notices.post(user, said, at(1)).await.unwrap(), number, "time {again}");
        }
    }
    assert_eq!(notices.post(user, &joined, at(2)).await.unwrap(), 5, "later is another time");
    assert_eq!(notices.post(UserId::new(), &joined, at(1)).await.unwrap(), 1);
}

pub(super) async fn what_was_read_stays_read_and_never_goes_beyond_the_last(
    store: impl Everything,
) {
    let (notices, user) = begun(&store);
    assert_eq!(notices.mark_read(user, 7).await.unwrap(), Standing::default());
    told(&*notices, user, 4).await;
    let read = async |until| notices.mark_read(user, until).await.unwrap();
    assert_eq!((read(2).await.read, read(1).await.read), (2, 2));
    assert_eq!(read(2).await.unread(), 2);
    let (one, other) = tokio::join!(notices.mark_read(user, 3), notices.mark_read(user, 2));
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(notices.since(user, 0, 0).await.unwrap().1.read, 3);
    for until in [5, u64::MAX] {
        assert_eq!(read(until).await, Standing { last: 4, read: 4, oldest: 1 });
    }
    assert_eq!(
        notices.post(user, &notice(NoticeKind::Left, trip(), None), at(9)).await.unwrap(),
        5
    );
    assert_eq!(notices.since(user, 4, 9).await.unwrap().1.unread(), 1);
}

pub(super) async fn of_too_many_the_oldest_go(store: impl Everything) {
    let (notices, user) = begun(&store);
    told(&*notices, user, MAX_NOTICES + 3).await;
    let (found, standing) = notices.since(user, 0, usize::MAX).await.unwrap();
    assert_eq!(found.len() as u64, MAX_NOTICES);
    assert_eq!((found[0].seq, standing.oldest, standing.last), (4, 4, MAX_NOTICES + 3));
    assert_eq!(standing.unread(), MAX_NOTICES);
}

pub(super) async fn what_was_told_and_read_survives(mut store: impl Everything) {
    let (notices, user) = begun(&store);
    told(&*notices, user, 3).await;
    notices.mark_read(user, 2).await.unwrap();
    store.kill().await;
    let (found, standing) = store.stores().notices.since(user, 0, 9).await.unwrap();
    assert_eq!((found.len(), standing), (3, Standing { last: 3, read: 2, oldest: 1 }));
}
