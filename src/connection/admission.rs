//! Who may open a connection: the origin of the page, and how many an address and a person have already (W12).

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{HeaderMap, header};

use crate::{address::Neighbourhood, ids::UserId, origin::WebOrigin};

/// Different refused origins that are logged; of the others only the number is told.
const ORIGINS_LOGGED: usize = 32;

/// The pages that may open connections, besides the server's own.
#[derive(Debug, Default)]
pub struct Origins {
    allowed: Vec<WebOrigin>,
    /// Those that were refused and logged. Anybody can make them up.
    refused: Mutex<HashSet<String>>,
}

impl Origins {
    /// Pages of these origins.
    pub fn new(allowed: impl IntoIterator<Item = WebOrigin>) -> Self {
        Self { allowed: allowed.into_iter().collect(), refused: Mutex::default() }
    }

    /// Whether a page of this origin may connect. Programs that are no browser send none: their token says
    /// who they are, and there is no cookie that another page could misuse.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let origin: Option<WebOrigin> = origin.to_str().ok().and_then(|text| text.parse().ok());
        origin.is_some_and(|origin| {
            host.is_some_and(|host| origin.is_host(host)) || self.allowed.contains(&origin)
        })
    }

    /// Tells the operator of a page that was refused, each origin once.
    pub(crate) fn log_refusal(&self, headers: &HeaderMap) {
        metrics::counter!("moim_origins_refused_total").increment(1);
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let (origin, host) = (text(header::ORIGIN), text(header::HOST));
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() < ORIGINS_LOGGED && refused.insert(origin.to_owned()) {
            let hint = "set --public-url to what people type, or --origins to other sites";
            tracing::warn!(?origin, ?host, hint, "a page of another origin was refused");
        }
    }
}

/// Counts the connections of each address and person.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    addresses: Counts<Neighbourhood>,
    users: Counts<UserId>,
}

impl Admission {
    /// A place for one more connection, if this address has fewer than `most`.
    pub(crate) fn address(&self, from: Neighbourhood, most: usize) -> Option<Place<Neighbourhood>> {
        self.addresses.take(from, most)
    }

    /// A place for one more connection, if this person has fewer than `most`.
    pub(crate) fn user(&self, user: UserId, most: usize) -> Option<Place<UserId>> {
        self.users.take(user, most)
    }
}

#[derive(Debug)]
struct Counts<K>(Arc<Mutex<HashMap<K, usize>>>);

// Derived ones would ask the same of `K`.
impl<K> Clone for Counts<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Hash + Eq + Copy> Counts<K> {
    fn take(&self, key: K, most: usize) -> Option<Place<K>> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { counts: self.clone(), key })
    }
}

/// A counted connection; dropped, it makes room for another.
#[derive(Debug)]
pub(crate) struct Place<K: Hash + Eq + Copy> {
    counts: Counts<K>,
    key: K,
}

impl<K: Hash + Eq + Copy> Drop for Place<K> {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_left_is_free_again() {
        let admission = Admission::default();
        let user = UserId::new();
        let first = admission.user(user, 1);
        assert!(first.is_some());
        assert!(admission.user(user, 1).is_none());
        assert!(admission.user(UserId::new(), 1).is_some(), "another person");
        drop(first);
        assert!(admission.user(user, 1).is_some());
    }

    #[test]
    fn only_own_and_named_pages_may_connect() {
        let origins = Origins::new(["https://trips.example".parse().unwrap()]);
        let admit = |origin: &str, host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            origins.admit(&headers)
        };
        let own = "moim.example:8080";
        assert!(admit("http://moim.example:8080", own));
        assert!(admit("https://trips.example", own));
        assert!(admit("https://moim.example", "moim.example:443"));
        assert!(admit("https://moim.example", "Moim.Example"));
        assert!(!admit("http://trips.example", own), "another scheme is another origin");
        assert!(!admit("https://moim.example", own), "another port is another origin");
        assert!(!admit("https://evil.example", own));
        assert!(!admit("null", own));
        assert!(origins.admit(&HeaderMap::new()), "no browser");
    }
}
