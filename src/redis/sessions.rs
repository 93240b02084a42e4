//! Refresh tokens by login: exchanged once each, and the end of their family when used again later.
//!
//! A family's key says which of its tokens is in force and which was before it, and decides each rotation; a token's key only says whose it
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
    store::{
        Liveness, REUSE_GRACE, RefreshToken, Result, Rotation, Salt, Sessions, StoreError,
        Successor, TokenHash, TokenOwner,
    },
};

/// Begins a family: the token in force, and until when it is good, in microseconds since 1970 and in milliseconds
/// from now.
const BEGIN: &str = r"
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'expires', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
";

/// Puts a successor in force in the place of the token that is presented; or says what became of that, or ends the
/// family. The arguments: the token and its successor; until when that is good, in microseconds since 1970 and in
/// milliseconds from now; what it is derived from; now and the grace, in milliseconds.
const ROTATE: &str = r"
local token, previous, salt, exchanged =
    unpack(redis.call('HMGET', KEYS[1], 'token', 'previous', 'salt', 'exchanged'))
if not token then
    return {'over'}
end
local is_recent = exchanged and math.abs(tonumber(ARGV[6]) - tonumber(exchanged)) < tonumber(ARGV[7])
if token == ARGV[1] then
    if is_recent then
        return {'kept'}
    end
    redis.call('HSET', KEYS[1], 'token', ARGV[2], 'expires', ARGV[3],
        'previous', ARGV[1], 'salt', ARGV[5], 'exchanged', ARGV[6])
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    return {'rotated'}
end
if is_recent and previous == ARGV[1] then
    return {'repeated', salt}
end
redis.call('DEL', KEYS[1])
return {'reused'}
";

/// Notes that a person has this family, until then, so that all of theirs can be ended: the family, until when it is
/// good, now, and how long that is, in milliseconds.
const NOTE: &str = r"
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
";

/// Says which families a person has, and forgets them.
const FORGET_ALL: &str = r"
local families = redis.call('ZRANGE', KEYS[1], 0, -1)
redis.call('DEL', KEYS[1])
return families
";

#[async_trait]
impl Sessions for RedisState {
    async fn start(&self, token: &RefreshToken) -> Result<()> {
        let RefreshToken { hash, family, user, created, expires } = token.clone();
        let life = Life::until(expires, created);
        self.keep_token(hash, Token { family, user, expires }, life).await?;
        let arguments = vec![text(hash), life.ends.to_string(), life.lasts.to_string()];
        // First, so that none lives that is not known of.
        self.note(TokenOwner { user, family }, life, created).await?;
        let key = family_key(family);
        self.carry_out(BEGIN, &key, arguments).await
    }

    async fn rotate(&self, used: TokenHash, next: Successor, now: Timestamp) -> Result<Rotation> {
        let Some(Token { family, user, .. }) =
            self.token(used).await?.filter(|token| token.expires > now)
        else {
            return Ok(Rotation::Invalid);
        };
        let (owner, life) = (TokenOwner { user, family }, Life::until(next.expires, now));
        // First, so that the token in force is always known; nobody has it unless the family takes it.
        self.keep_token(next.hash, Token { family, user, expires: next.expires }, life).await?;
        let arguments = vec![
            text(used),
            text(next.hash),
            life.ends.to_string(),
            life.lasts.to_string(),
            text(TokenHash(next.salt.0)),
            now.as_millisecond().to_string(),
            REUSE_GRACE.as_millis().to_string(),
        ];
        let key = family_key(family);
        let said: Vec<String> = self.carry_out(ROTATE, &key, arguments).await?;
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let rotation = match said[..] {
            ["rotated"] => {
                self.note(owner, life, now).await?;
                return Ok(Rotation::Rotated(owner));
            }
            ["kept"] => Rotation::Kept(owner),
            ["repeated", salt] => Rotation::Repeated(owner, read_salt(salt)?),
            ["reused"] => Rotation::Reused,
            _ => Rotation::Invalid,
        };
        // Of no use any more: who keeps sending an old token must not fill Redis.
        self.forget(&token_key(next.hash)).await?;
        if matches!(rotation, Rotation::Reused | Rotation::Invalid) {
            self.forget(&token_key(used)).await?;
        }
        Ok(rotation)
    }

    async fn end(&self, token: TokenHash) -> Result<()> {
        let Some(token) = self.token(token).await? else { return Ok(()) };
        self.forget(&family_key(token.family)).await
    }

    async fn end_all(&self, user: UserId) -> Result<()> {
        let families: Vec<String> = self.carry_out(FORGET_ALL, &user_key(user), Vec::new()).await?;
        for family in families {
            let unreadable =
                |_| StoreError::Corrupt("a person's key in Redis can't be read".to_owned());
            self.forget(&family_key(family.parse().map_err(unreadable)?)).await?;
        }
        Ok(())
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

    async fn note(&self, owner: TokenOwner, life: Life, now: Timestamp) -> Result<()> {
        let now = now.as_millisecond();
        let ends = now.saturating_add(life.lasts);
        let arguments = vec![
            owner.family.to_string(),
            ends.to_string(),
            now.to_string(),
            life.lasts.to_string(),
        ];
        self.carry_out(NOTE, &user_key(owner.user), arguments).await
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

fn read_salt(text: &str) -> Result<Salt> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    let unreadable = || StoreError::Corrupt("a session's key in Redis can't be read".to_owned());
    bytes.map(Salt).ok_or_else(unreadable)
}

fn token_key(hash: TokenHash) -> String {
    format!("moim:token:{}", text(hash))
}

fn family_key(family: FamilyId) -> String {
    format!("moim:family:{family}")
}

fn user_key(user: UserId) -> String {
    format!("moim:person:{user}")
}

fn text(hash: TokenHash) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(hash.0)
}
