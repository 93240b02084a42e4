//! Two servers, of which one reaches Redis over a bad line: people go on, and all is made up for.

use std::time::{Duration, Instant};

use super::{Mode, Proxy};
use crate::{
    common::{
        client::Client,
        peer::{content, holds},
    },
    redis::Redis,
    two_servers::{DEGRADED, Rig, Two, passes, says},
};

/// A Redis that answers nothing is taken for dead after 5 s. It is looked at every 2 s, and spoken to every 3 s.
const FOUND_OUT_WITHIN: Duration = Duration::from_secs(5 + 2 + 3 + 2);
/// After a line is mended, people wait no longer than this for each other's edits.
const HEALED_WITHIN: Duration = Duration::from_secs(12);

/// Two servers; the first one's line to Redis goes through the proxy.
async fn two() -> (Two, Proxy) {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.address()).await.unwrap();
    let urls = [format!("redis://{}", proxy.address), redis.url()];
    let two =
        Two::joined(Rig::RedisAndSqlite, Box::new(redis), urls.each_ref().map(String::as_str));
    (two.await, proxy)
}

/// Edits in both windows, each stored while the line is as it is, until `/readyz` has said so.
async fn edit_without_redis(two: &Two, windows: &mut [Client; 2]) -> [String; 2] {
    let began = Instant::now();
    says(&two.one, DEGRADED).await;
    assert!(began.elapsed() < FOUND_OUT_WITHIN, "{:?}", began.elapsed());
    let marks = windows.each_mut().map(|window| window.peer.set_mark());
    for window in windows {
        let began = Instant::now();
        window.flush().await;
        window.is_settled().await;
        assert!(began.elapsed() < Duration::from_secs(2), "nobody waits: {:?}", began.elapsed());
    }
    marks
}

async fn both_show(windows: &mut [Client; 2], marks: &[String]) {
    let all = |client: &Client| {
        let content = content(&client.peer.doc);
        marks.iter().all(|mark| holds(&content, mark))
    };
    let began = Instant::now();
    let [mine, theirs] = windows;
    tokio::join!(mine.listen_until("all edits", all), theirs.listen_until("all edits", all));
    assert!(began.elapsed() < HEALED_WITHIN, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_redis_delays_no_acknowledgement_and_keeps_the_order() {
    let (two, proxy) = two().await;
    let [mut mine, mut theirs] = two.windows().await;
    passes(&mut mine, &mut theirs).await;
    let late = Duration::from_millis(200);
    proxy.set(Mode::Delay(late));
    let mut marks = Vec::new();
    let began = Instant::now();
    for _ in 0..10 {
        marks.push(mine.peer.set_mark());
        mine.flush().await;
        mine.is_settled().await;
    }
    assert!(began.elapsed() < 10 * late, "{:?} for 10 edits", began.elapsed());
    for (at, mark) in marks.iter().enumerate() {
        let shown = |client: &Client| holds(&content(&client.peer.doc), mark);
        theirs.listen_until("an edit", shown).await;
        let content = content(&theirs.peer.doc);
        assert!(marks[..at].iter().all(|earlier| holds(&content, earlier)));
    }
    passes(&mut theirs, &mut mine).await;
}

/// One of two servers has lost its line to Redis in this way, and gets it back.
async fn is_made_up_for(mode: Mode) {
    let (two, proxy) = two().await;
    let mut windows = two.windows().await;
    proxy.set(mode);
    let marks = edit_without_redis(&two, &mut windows).await;
    proxy.set(Mode::Pass);
    both_show(&mut windows, &marks).await;
    says(&two.one, "ready\n").await;
    let [mine, theirs] = &mut windows;
    passes(mine, theirs).await;
    passes(theirs, mine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_silent_is_found_out_and_made_up_for() {
    is_made_up_for(Mode::Hang).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_redis_that_are_lost_without_a_word_are_found_out_and_made_up_for() {
    is_made_up_for(Mode::Lose).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_cut_off_is_made_up_for() {
    is_made_up_for(Mode::Cut).await;
}
