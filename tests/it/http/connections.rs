//! Connections before they have said anything sensible: the slow, the silent, the too many.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    time::{Instant, sleep, timeout},
};

use super::{sockets::open, trips::new_trip};
use crate::{common::program::Starting, serving::Serving};

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: moim\r\n\r\n";

/// A connection of which every byte is ours.
struct Raw(TcpStream);

impl Raw {
    async fn to(base: &str) -> Self {
        let address = base.strip_prefix("http://").unwrap();
        Self(TcpStream::connect(address).await.unwrap())
    }

    async fn say(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Sends a request and reads its answer.
    async fn ask(&mut self) {
        assert!(self.is_answered().await, "hung up");
    }

    async fn is_answered(&mut self) -> bool {
        let mut answer = Vec::new();
        let asking = async {
            self.0.write_all(REQUEST).await.ok()?;
            while !answer.ends_with(b"alive\n") {
                self.0.read_buf(&mut answer).await.ok().filter(|read| *read > 0)?;
            }
            Some(())
        };
        timeout(Duration::from_secs(5), asking).await.expect("no answer").is_some()
    }

    /// Waits until the server hangs up, by an end or by a reset.
    async fn hung_up(&mut self) {
        let mut byte = [0];
        let end = timeout(Duration::from_secs(10), self.0.read(&mut byte)).await;
        assert!(matches!(end.expect("still open"), Ok(0) | Err(_)));
    }

    /// Whether the server has said nothing, and not hung up, for so long.
    async fn is_quiet_for(&mut self, time: Duration) -> bool {
        timeout(time, self.0.read(&mut [0])).await.is_err()
    }

    /// Sends a byte now and then until the server hangs up.
    async fn dribble(&mut self) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            if self.0.write_all(b"x").await.is_err()
                || !self.is_quiet_for(Duration::from_millis(50)).await
            {
                return;
            }
        }
        panic!("still open");
    }
}

#[tokio::test]
async fn who_sends_the_head_of_a_request_too_slowly_is_cut_off_and_others_are_served() {
    let server = Serving::start_with(&["--header-seconds", "1"]).await;
    let mut silent = Raw::to(&server.base).await;
    let (mut slow, mut again) = (Raw::to(&server.base).await, Raw::to(&server.base).await);
    slow.say(b"GET /healthz HTTP/1.1\r\nhost: ").await;
    again.ask().await;
    let others = async {
        let end = Instant::now() + Duration::from_millis(800);
        while Instant::now() < end {
            let mut other = Raw::to(&server.base).await;
            timeout(Duration::from_millis(500), other.ask()).await.expect("others have to wait");
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::join!(silent.hung_up(), slow.dribble(), again.dribble(), others);
}

#[tokio::test]
async fn a_connection_between_two_requests_is_kept() {
    let server = Serving::start_with(&["--header-seconds", "1"]).await;
    let mut idle = Raw::to(&server.base).await;
    idle.ask().await;
    assert!(idle.is_quiet_for(Duration::from_millis(1500)).await);
    idle.ask().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_who_says_nothing() {
    let mut server = Serving::start_with(&["--header-seconds", "60"]).await;
    let (mut idle, mut silent) = (Raw::to(&server.base).await, Raw::to(&server.base).await);
    let mut slow = Raw::to(&server.base).await;
    slow.say(b"GET /healthz HTTP/1.1\r\nhost: ").await;
    idle.ask().await;
    timeout(Duration::from_secs(3), server.stop()).await.expect("it waited");
    tokio::join!(idle.hung_up(), silent.hung_up(), slow.hung_up());
}

#[tokio::test]
async fn connections_above_the_limit_are_hung_up_on_and_an_upgraded_one_counts() {
    let server = Serving::start_with(&["--connections", "2"]).await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    // One is kept for REST.
    let socket = open(&server.base, &minji, &trip).await;
    Raw::to(&server.base).await.hung_up().await;
    drop(socket);
    let mut next = until_let_in(&server).await;
    assert!(next.is_quiet_for(Duration::from_millis(50)).await);
    Raw::to(&server.base).await.hung_up().await;
    let text = minji.get("!/metrics").await.text;
    assert!(text.contains("moim_limited_total{limit=\"connections\"}"), "{text}");
}

/// Each connection is an open file, and the database needs some.
#[tokio::test]
async fn connections_above_what_open_files_allow_are_hung_up_on_and_those_inside_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    // By default it may open 80, at most 164, and keeps 64 of them for itself.
    let limited = "ulimit -Sn 80; ulimit -Hn 164; exec \"$0\" \"$@\"";
    command.args(["-c", limited, env!("CARGO_BIN_EXE_moim")]);
    let data = folder.path().join("data");
    let mut program = Starting::by(command, &data, &[]).started().await;
    program.is_ready().await;
    let mut inside = Vec::new();
    for _ in 0..120 {
        let mut raw = Raw::to(&program.base).await;
        if raw.is_answered().await {
            inside.push(raw);
        }
    }
    assert!((95..=100).contains(&inside.len()), "{} got in", inside.len());
    for raw in &mut inside {
        raw.ask().await;
    }
}

/// A connection that got a place, as soon as there is one.
async fn until_let_in(server: &Serving) -> Raw {
    for _ in 0..500 {
        let mut raw = Raw::to(&server.base).await;
        if raw.is_answered().await {
            return raw;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("no place became free");
}
