//! How often somebody may ask: named limits, each keyed by whom it holds back.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use governor::{
    Quota as OwnQuota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};
use jiff::Timestamp;
use tokio::time::timeout;

use super::{
    error::ApiError,
    turns::{Turn, Turns},
};
use crate::{
    address::Neighbourhood,
    auth::digest_of,
    config,
    ids::{DocId, UserId},
    quota::Quota,
    store::{Rates, Taken, TokenHash},
};

/// Who counts for all nodes has so long to answer; then this node counts alone.
const COUNTED_WITHIN: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// How many times as often as from one address passwords for one account may fail from all of them together.
const FROM_EVERYWHERE: u32 = 5;

/// All limits of the REST interface.
pub(crate) struct Limits {
    /// Each node counts for itself: to ask somebody at every request would be the flood that this holds back.
    requests: Own<Neighbourhood>,
    sign_ups: Shared,
    logins: Shared,
    mails: Shared,
    everywhere: Shared,
    devices: Shared,
    invites: Shared,
    saves: Shared,
    renewals: Shared,
    trips: Shared,
    turns: Turns,
    rates: Arc<dyn Rates>,
}

/// Who tries to log in.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a> {
    /// Where from.
    pub(crate) from: IpAddr,
    /// As whom: the mail address, in its one spelling.
    pub(crate) mail: &'a str,
    /// The account whose owner has used this very device before.
    pub(crate) known_to: Option<UserId>,
}

/// Something that counts only if it fails: what it took is given back unless it did.
#[must_use]
pub(crate) struct Attempt {
    taken: Vec<Count>,
    _turn: Option<Turn>,
}

impl Limits {
    pub(crate) fn new(config: &config::Limits, rates: Arc<dyn Rates>) -> Self {
        let logins = config.logins_per_minute;
        let half = NonZeroU32::new(logins.get() / 2).unwrap_or(NonZeroU32::MIN);
        let many = logins.saturating_mul(NonZeroU32::MIN.saturating_add(FROM_EVERYWHERE - 1));
        Self {
            requests: Own::new("requests", config.requests_per_minute, MINUTE),
            sign_ups: Shared::new("sign_ups", config.sign_ups_per_hour, HOUR),
            logins: Shared::new("logins", logins, MINUTE),
            mails: Shared::new("logins_of_one_mail", half, MINUTE),
            everywhere: Shared::new("logins_of_one_mail_everywhere", many, MINUTE),
            devices: Shared::new("logins_of_one_device", half, MINUTE),
            invites: Shared::new("invites", config.invites_per_minute, MINUTE),
            saves: Shared::new("saves", config.saves_per_minute, MINUTE),
            renewals: Shared::new("renewals", config.renewals_per_hour, HOUR),
            trips: Shared::new("trips", config.trips_per_hour, HOUR),
            turns: Turns::new(half),
            rates,
        }
    }

    /// Any request.
    pub(crate) fn request(&self, from: IpAddr) -> Result<(), ApiError> {
        self.requests.check(&Neighbourhood::of(from))
    }

    /// A new account.
    pub(crate) async fn sign_up(&self, from: IpAddr) -> Result<Attempt, ApiError> {
        let key = Neighbourhood::of(from).to_string();
        self.attempt(None, &[(&self.sign_ups, key.as_str())]).await
    }

    /// An attempt to log in. From a device that nobody knows three things are held back: one address that tries
    /// passwords, also one password for many accounts; one that tries many passwords for one account; and many addresses that
    /// try them for one account. None of that holds back a device on which the account's owner has been before:
    /// it has a count of its own.
    pub(crate) async fn log_in(&self, visit: Visit<'_>) -> Result<Attempt, ApiError> {
        let Visit { from, mail, known_to } = visit;
        if let Some(user) = known_to {
            let device = user.to_string();
            let turn = self.turns.wait_for(key_of("device", &device)).await?;
            return self.attempt(Some(turn), &[(&self.devices, device.as_str())]).await;
        }
        let address = Neighbourhood::of(from).to_string();
        let both = format!("{address}\n{mail}");
        let turn = self.turns.wait_for(key_of("address", &address)).await?;
        let limits = [
            (&self.logins, address.as_str()),
            (&self.mails, both.as_str()),
            (&self.everywhere, mail),
        ];
        self.attempt(Some(turn), &limits).await
    }

    /// A guess at a secret that is no password: counted with the log-ins that fail from one address.
    pub(crate) async fn guess(&self, from: IpAddr) -> Result<Attempt, ApiError> {
        let address = Neighbourhood::of(from).to_string();
        let turn = self.turns.wait_for(key_of("address", &address)).await?;
        self.attempt(Some(turn), &[(&self.logins, address.as_str())]).await
    }

    /// The attempt did not fail: it does not count.
    pub(crate) async fn forget(&self, attempt: Attempt) {
        for count in attempt.taken {
            self.give_back(count).await;
        }
    }

