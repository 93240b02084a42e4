//! What merging the edits of each person took lately: who takes much has to wait, and nobody else.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::{
    bucket::Bucket,
    crdt::{Limits, Work},
    ids::UserId,
};

/// Of so many people it is known at once what they took; beyond, those who took nothing lately are forgotten.
const PEOPLE: usize = 256;

/// The efforts that people caused in one room, also of those who left.
#[derive(Debug)]
pub(crate) struct Efforts {
    most: Work,
    per_second: Work,
    by_user: HashMap<UserId, Spent>,
}

#[derive(Debug)]
struct Spent {
    scan: Bucket,
    copy: Bucket,
}

impl Efforts {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { most: limits.work, per_second: limits.work_per_second, by_user: HashMap::new() }
    }

    /// What one update of this person may take: all that an update may, or nothing while the last ones are not
    /// paid for.
    pub(crate) fn left(&mut self, user: UserId, now: Instant) -> Work {
        let Some(spent) = self.by_user.get_mut(&user) else { return self.most };
        let paid = |bucket: &mut Bucket, most| if bucket.is_paid(now) { most } else { 0 };
        Work {
            scan: paid(&mut spent.scan, self.most.scan),
            copy: paid(&mut spent.copy, self.most.copy),
        }
    }

    /// Notes what an update took.
    pub(crate) fn spend(&mut self, user: UserId, work: Work, now: Instant) {
        if work == Work::default() {
            return;
        }
        if self.by_user.len() >= PEOPLE {
            self.by_user.retain(|_, spent| !spent.scan.is_full(now) || !spent.copy.is_full(now));
        }
        let (most, per_second) = (self.most, self.per_second);
        let spent = self.by_user.entry(user).or_insert_with(|| Spent {
            scan: bucket(most.scan, per_second.scan, now),
            copy: bucket(most.copy, per_second.copy, now),
        });
        spent.scan.spend(work.scan as f64, now);
        spent.copy.spend(work.copy as f64, now);
    }
}

fn bucket(most: u64, per_second: u64, now: Instant) -> Bucket {
    let burst = Duration::from_secs_f64(most as f64 / per_second.max(1) as f64);
    Bucket::new(u32::try_from(per_second).unwrap_or(u32::MAX), burst, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn efforts() -> Efforts {
        let limits = Limits {
            work: Work { scan: 1_000, copy: 5_000 },
            work_per_second: Work { scan: 10, copy: 100 },
            ..Limits::default()
        };
        Efforts::new(&limits)
    }

    #[test]
    fn who_takes_much_waits_until_it_is_paid_for_and_others_do_not() {
        let (mut efforts, mina, jun) = (efforts(), UserId::new(), UserId::new());
        let now = Instant::now();
        let all = efforts.left(mina, now);
        assert_eq!(all, Work { scan: 1_000, copy: 5_000 });
        efforts.spend(mina, Work { scan: 900, copy: 0 }, now);
        assert_eq!(efforts.left(mina, now), all, "a burst");
        efforts.spend(mina, Work { scan: 900, copy: 0 }, now);
        assert_eq!(efforts.left(mina, now), Work { scan: 0, copy: 5_000 });
        assert_eq!(efforts.left(jun, now), all);
        let due = now + Duration::from_secs(80);
        assert_eq!(efforts.left(mina, due - Duration::from_secs(1)).scan, 0);
        assert_eq!(efforts.left(mina, due), all);
    }

    #[test]
    fn only_those_are_forgotten_who_took_nothing_lately() {
        let (mut efforts, now) = (efforts(), Instant::now());
        let mina = UserId::new();
        efforts.spend(mina, Work { scan: 100_000, copy: 0 }, now);
        let later = now + Duration::from_secs(1_000);
        for _ in 0..PEOPLE {
            efforts.spend(UserId::new(), Work { scan: 1, copy: 1 }, now);
        }
        efforts.spend(UserId::new(), Work { scan: 1, copy: 1 }, later);
        assert_eq!(efforts.by_user.len(), 2);
        assert_eq!(efforts.left(mina, later).scan, 0);
    }
}
