//! `moim` as processes of their own that work on one data folder.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinSet,
};

use crate::serving::{PASSWORD, Person};

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A place for data folders, gone at the end.
pub(super) struct Place(TempDir);

impl Place {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Serves the data until it is stopped, killed or dropped.
    pub(super) async fn serve(&self) -> Server {
        Server::start(&self.data()).await
    }
}

/// Carries out a command of the program to its end.
pub(super) async fn moim(arguments: &[&str]) -> Finished {
    command(env!("CARGO_BIN_EXE_moim"), arguments).await
}

/// Carries out any command to its end.
pub(super) async fn command(program: &str, arguments: &[&str]) -> Finished {
    let mut command = Command::new(program);
    let running = command.args(arguments).kill_on_drop(true).output();
    Finished::of(tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap())
}

/// What a command has said, and the code that it ended with.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) code: Option<i32>,
    pub(super) said: String,
    pub(super) errors: String,
}

impl Finished {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), said: text(output.stdout), errors: text(output.stderr) }
    }

    /// Checks the code, and that each of these words is there.
    #[track_caller]
    pub(super) fn expect(self, code: i32, words: &[&str]) -> Self {
        let said = format!("{}{}", self.said, self.errors);
        assert_eq!(self.code, Some(code), "{said}");
        for word in words {
            assert!(said.contains(word), "no `{word}` in: {said}");
        }
        self
    }
}

/// A process that serves.
pub(super) struct Server {
    child: Child,
    log: Arc<Mutex<String>>,
    logging: JoinSet<()>,
    pub(super) base: String,
}

impl Server {
    pub(super) async fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_moim"))
            .args(["serve", "--listen", "127.0.0.1:0", "--logins-per-minute", "1000"])
            .arg("--data")
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut greeting = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let reading = lines.read_line(&mut greeting);
        tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap();
        let base = greeting.trim().strip_prefix("Moim is open: ").unwrap_or_default().to_owned();
        let log = Arc::<Mutex<String>>::default();
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let lines = Arc::clone(&log);
        let mut logging = JoinSet::new();
        logging.spawn(async move {
            while let Some(line) = errors.next_line().await.unwrap() {
                lines.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let server = Self { child, log, logging, base };
        if server.base.is_empty() {
            panic!("it does not start: {}", server.whole_log().await);
        }
        server
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub(super) async fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.pid().to_string()]).status().await;
        assert!(sent.unwrap().success());
    }

    pub(super) fn has_logged(&self, words: &str) -> bool {
        self.log.lock().unwrap().contains(words)
    }

    /// All that it logs until its end.
    async fn whole_log(self) -> String {
        tokio::time::timeout(PATIENCE, self.logging.join_all()).await.unwrap();
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    /// Stops it in order; what it has logged.
    pub(super) async fn stop(mut self) -> String {
        self.signal("-TERM").await;
        let ended = self.child.wait().await.unwrap();
        let log = self.whole_log().await;
        assert!(ended.success(), "{log}");
        log
    }

    /// Ends it without a word.
    pub(super) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Somebody who signed up and logged in.
    pub(super) async fn person(&self, name: &str) -> Person {
        let mut person = Person::at(&self.base);
        let mail = format!("{name}@example.org");
        let account = json!({"mail": mail, "password": PASSWORD, "name": name});
        person.post("/accounts", account).await.expect(StatusCode::CREATED);
        person.log_in(&mail).await;
        person
    }

    /// Somebody who has an account here, logged in.
    pub(super) async fn known(&self, name: &str) -> Person {
        let mut person = Person::at(&self.base);
        person.log_in(&format!("{name}@example.org")).await;
        person
    }
}

/// Waits until it holds, for as long as anything may take here.
pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}
