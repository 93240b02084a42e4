//! The two servers under test, each a process of its own: the release binary of Moim, and the bare broadcaster.

use std::{
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context, Result};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::process::Probe;

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Moim,
    Bare,
}

/// Both, in the order in which they take turns.
pub(crate) const BOTH: [Kind; 2] = [Kind::Moim, Kind::Bare];

/// The limits of a server on which one person sits at two thousand keyboards.
const NO_LIMITS: [&str; 14] = [
    "--requests-per-minute=10000000",
    "--logins-per-minute=1000",
    "--sign-ups-per-hour=1000",
    "--sockets-per-address=100000",
    "--sockets-per-user=100000",
    "--connections=100000",
    "--joins-per-second=100000",
    "--hello-seconds=100000",
    "--messages-per-second=1000000",
    "--awareness-per-second=1000000",
    "--memory-mb=100000",
    "--bytes-per-second=400000000",
    "--listen=127.0.0.1:0",
    "--name=Moim",
];

/// A server that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    process: Child,
    person: Option<Person>,
    rooms: AtomicUsize,
    folder: TempDir,
}

impl Server {
    /// Starts one with an empty data folder, on the disk that the checkout is on.
    pub(crate) async fn start(kind: Kind) -> Result<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let command = match kind {
            Kind::Moim => moim(folder.path()),
            Kind::Bare => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("bare");
                command
            }
        };
        Self::spawn(kind, command, folder).await?.with_person().await
    }

    /// Starts one of several nodes, with a flag more; on the database and the keys of another one if there is one.
    pub(crate) async fn start_node(flag: &str, beside: Option<&Self>) -> Result<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let mut command = moim(folder.path());
        command.arg(flag);
        let Some(beside) = beside else {
            return Self::spawn(Kind::Moim, command, folder).await?.with_person().await;
        };
        let [data, others] = [&folder, &beside.folder].map(|folder| folder.path().join("data"));
        std::fs::create_dir(&data)?;
        for shared in ["moim.db", "token.keys"] {
            std::os::unix::fs::symlink(others.join(shared), data.join(shared))?;
        }
        Self::spawn(Kind::Moim, command, folder).await
    }

    async fn with_person(mut self) -> Result<Self> {
        if self.kind == Kind::Moim {
            self.person = Some(Person::sign_up(self.address).await?);
        }
        Ok(self)
    }

    async fn spawn(kind: Kind, mut command: Command, folder: TempDir) -> Result<Self> {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It logs as it does by default; nobody reads it.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("the server does not start")?;
        let stdout = process.stdout.take().context("no standard output")?;
        let line = BufReader::new(stdout).lines().next_line().await?.context("it says nothing")?;
        let (_, address) = line.rsplit_once("http://").context("it does not say where it is")?;
        let (address, rooms) = (address.parse()?, AtomicUsize::new(0));
        Ok(Self { kind, address, process, person: None, rooms, folder })
    }

    /// Looks at the process.
    pub(crate) fn probe(&self) -> Result<Probe> {
        Ok(Probe(self.process.id().context("the server has ended")?))
    }

    /// What one of its counters has come to.
    pub(crate) async fn metric(&self, name: &str) -> Result<u64> {
        let metrics =
            reqwest::get(format!("http://{}/metrics", self.address)).await?.text().await?;
        let count = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        Ok(metrics.lines().find_map(count).unwrap_or_default())
    }

    /// A new shared document: the path of its WebSocket, good for many connections.
    pub(crate) async fn document(&self) -> Result<String> {
        match &self.person {
            Some(person) => person.document().await,
            None => Ok(format!("/relay/{}", self.rooms.fetch_add(1, Ordering::Relaxed))),
        }
    }
}

fn moim(folder: &Path) -> Command {
    // Another binary to compare with, when one looks for what made a difference.
    let binary = std::env::var("MOIM_BENCH_BIN");
    let mut command = Command::new(binary.as_deref().unwrap_or(env!("CARGO_BIN_EXE_moim")));
    command.arg("serve").args(NO_LIMITS).arg("--data").arg(folder.join("data"));
    command
}

/// The one account.
struct Person {
    client: Client,
    base: String,
    access: String,
}

impl Person {
    async fn sign_up(address: SocketAddr) -> Result<Self> {
        let base = format!("http://{address}/api/v1");
        let mut person = Self { client: Client::new(), base, access: String::new() };
        let (mail, password) = ("bench@example.org", "제주도 푸른 밤 7");
        let account = json!({"mail": mail, "password": password, "name": "부하", "language": "ko"});
        person.post("/accounts", &account).await?;
        let session =
            person.post("/sessions", &json!({"mail": mail, "password": password})).await?;
        person.access = text(&session, "access")?;
        Ok(person)
    }

    async fn document(&self) -> Result<String> {
        let trip = self.post("/trips", &json!({"title": "제주 3박 4일", "days": 4})).await?;
        let id = text(&trip, "id")?;
        let ticket = self.post(&format!("/documents/{id}/tickets"), &json!({})).await?;
        Ok(format!("/sync/{id}?ack=1&token={}", text(&ticket, "token")?))
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.client.post(format!("{}{path}", self.base)).json(body);
        let request = match self.access.as_str() {
            "" => request,
            access => request.bearer_auth(access),
        };
        Ok(request.send().await?.error_for_status()?.json().await?)
    }
}

fn text(value: &Value, key: &str) -> Result<String> {
    let text = value[key].as_str().with_context(|| format!("no {key} in the answer"))?;
    Ok(text.to_owned())
}