    /// A look at an invitation, or its use: whoever holds a link needs few, whoever guesses needs many.
    pub(crate) async fn invite(&self, from: IpAddr) -> Result<(), ApiError> {
        self.invites.take(&*self.rates, &Neighbourhood::of(from).to_string()).await.map(drop)
    }

    /// A version that is saved or restored: each is the whole document once more. To be asked for who may do so.
    pub(crate) async fn save(&self, doc: DocId) -> Result<(), ApiError> {
        self.saves.take(&*self.rates, &doc.to_string()).await.map(drop)
    }

    /// A document that begins anew.
    pub(crate) async fn renewal(&self, doc: DocId) -> Result<(), ApiError> {
        self.renewals.take(&*self.rates, &doc.to_string()).await.map(drop)
    }

    /// A new trip, whatever it is made from.
    pub(crate) async fn trip(&self, by: UserId) -> Result<(), ApiError> {
        self.trips.take(&*self.rates, &by.to_string()).await.map(drop)
    }

    /// Forgets whom nothing holds back any more.
    pub(crate) fn sweep(&self) {
        self.requests.sweep();
        self.shared().for_each(|limit| limit.alone.sweep());
        self.turns.sweep();
    }

    fn shared(&self) -> impl Iterator<Item = &Shared> {
        let Self { sign_ups, logins, mails, everywhere, devices, .. } = self;
        let Self { invites, saves, renewals, trips, .. } = self;
        [sign_ups, logins, mails, everywhere, devices, invites, saves, renewals, trips].into_iter()
    }

    /// Takes one of each, or none.
    async fn attempt(
        &self,
        turn: Option<Turn>,
        limits: &[(&Shared, &str)],
    ) -> Result<Attempt, ApiError> {
        let mut attempt = Attempt { taken: Vec::new(), _turn: turn };
        for (limit, key) in limits {
            match limit.take(&*self.rates, key).await {
                Ok(count) => attempt.taken.push(count),
                Err(refused) => {
                    self.forget(attempt).await;
                    return Err(refused);
                }
            }
        }
        Ok(attempt)
    }

    async fn give_back(&self, count: Count) {
        let Count { limit, who, counted_by } = count;
        let Some(limit) = self.shared().find(|shared| shared.name == limit) else { return };
        match counted_by {
            CountedBy::All => {
                let giving = self.rates.give_back(who, limit.quota);
                // At worst it counts.
                timeout(COUNTED_WITHIN, giving).await.ok();
            }
            CountedBy::ThisNode => limit.alone.give_back(who),
        }
    }
}

/// One that was taken, by its limit's name.
struct Count {
    limit: &'static str,
    who: TokenHash,
    counted_by: CountedBy,
}

#[derive(Clone, Copy)]
enum CountedBy {
    All,
    ThisNode,
}

/// Nobody's address is kept.
fn key_of(name: &str, key: &str) -> TokenHash {
    TokenHash(digest_of(&[name.as_bytes(), b"\n", key.as_bytes()]))
}

/// A limit that all nodes count together.
struct Shared {
    name: &'static str,
    quota: Quota,
    /// What this node counts while nobody counts for all: nothing is ever unlimited.
    alone: Alone,
}

impl Shared {
    fn new(name: &'static str, count: NonZeroU32, within: Duration) -> Self {
        let quota = Quota::new(count, within);
        Self { name, quota, alone: Alone::new(quota) }
    }

    async fn take(&self, rates: &dyn Rates, key: &str) -> Result<Count, ApiError> {
        let who = key_of(self.name, key);
        let counting = rates.take(who, self.quota, Timestamp::now());
        let (taken, counted_by) = match timeout(COUNTED_WITHIN, counting).await {
            Ok(Ok(taken)) => (taken, CountedBy::All),
            Ok(Err(_)) | Err(_) => {
                metrics::counter!("moim_limits_alone_total", "limit" => self.name).increment(1);
                (self.alone.take(who), CountedBy::ThisNode)
            }
        };
        match taken {
            Taken::Granted => Ok(Count { limit: self.name, who, counted_by }),
            Taken::Wait(wait) => Err(limited(self.name, wait)),
        }
    }
}

/// What one node counts in memory, by a clock that nobody sets.
struct Alone {
    quota: Quota,
    began: Instant,
    free: Mutex<HashMap<TokenHash, i64>>,
}

impl Alone {
    fn new(quota: Quota) -> Self {
        Self { quota, began: Instant::now(), free: Mutex::default() }
    }

    fn take(&self, who: TokenHash) -> Taken {
        let (now, mut free) = (self.now(), self.free());
        match self.quota.take(free.get(&who).copied(), now) {
            Ok(next) => {
                free.insert(who, next);
                Taken::Granted
            }
            Err(wait) => Taken::Wait(wait),
        }
    }

    fn give_back(&self, who: TokenHash) {
        if let Some(free) = self.free().get_mut(&who) {
            *free -= self.quota.step();
        }
    }

