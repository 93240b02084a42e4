//! How often somebody did something: a number for each who did it lately.

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fred::{clients::Client, prelude::LuaInterface};
use jiff::Timestamp;

use super::state::RedisState;
use crate::{
    quota::Quota,
    store::{Rates, Result, Taken, TokenHash},
};

/// `Quota::take` where the number is, so that nothing comes in between: how many microseconds to wait. Lua's
/// numbers are exact up to 2^53, which these microseconds reach in the year 2255.
const TAKE: &str = r"
local now, step, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local last = tonumber(redis.call('GET', KEYS[1]) or now)
if last > now + 2 * most then
    last = now
end
local free = math.max(last, now) + step
if free - now > most then
    return free - now - most
end
redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', math.ceil((free - now) / 1000))
return 0
";

/// Takes one step back, for as long as there is something to be taken back from.
const GIVE_BACK: &str = r"
local free = tonumber(redis.call('GET', KEYS[1]))
if free then
    redis.call('SET', KEYS[1], string.format('%.0f', free - tonumber(ARGV[1])), 'KEEPTTL')
end
return 0
";

#[async_trait]
impl Rates for RedisState {
    async fn take(&self, name: TokenHash, quota: Quota, now: Timestamp) -> Result<Taken> {
        let key = key(name);
        let arguments = vec![now.as_microsecond(), quota.step(), quota.most()];
        let taking = |client: Client| {
            let (key, arguments) = (key.clone(), arguments.clone());
            async move { client.eval(TAKE, key, arguments).await }
        };
        let wait: u64 = self.ask(&key, taking).await?;
        Ok(if wait == 0 { Taken::Granted } else { Taken::Wait(Duration::from_micros(wait)) })
    }

    async fn give_back(&self, name: TokenHash, quota: Quota) -> Result<()> {
        let (key, step) = (key(name), quota.step());
        let giving_back = |client: Client| {
            let key = key.clone();
            async move { client.eval(GIVE_BACK, key, vec![step]).await }
        };
        let _: i64 = self.ask(&key, giving_back).await?;
        Ok(())
    }
}

fn key(name: TokenHash) -> String {
    format!("moim:rate:{}", BASE64_URL_SAFE_NO_PAD.encode(name.0))
}
