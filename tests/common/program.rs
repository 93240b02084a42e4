//! The program as a process of its own, started, signalled and killed as an operator or a power cut would.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::{Instant, sleep, timeout},
};

use super::person::Person;

/// Whatever should happen soon must have happened by then, on a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Limits of what tests do more often than people.
pub(crate) const USUAL: [&str; 7] = [
    "--logins-per-minute",
    "--sign-ups-per-hour",
    "--invites-per-minute",
    "--saves-per-minute",
    "--renewals-per-hour",
    "--trips-per-hour",
    "--trips-per-person",
];

/// A running server. It is killed when it is dropped.
pub(crate) struct Program {
    pub(crate) base: String,
    child: Child,
    log: PathBuf,
    /// Held open: what a process says to nobody ends it.
    _output: BufReader<ChildStdout>,
}

/// A server that has not said yet where it is.
pub(crate) struct Starting {
    child: Child,
    log: PathBuf,
}

impl Starting {
    /// Starts on this data folder; what it logs goes to a file beside the folder.
    pub(crate) fn new(data: &Path, flags: &[&str]) -> Self {
        Self::by(Command::new(env!("CARGO_BIN_EXE_moim")), data, flags)
    }

    /// Starts by a command that takes the flags of the program.
    pub(crate) fn by(mut command: Command, data: &Path, flags: &[&str]) -> Self {
        let log = data.with_extension(format!("{}.log", ulid::Ulid::generate()));
        // Tests are in more of a hurry than people.
        let usual = USUAL.map(|limit| format!("{limit}=100000"));
        let child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--requests-per-minute=1000000"])
            .args(usual)
            .args(flags)
            .arg("--data")
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// Waits until it says where it is.
    pub(crate) async fn started(self) -> Program {
        let Self { mut child, log } = self;
        let mut greeting = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        timeout(PATIENCE, output.read_line(&mut greeting)).await.unwrap().unwrap();
        let base = greeting.trim().strip_prefix("Moim is open: ");
        let base = base.unwrap_or_else(|| panic!("{}", read(&log))).to_owned();
        Program { base, child, log, _output: output }
    }

    /// SIGKILL; returns what it has logged when the process is gone.
    pub(crate) async fn kill(mut self) -> String {
        self.child.kill().await.unwrap();
        read(&self.log)
    }
}

impl Program {
    /// Starts on this data folder, and waits until it is open.
    pub(crate) async fn start(data: &Path, flags: &[&str]) -> Self {
        Starting::new(data, flags).started().await
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Waits until visitors may be sent here.
    pub(crate) async fn is_ready(&mut self) {
        self.becomes("ready\n").await;
    }

    /// Waits until `/readyz` says this.
    pub(crate) async fn becomes(&mut self, wanted: &str) {
        let (anybody, until) = (Person::at(&self.base), Instant::now() + PATIENCE);
        loop {
            let said = anybody.request(reqwest::Method::GET, "!/readyz").send().await;
            if let Ok(said) = said
                && said.text().await.is_ok_and(|text| text == wanted)
            {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it has ended: {}", self.log());
            assert!(Instant::now() < until, "never {wanted}: {}", self.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL; returns when the process is gone.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends a signal by its name, without waiting for what comes of it.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        match timeout(PATIENCE, self.child.wait()).await {
            Ok(ended) => ended.unwrap(),
            Err(_) => panic!("it does not end: {}", self.log()),
        }
    }

    /// SIGTERM, and the end of it, which must be a good one.
    pub(crate) async fn stop(&mut self) {
        self.signal("TERM").await;
        assert!(self.ended().await.success(), "{}", self.log());
    }

    /// Its resident memory, in bytes.
    pub(crate) fn resident(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim_end_matches("kB").trim().parse::<usize>().unwrap() * 1024
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        read(&self.log)
    }

    /// A number of `/metrics`, 0 if it was never counted.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let metrics = Person::at(&self.base).get("!/metrics").await.text;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits until a number of `/metrics` is this.
    pub(crate) async fn counts(&self, name: &str, wanted: f64) {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.metric(name).await;
            if found == wanted {
                return;
            }
            assert!(Instant::now() < until, "{name} is {found} and never {wanted}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

fn read(log: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned()
}
