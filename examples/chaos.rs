//! The chaos proxy as a program, for tests that are not in Rust: `chaos HOST:PORT` says its own address, then does what it reads.
//!
//! A line is `pass`, `delay MILLISECONDS`, `hang` or `cut`; each is answered by itself. The end of the input is its end.
#![allow(clippy::expect_used, reason = "a tool of the tests may fail")]

#[path = "../tests/it/chaos/proxy.rs"]
mod proxy;

use std::time::Duration;

use proxy::{Mode, Proxy};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, stdin, stdout};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let upstream = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let proxy = Proxy::to(upstream.expect("usage: chaos HOST:PORT")).await?;
    say(&proxy.address.to_string()).await?;
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        proxy.set(parse(&line).expect("pass, delay MILLISECONDS, hang or cut"));
        say(&line).await?;
    }
    Ok(())
}

async fn say(line: &str) -> std::io::Result<()> {
    let mut out = stdout();
    out.write_all(format!("{line}\n").as_bytes()).await?;
    out.flush().await
}

fn parse(line: &str) -> Option<Mode> {
    match line.split_once(' ') {
        None if line == "pass" => Some(Mode::Pass),
        None if line == "hang" => Some(Mode::Hang),
        None if line == "cut" => Some(Mode::Cut),
        Some(("delay", millis)) => millis.parse().ok().map(Duration::from_millis).map(Mode::Delay),
        None | Some(_) => None,
    }
}
