//! Refresh tokens by login: used once each, and the end of their family when used twice.
//!
//! A family's key says which of its tokens is in force, and decides each rotation; a token's key only says whose it
//! is. A family that has ended is a key that is not there: a Redis that forgets ends sessions, and one that falls back
//! to an older state brings ended ones back. So it is to run with an append-only file, or with nothing on the disk.

use std::str::FromStr;

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fred::{
    clients::Client,
    prelude::{Expiration, FromValue, HashesInterface, KeysInterface, LuaInterface},
};
use jiff::Timestamp;

use super::state::RedisState;
use crate::{
    ids::{FamilyId, UserId},
    store::{Liveness, RefreshToken, Result, Rotation, Sessions, StoreError, TokenHash},
};

/// Begins a family: the token in force, and until when it is good, in microseconds since 1970 and in milliseconds
/// from now.
const BEGIN: &str = r"
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'expires', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
";

/// Puts the last argument's token in force in place of the first one's, or ends the family.
const ROTATE: &str = r"
local token = redis.call('HGET', KEYS[1], 'token')
if not token then
    return 'over'
end
if token ~= ARGV[4] then
    redis.call('DEL', KEYS[1])
    return 'reused'
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'expires', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 'rotated'
";

#[async_trait]
impl Sessions for RedisState {
    async fn start(&self, token: &RefreshToken) -> Result<()> {
        let RefreshToken { hash, family, user, created, expires } = token.clone();
        let life = Life::until(expires, created);
        self.keep_token(hash, Token { family, user, expires }, life).await?;
        let arguments = vec![text(hash), life.ends.to_string(), life.lasts.to_string()];
        let key = family_key(family);
        self.carry_out(BEGIN, &key, arguments).await
    }

    async fn rotate(
        &self,
        used: TokenHash,
        next: TokenHash,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Rotation> {
        let Some(Token { family, user, .. }) =
            self.token(used).await?.filter(|token| token.expires > now)
        else {
            return Ok(Rotation::Invalid);
        };
        let life = Life::until(expires, now);
        // First, so that the token in force is always known; nobody has it unless the family takes it.
        self.keep_token(next, Token { family, user, expires }, life).await?;
        let arguments = vec![text(next), life.ends.to_string(), life.lasts.to_string(), text(used)];
        let key = family_key(family);
        let rotated: String = self.carry_out(ROTATE, &key, arguments).await?;
        if rotated == "rotated" {
            return Ok(Rotation::Rotated { user, family });
        }
        // Of no use any more: who keeps sending an old token must not fill Redis.
        self.forget(&token_key(next)).await?;
        self.forget(&token_key(used)).await?;
        Ok(if rotated == "reused" { Rotation::Reused } else { Rotation::Invalid })
    }

    async fn end(&self, token: TokenHash) -> Result<()> {
        let Some(token) = self.token(token).await? else { return Ok(()) };
        self.forget(&family_key(token.family)).await
    }

    async fn liveness(&self, family: FamilyId, now: Timestamp) -> Result<Liveness> {
        let key = family_key(family);
        let getting = |client: Client| {
            let key = key.clone();
            async move { client.hget(key, "expires").await }
        };
        let expires = self.ask(&key, getting).await;
        match expires {
            Ok(Some(expires)) if now.as_microsecond() < expires => Ok(Liveness::Live),
            Ok::<Option<i64>, _>(_) => Ok(Liveness::Over),
            Err(StoreError::Unavailable(_)) => Ok(Liveness::Unknown),
            Err(error @ (StoreError::Corrupt(_) | StoreError::Conflict(_))) => Err(error),
        }
    }
}

/// Whose a token is, and until when it is good.
struct Token {
    family: FamilyId,
    user: UserId,
    expires: Timestamp,
}

/// How long a key is kept.
#[derive(Clone, Copy)]
struct Life {
    /// Microseconds since 1970.
    ends: i64,
    /// Milliseconds.
    lasts: i64,
}

impl Life {
    fn until(expires: Timestamp, now: Timestamp) -> Self {
        let lasts = (expires.as_millisecond() - now.as_millisecond()).max(1);
        Self { ends: expires.as_microsecond(), lasts }
    }
}

impl RedisState {
    /// Carries out a script on one key.
    async fn carry_out<T: FromValue + Send>(
        &self,
        script: &'static str,
        key: &str,
        arguments: Vec<String>,
    ) -> Result<T> {
        let carrying_out = |client: Client| {
            let (key, arguments) = (key.to_owned(), arguments.clone());
            async move { client.eval(script, key, arguments).await }
        };
        self.ask(key, carrying_out).await
    }

    async fn keep_token(&self, hash: TokenHash, token: Token, life: Life) -> Result<()> {
        let Token { family, user, .. } = token;
        let value = format!("{family} {user} {}", life.ends);
        let expiration = Some(Expiration::PX(life.lasts));
        let key = token_key(hash);
        let keeping = |client: Client| {
            let (key, value, expiration) = (key.clone(), value.clone(), expiration.clone());
            async move { client.set(key, value, expiration, None, false).await }
        };
        self.ask(&key, keeping).await
    }

    async fn forget(&self, key: &str) -> Result<()> {
        let forgetting = |client: Client| {
            let key = key.to_owned();
            async move { client.del(key).await }
        };
        self.ask(key, forgetting).await
    }

    async fn token(&self, hash: TokenHash) -> Result<Option<Token>> {
        let key = token_key(hash);
        let getting = |client: Client| {
            let key = key.clone();
            async move { client.get(key).await }
        };
        let value: Option<String> = self.ask(&key, getting).await?;
        let unreadable = || StoreError::Corrupt("a token's key in Redis can't be read".to_owned());
        value.map(|value| value.parse().map_err(|()| unreadable())).transpose()
    }
}

impl FromStr for Token {
    type Err = ();

    fn from_str(value: &str) -> std::result::Result<Self, ()> {
        let mut words = value.split(' ');
        let mut next = || words.next().ok_or(());
        let family = next()?.parse().map_err(|_| ())?;
        let user = next()?.parse().map_err(|_| ())?;
        let expires = next()?.parse().map_err(|_| ())?;
        let expires = Timestamp::from_microsecond(expires).map_err(|_| ())?;
        Ok(Self { family, user, expires })
    }
}

fn token_key(hash: TokenHash) -> String {
    format!("moim:token:{}", text(hash))
}

fn family_key(family: FamilyId) -> String {
    format!("moim:family:{family}")
}

fn text(hash: TokenHash) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(hash.0)
}
