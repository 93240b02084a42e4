//! How often somebody may ask: named limits, each keyed by whom it holds back.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    Quota as OwnQuota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};
use jiff::Timestamp;
use tokio::time::timeout;

use super::error::ApiError;
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

/// All limits of the REST interface.
pub(crate) struct Limits {
    /// Each node counts for itself: to ask somebody at every request would be the flood that this holds back.
    requests: Own<Neighbourhood>,
    sign_ups: Shared,
    logins: Shared,
    mails: Shared,
    invites: Shared,
    saves: Shared,
    renewals: Shared,
    trips: Shared,
    rates: Arc<dyn Rates>,
}

impl Limits {
    pub(crate) fn new(config: &config::Limits, rates: Arc<dyn Rates>) -> Self {
        let logins = config.logins_per_minute;
        let mails = NonZeroU32::new(logins.get() / 2).unwrap_or(NonZeroU32::MIN);
        Self {
            requests: Own::new("requests", config.requests_per_minute, MINUTE),
            sign_ups: Shared::new("sign_ups", config.sign_ups_per_hour, HOUR),
            logins: Shared::new("logins", logins, MINUTE),
            mails: Shared::new("logins_of_one_mail", mails, MINUTE),
            invites: Shared::new("invites", config.invites_per_minute, MINUTE),
            saves: Shared::new("saves", config.saves_per_minute, MINUTE),
            renewals: Shared::new("renewals", config.renewals_per_hour, HOUR),
            trips: Shared::new("trips", config.trips_per_hour, HOUR),
            rates,
        }
    }

    /// Any request.
    pub(crate) fn request(&self, from: IpAddr) -> Result<(), ApiError> {
        self.requests.check(&Neighbourhood::of(from))
    }

    /// A new account.
    pub(crate) async fn sign_up(&self, from: IpAddr) -> Result<(), ApiError> {
        self.sign_ups.check(&*self.rates, &Neighbourhood::of(from).to_string()).await
    }

    /// An attempt to log in: many passwords for one account are held back, and one password for many accounts.
    pub(crate) async fn log_in(&self, from: IpAddr, mail: &str) -> Result<(), ApiError> {
        self.logins.check(&*self.rates, &Neighbourhood::of(from).to_string()).await?;
        self.mails.check(&*self.rates, &mail.trim().to_lowercase()).await
    }

    /// A look at an invitation, or its use: whoever holds a link needs few, whoever guesses needs many.
    pub(crate) async fn invite(&self, from: IpAddr) -> Result<(), ApiError> {
        self.invites.check(&*self.rates, &Neighbourhood::of(from).to_string()).await
    }

    /// A version that is saved or restored: each is the whole document once more. To be asked for who may do so.
    pub(crate) async fn save(&self, doc: DocId) -> Result<(), ApiError> {
        self.saves.check(&*self.rates, &doc.to_string()).await
    }

    /// A document that begins anew.
    pub(crate) async fn renewal(&self, doc: DocId) -> Result<(), ApiError> {
        self.renewals.check(&*self.rates, &doc.to_string()).await
    }

    /// A new trip, whatever it is made from.
    pub(crate) async fn trip(&self, by: UserId) -> Result<(), ApiError> {
        self.trips.check(&*self.rates, &by.to_string()).await
    }

    /// Forgets whom nothing holds back any more.
    pub(crate) fn sweep(&self) {
        self.requests.sweep();
        let by_address = [&self.sign_ups, &self.logins, &self.mails, &self.invites];
        for limit in by_address.into_iter().chain([&self.saves, &self.renewals, &self.trips]) {
            limit.alone.sweep();
        }
    }
}

/// A limit that all nodes count together.
struct Shared {
    name: &'static str,
    quota: Quota,
    /// What this node counts while nobody counts for all: nothing is ever unlimited.
    alone: Own<TokenHash>,
}

impl Shared {
    fn new(name: &'static str, count: NonZeroU32, within: Duration) -> Self {
        Self { name, quota: Quota::new(count, within), alone: Own::new(name, count, within) }
    }

    async fn check(&self, rates: &dyn Rates, key: &str) -> Result<(), ApiError> {
        // Nobody's address is kept.
        let who = TokenHash(digest_of(&[self.name.as_bytes(), b"\n", key.as_bytes()]));
        let counting = rates.take(who, self.quota, Timestamp::now());
        match timeout(COUNTED_WITHIN, counting).await {
            Ok(Ok(Taken::Granted)) => Ok(()),
            Ok(Ok(Taken::Wait(wait))) => Err(limited(self.name, wait)),
            Ok(Err(_)) | Err(_) => {
                metrics::counter!("moim_limits_alone_total", "limit" => self.name).increment(1);
                self.alone.check(&who)
            }
        }
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
    }

    fn limits(flags: &[&str]) -> Limits {
        let line = ["moim"].iter().chain(flags);
        Limits::new(&Command::try_parse_from(line).unwrap().limits, Arc::new(Away))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn alone_too_many_passwords_for_one_account_are_held_back_from_anywhere() {
        let limits = limits(&["--logins-per-minute", "8"]);
        let attempt = |host: u8| limits.log_in([10, 0, 0, host].into(), "Minji@example.org");
        for host in 0..4 {
            assert!(attempt(host).await.is_ok());
        }
        let limited = attempt(9).await;
        assert!(matches!(limited, Err(ApiError::Limited { limit: "logins_of_one_mail", .. })));
    }

    #[tokio::test]
    async fn alone_too_one_address_is_held_back_whatever_accounts_it_tries() {
        let limits = limits(&["--logins-per-minute", "4"]);
        for n in 0..4 {
            let mail = format!("{n}@example.org");
            assert!(limits.log_in(address("10.0.0.1"), &mail).await.is_ok());
        }
        let limited = limits.log_in(address("10.0.0.1"), "9@example.org").await;
        assert!(matches!(limited, Err(ApiError::Limited { limit: "logins", .. })));
        assert!(limits.log_in(address("10.0.0.2"), "9@example.org").await.is_ok());
    }
}