    fn sweep(&self) {
        let now = self.now();
        self.free().retain(|_, free| *free > now);
    }

    fn now(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn free(&self) -> MutexGuard<'_, HashMap<TokenHash, i64>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A limit that this node counts for itself.
struct Own<K: Hash + Eq + Clone> {
    name: &'static str,
    limiter: RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>,
}

impl<K: Hash + Eq + Clone> Own<K> {
    fn new(name: &'static str, count: NonZeroU32, within: Duration) -> Self {
        let quota = OwnQuota::with_period(within / count.get())
            .unwrap_or(OwnQuota::per_second(count))
            .allow_burst(count);
        Self { name, limiter: RateLimiter::keyed(quota) }
    }

    fn check(&self, key: &K) -> Result<(), ApiError> {
        self.limiter
            .check_key(key)
            .map_err(|until| limited(self.name, until.wait_time_from(self.limiter.clock().now())))
    }

    fn sweep(&self) {
        self.limiter.retain_recent();
    }
}

fn limited(limit: &'static str, wait: Duration) -> ApiError {
    metrics::counter!("moim_limited_total", "limit" => limit).increment(1);
    ApiError::Limited { limit, wait }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use clap::Parser;

    use super::*;
    use crate::store::{self, StoreError};

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        limits: config::Limits,
    }

    /// Nobody counts for all nodes.
    struct Away;

    #[async_trait]
    impl Rates for Away {
        async fn take(&self, _: TokenHash, _: Quota, _: Timestamp) -> store::Result<Taken> {
            Err(StoreError::Unavailable("away".to_owned()))
        }

        async fn give_back(&self, _: TokenHash, _: Quota) -> store::Result<()> {
            Err(StoreError::Unavailable("away".to_owned()))
        }
    }

    fn limits(flags: &[&str]) -> Limits {
        let line = ["moim"].iter().chain(flags);
        Limits::new(&Command::try_parse_from(line).unwrap().limits, Arc::new(Away))
    }

    /// A log-in that fails, from this host.
    async fn fail(limits: &Limits, host: u8, mail: &str) -> Option<&'static str> {
        let visit = Visit { from: [10, 0, 0, host].into(), mail, known_to: None };
        refused(limits.log_in(visit).await)
    }

    fn refused(attempt: Result<Attempt, ApiError>) -> Option<&'static str> {
        match attempt {
            Ok(_) => None,
            Err(ApiError::Limited { limit, .. }) => Some(limit),
            Err(other) => panic!("{other:?}"),
        }
    }

    const MINJI: &str = "minji@example.org";

    #[tokio::test]
    async fn strangers_who_try_passwords_do_not_lock_an_account_for_others() {
        let limits = limits(&["--logins-per-minute", "8"]);
        for _ in 0..4 {
            assert_eq!(fail(&limits, 1, MINJI).await, None);
        }
        assert_eq!(fail(&limits, 1, MINJI).await, Some("logins_of_one_mail"));
        assert_eq!(fail(&limits, 2, MINJI).await, None, "from elsewhere");
    }

    #[tokio::test]
    async fn one_address_is_held_back_whatever_accounts_it_tries() {
        let limits = limits(&["--logins-per-minute", "4"]);
        for n in 0..4 {
            assert_eq!(fail(&limits, 1, &format!("{n}@example.org")).await, None);
        }
        assert_eq!(fail(&limits, 1, "9@example.org").await, Some("logins"));
        assert_eq!(fail(&limits, 2, "9@example.org").await, None);
    }

    #[tokio::test]
    async fn many_addresses_that_try_one_account_are_held_back_and_its_owners_device_is_not() {
        let limits = limits(&["--logins-per-minute", "4"]);
        for host in 0..20 {
            assert_eq!(fail(&limits, host, MINJI).await, None);
        }
        assert_eq!(fail(&limits, 99, MINJI).await, Some("logins_of_one_mail_everywhere"));
        let known_to = Some(UserId::new());
        let known = Visit { from: [10, 0, 0, 1].into(), mail: MINJI, known_to };
        for _ in 0..2 {
            assert_eq!(refused(limits.log_in(known).await), None);
        }
        assert_eq!(refused(limits.log_in(known).await), Some("logins_of_one_device"));
    }

    #[tokio::test]
    async fn what_does_not_fail_does_not_count() {
        let limits = limits(&["--logins-per-minute", "2", "--sign-ups-per-hour", "1"]);
        let visit = Visit { from: [10, 0, 0, 1].into(), mail: MINJI, known_to: None };
        for _ in 0..9 {
            limits.forget(limits.log_in(visit).await.unwrap()).await;
            limits.forget(limits.sign_up(visit.from).await.unwrap()).await;
        }
        assert_eq!(fail(&limits, 1, MINJI).await, None);
        // What was refused by one limit counts in none of them.
        assert_eq!(fail(&limits, 1, MINJI).await, Some("logins_of_one_mail"));
        assert_eq!(fail(&limits, 1, "jun@example.org").await, None);
    }
}
