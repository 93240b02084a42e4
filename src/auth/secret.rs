//! Opaque tokens: 32 random bytes that only their holder knows, known to us by their hash.

use std::fmt;

use aws_lc_rs::{
    digest::{Context, SHA256},
    error::Unspecified,
    hmac::{self, HMAC_SHA256},
    rand,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// A token that means nothing by itself: a refresh token, an invitation, a signing key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A fresh one. Fails only where the operating system has no randomness to give.
    pub fn new() -> Result<Self, Unspecified> {
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(fresh_bytes::<32>()?)))
    }

    /// The one that follows a token: whoever holds the token and the salt can derive it, and nobody else. The salt
    /// lies in the store, which knows the token by its hash alone; no key of the server's is needed, so that it is the
    /// same on each node, and after the keys were replaced.
    pub fn following(token: &str, salt: &[u8; 32]) -> Self {
        let derived = hmac::sign(&hmac::Key::new(HMAC_SHA256, token.as_bytes()), salt);
        Self(BASE64_URL_SAFE_NO_PAD.encode(derived))
    }

    /// One that its holder presented, to be handed back.
    pub fn presented(token: &str) -> Self {
        Self(token.to_owned())
    }

    /// The text that its holder keeps: 43 characters that are safe in a URL and in a cookie.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What a store may keep of it.
    pub fn digest(&self) -> [u8; 32] {
        digest(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(***)")
    }
}

/// Random bytes. Fails only where the operating system has none to give.
pub fn fresh_bytes<const N: usize>() -> Result<[u8; N], Unspecified> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes)?;
    Ok(bytes)
}

/// The SHA-256 of a token that came in. Enough for tokens of 256 random bits; never for a password.
pub fn digest(token: &str) -> [u8; 32] {
    digest_of(&[token.as_bytes()])
}

/// The SHA-256 of these parts, one after the other.
pub fn digest_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_fresh_each_time_and_never_printed() {
        let (one, two) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.reveal().len(), 43);
        assert!(!format!("{one:?}").contains(one.reveal()));
    }

    #[test]
    fn a_successor_needs_both_the_token_and_the_salt() {
        let next = Secret::following("token", &[7; 32]);
        assert_eq!(next, Secret::following("token", &[7; 32]));
        assert_eq!(next.reveal().len(), 43);
        assert_ne!(next, Secret::following("token", &[8; 32]));
        assert_ne!(next, Secret::following("tokem", &[7; 32]));
    }

    #[test]
    fn the_digest_is_plain_sha_256() {
        assert_eq!(digest("abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(digest_of(&[b"a", b"", b"bc"]), digest("abc"));
    }
}
