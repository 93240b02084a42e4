//! How often somebody may ask: named limits, each keyed by whom it holds back.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};

use super::error::ApiError;
use crate::{address::Neighbourhood, config};

/// All limits of the REST interface.
pub(crate) struct Limits {
    requests: Limit<Neighbourhood>,
    sign_ups: Limit<Neighbourhood>,
    logins: Limit<Neighbourhood>,
    mails: Limit<String>,
    invites: Limit<Neighbourhood>,
}

impl Limits {
    pub(crate) fn new(config: &config::Limits) -> Self {
        let logins = config.logins_per_minute;
        let mails = NonZeroU32::new(logins.get() / 2).unwrap_or(NonZeroU32::MIN);
        Self {
            requests: Limit::new("requests", Quota::per_minute(config.requests_per_minute)),
            sign_ups: Limit::new("sign_ups", Quota::per_hour(config.sign_ups_per_hour)),
            logins: Limit::new("logins", Quota::per_minute(logins)),
            mails: Limit::new("logins_of_one_mail", Quota::per_minute(mails)),
            invites: Limit::new("invites", Quota::per_minute(config.invites_per_minute)),
        }
    }

    /// Any request.
    pub(crate) fn request(&self, from: IpAddr) -> Result<(), ApiError> {
        self.requests.check(&Neighbourhood::of(from))
    }

    /// A new account.
    pub(crate) fn sign_up(&self, from: IpAddr) -> Result<(), ApiError> {
        self.sign_ups.check(&Neighbourhood::of(from))
    }

    /// An attempt to log in: many passwords for one account are held back, and one password for many accounts.
    pub(crate) fn log_in(&self, from: IpAddr, mail: &str) -> Result<(), ApiError> {
        self.logins.check(&Neighbourhood::of(from))?;
        self.mails.check(&mail.trim().to_lowercase())
    }

    /// A look at an invitation, or its use: whoever holds a link needs few, whoever guesses needs many.
    pub(crate) fn invite(&self, from: IpAddr) -> Result<(), ApiError> {
        self.invites.check(&Neighbourhood::of(from))
    }

    /// Forgets whom nothing holds back any more.
    pub(crate) fn sweep(&self) {
        self.requests.sweep();
        self.sign_ups.sweep();
        self.logins.sweep();
        self.mails.sweep();
        self.invites.sweep();
    }
}

/// One limit.
struct Limit<K: Hash + Eq + Clone> {
    name: &'static str,
    limiter: RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(name: &'static str, quota: Quota) -> Self {
        Self { name, limiter: RateLimiter::keyed(quota) }
    }

    fn check(&self, key: &K) -> Result<(), ApiError> {
        self.limiter.check_key(key).map_err(|until| {
            metrics::counter!("moim_limited_total", "limit" => self.name).increment(1);
            let wait: Duration = until.wait_time_from(self.limiter.clock().now());
            ApiError::Limited { limit: self.name, wait }
        })
    }

    fn sweep(&self) {
        self.limiter.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        limits: config::Limits,
    }

    fn limits(flags: &[&str]) -> Limits {
        let line = ["moim"].iter().chain(flags);
        Limits::new(&Command::try_parse_from(line).unwrap().limits)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn many_passwords_for_one_account_are_held_back_from_anywhere() {
        let limits = limits(&["--logins-per-minute", "8"]);
        let attempt = |host: u8| limits.log_in([10, 0, 0, host].into(), "Minji@example.org");
        assert!((0..4).all(|host| attempt(host).is_ok()));
        assert!(matches!(attempt(9), Err(ApiError::Limited { limit: "logins_of_one_mail", .. })));
    }

    #[test]
    fn one_address_is_held_back_whatever_accounts_it_tries() {
        let limits = limits(&["--logins-per-minute", "4"]);
        let attempt = |n: u8| limits.log_in(address("10.0.0.1"), &format!("{n}@example.org"));
        assert!((0..4).all(|n| attempt(n).is_ok()));
        assert!(matches!(attempt(9), Err(ApiError::Limited { limit: "logins", .. })));
        assert!(limits.log_in(address("10.0.0.2"), "9@example.org").is_ok());
    }
}
