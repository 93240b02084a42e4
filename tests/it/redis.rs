//! A real Redis on a port of its own, which can be killed and started again.

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

mod cluster;

pub(crate) use cluster::Cluster;

/// How long it may take to start, or to agree on something.
const STARTING: Duration = Duration::from_secs(30);
/// Below the ports that a system gives to whoever asks for any: what is killed finds its own free again.
const PORTS: std::ops::Range<u16> = 10_000..32_000;
/// Ends Redis as soon as nobody holds the other end of the pipe: also if the tests are killed.
const WATCH: &str = r#""$@" </dev/null >/dev/null & read -r _; kill -KILL $!; wait $! 2>/dev/null"#;

pub(crate) struct Redis {
    port: u16,
    options: Vec<String>,
    folder: TempDir,
    process: Option<Child>,
}

impl Redis {
    pub(crate) fn start() -> Self {
        Self::start_with(Vec::new())
    }

    fn start_with(options: Vec<String>) -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let mut redis = Self { port, options, folder, process: None };
        redis.go_on();
        redis
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Starts it again, with nothing that it knew but its place in a cluster; it answers when this returns.
    pub(crate) fn go_on(&mut self) {
        let process = Command::new("sh")
            .args(["-c", WATCH, "sh", "redis-server"])
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"])
            .arg(self.port.to_string())
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.options)
            .stdin(Stdio::piped())
            .spawn();
        self.process = Some(process.unwrap());
        let until = Instant::now() + STARTING;
        while self.try_ask(&["ping"]).trim() != "PONG" {
            assert!(Instant::now() < until, "no redis-server: `scripts/setup` installs it");
            sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            process.wait().unwrap();
        }
    }

    /// What it says to a command.
    pub(crate) fn ask(&self, command: &[&str]) -> String {
        let said = self.try_ask(command);
        assert!(!said.starts_with("ERR"), "{command:?}: {said}");
        said
    }

    fn try_ask(&self, command: &[&str]) -> String {
        let port = self.port.to_string();
        let asked = Command::new("redis-cli").args(["-p", &port]).args(command).output();
        String::from_utf8(asked.expect("redis-cli: `scripts/setup` installs it").stdout).unwrap()
    }
}

/// A Redis or a cluster: what suites are run over that hold for both.
pub(crate) trait Server: Send {
    fn start() -> Self
    where
        Self: Sized;
    /// What a node of Moim is told.
    fn url(&self) -> String;
    /// All of it.
    fn kill(&mut self);
    fn go_on(&mut self);
}

impl Server for Redis {
    fn start() -> Self {
        Self::start()
    }

    fn url(&self) -> String {
        self.url()
    }

    fn kill(&mut self) {
        self.kill();
    }

    fn go_on(&mut self) {
        self.go_on();
    }
}

impl Server for Cluster {
    fn start() -> Self {
        Self::start()
    }

    fn url(&self) -> String {
        self.url()
    }

    fn kill(&mut self) {
        self.nodes.iter_mut().for_each(Redis::kill);
    }

    fn go_on(&mut self) {
        self.nodes.iter_mut().for_each(Redis::go_on);
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody else in these tests gets, and nobody has.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let places = PORTS.end - PORTS.start;
    // Tests of several processes begin at different places.
    let first = std::process::id().wrapping_mul(997) % u32::from(places);
    loop {
        let next = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = PORTS.start + u16::try_from((first + next) % u32::from(places)).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
