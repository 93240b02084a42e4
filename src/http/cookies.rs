//! The cookies of this server: what they are called, what they hold, and how they are found again.
//!
//! Browsers keep cookies by host and not by port: two servers on one host see each other's. So their names hold the id of
//! the data that the server is on.

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use jiff::Timestamp;

use crate::{
    accounts::{Accounts, REFRESH_LIFE},
    auth::{DEVICE_LIFE, Issued, digest},
    ids::UserId,
};

/// The refresh token's cookie, before names held an id.
const OLD_REFRESH: &str = "moim_refresh";

/// Nothing but the sessions gets to see them.
const PATH: &str = "/api/v1/sessions";

/// Accounts that one browser is known to. Of more, those that were used longest ago are forgotten.
const MOST_DEVICES: usize = 8;

/// How the cookies of this server are written and read.
pub(crate) struct Cookies {
    refresh: String,
    device: String,
    need_tls: bool,
}

/// A refresh token as it was found.
pub(crate) struct Presented<'a> {
    pub(crate) token: &'a str,
    /// It came in the cookie that is not written any more.
    pub(crate) is_old: bool,
}

impl Cookies {
    pub(crate) fn new(instance: &str, need_tls: bool) -> Self {
        Self {
            refresh: format!("{OLD_REFRESH}_{instance}"),
            device: format!("moim_device_{instance}_"),
            need_tls,
        }
    }

    /// The refresh token that the browser sent. The old cookie may be another server's, so it counts only where
    /// there is no other.
    pub(crate) fn refresh_token<'a>(&self, headers: &'a HeaderMap) -> Option<Presented<'a>> {
        let find = |wanted: &str| pairs(headers).find(|(name, _)| *name == wanted);
        let new = find(&self.refresh).map(|(_, token)| Presented { token, is_old: false });
        new.or_else(|| find(OLD_REFRESH).map(|(_, token)| Presented { token, is_old: true }))
    }

    /// Whether this browser is known to this account.
    pub(crate) fn is_known(
        &self,
        headers: &HeaderMap,
        user: UserId,
        accounts: &Accounts,
        now: Timestamp,
    ) -> bool {
        let name = self.device_name(user);
        let mut tokens = pairs(headers).filter(|(found, _)| *found == name);
        tokens.any(|(_, token)| {
            accounts.device_owner(token, now).is_some_and(|device| device.user == user)
        })
    }

    /// What to say after a log-in or a refresh: the new token, that the browser is known, and what to forget.
    pub(crate) fn begin(
        &self,
        headers: &HeaderMap,
        user: UserId,
        refresh: &str,
        device: &Issued,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let mut said = vec![self.set(&self.refresh, refresh, REFRESH_LIFE.as_secs())];
        said.push(self.set(&self.device_name(user), &device.token, DEVICE_LIFE.as_secs()));
        said.extend(self.surplus_devices(headers, user).map(|name| self.set(name, "", 0)));
        if self.refresh_token(headers).is_some_and(|presented| presented.is_old) {
            said.push(self.set(OLD_REFRESH, "", 0));
        }
        said
    }

    /// What to say after a log-out. The browser stays known.
    pub(crate) fn end(&self, headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
        let mut said = vec![self.set(&self.refresh, "", 0)];
        if self.refresh_token(headers).is_some_and(|presented| presented.is_old) {
            said.push(self.set(OLD_REFRESH, "", 0));
        }
        said
    }

    /// A name for each account, so that two that log in at once don't overwrite each other. It tells nobody which.
    fn device_name(&self, user: UserId) -> String {
        let digits: String =
            digest(&user.to_string())[..4].iter().map(|b| format!("{b:02x}")).collect();
        format!("{}{digits}", self.device)
    }

    /// Browsers send what they have had for longest first.
    fn surplus_devices<'a>(
        &self,
        headers: &'a HeaderMap,
        user: UserId,
    ) -> impl Iterator<Item = &'a str> {
        let own = self.device_name(user);
        let others = pairs(headers).map(|(name, _)| name);
        let others: Vec<_> =
            others.filter(|name| name.starts_with(&self.device) && *name != own).collect();
        let surplus = (others.len() + 1).saturating_sub(MOST_DEVICES);
        others.into_iter().take(surplus)
    }

    fn set(&self, name: &str, value: &str, seconds: i64) -> (HeaderName, HeaderValue) {
        let secure = if self.need_tls { "; Secure" } else { "" };
        let text = format!(
            "{name}={value}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
        );
        let mut value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        (SET_COOKIE, value)
    }
}

/// The names and the values, but those that are empty.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(_, value)| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(line: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(line).unwrap())])
    }

    #[test]
    fn a_server_finds_its_own_cookie_among_others() {
        let cookies = Cookies::new("0a1b", false);
        let find = |line: &str| {
            let headers = headers(line);
            let found = cookies.refresh_token(&headers);
            found.map(|found| (found.token.to_owned(), found.is_old))
        };
        let new = |token: &str| Some((token.to_owned(), false));
        assert_eq!(find("theme=dark; moim_refresh_0a1b=abc; x=1"), new("abc"));
        assert_eq!(find("moim_refresh=old; moim_refresh_0a1b=abc"), new("abc"));
        assert_eq!(
            find("moim_refresh_ffff=other; moim_refresh=old"),
            Some(("old".to_owned(), true))
        );
        assert_eq!(find("moim_refresh_ffff=other; xmoim_refresh=abc"), None);
        assert_eq!(find("moim_refresh_0a1b="), None);
    }

    #[test]
    fn a_browser_keeps_so_many_accounts_and_forgets_the_oldest() {
        let cookies = Cookies::new("0a1b", false);
        let user = UserId::new();
        let sent: Vec<_> = (0..9).map(|n| format!("moim_device_0a1b_{n}=x")).collect();
        let forgotten = |sent: &[String]| {
            let headers = headers(&format!("moim_device_ffff_0=x; {}", sent.join("; ")));
            cookies.surplus_devices(&headers, user).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(forgotten(&sent), ["moim_device_0a1b_0", "moim_device_0a1b_1"]);
        assert!(forgotten(&sent[..7]).is_empty());
        let own = [format!("{}=x", cookies.device_name(user)), sent[0].clone()];
        assert!(forgotten(&own).is_empty());
    }
}
