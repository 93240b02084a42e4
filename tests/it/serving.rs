//! A real server on a port of its own and a folder of its own, and people who talk to it.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use moim::{ServeError, Stop, config::Config};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{sleep, timeout},
};

pub(crate) use crate::common::person::{Answer, PASSWORD, Person};
use crate::{
    common::program::{PATIENCE, USUAL},
    mongo::Database,
};

#[derive(Parser)]
#[command(args_override_self = true)]
struct Command {
    #[command(flatten)]
    config: Config,
}

/// A server that runs until it is dropped or stopped.
pub(crate) struct Serving {
    pub(crate) base: String,
    pub(crate) stop: Stop,
    folder: TempDir,
    database: Option<Arc<Database>>,
    tasks: JoinSet<Result<(), ServeError>>,
}

/// Set to `mongodb`, all servers are on databases of their own there, instead of in a folder of their own.
const STORE: &str = "MOIM_TEST_STORE";

impl Serving {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(flags: &[&str]) -> Self {
        let is_mongo = std::env::var(STORE).is_ok_and(|store| store == "mongodb");
        let database = if is_mongo { Some(Arc::new(Database::new().await)) } else { None };
        Self::start_in(tempfile::tempdir().unwrap(), database, flags).await
    }

    /// One more node on this database.
    pub(crate) async fn start_on(database: &Arc<Database>) -> Self {
        Self::start_on_with(database, &[]).await
    }

    pub(crate) async fn start_on_with(database: &Arc<Database>, flags: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), Some(Arc::clone(database)), flags).await
    }

    async fn start_in(folder: TempDir, database: Option<Arc<Database>>, flags: &[&str]) -> Self {
        // Tests are in more of a hurry than people; a flag that is given again wins.
        let usual = USUAL.map(|limit| [limit, "100000"]).concat();
        let data = folder.path().join("data");
        let line = ["moim", "--data", data.to_str().unwrap()];
        let url = database.as_ref().map(|database| database.url());
        let shared = match (&url, &database) {
            (Some(url), Some(database)) => {
                vec!["--mongo-url", url, "--mongo-database", &database.name]
            }
            _ => Vec::new(),
        };
        let line = line.iter().chain(&usual).chain(&shared).chain(flags);
        let config = Command::try_parse_from(line).unwrap().config;
        let until = Instant::now() + PATIENCE;
        loop {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let base = format!("http://{}", listener.local_addr().unwrap());
            let (config, stop, mut tasks) = (config.clone(), Stop::default(), JoinSet::new());
            let stopping = stop.clone();
            tasks.spawn(async move { moim::run(listener, &config, stopping).await });
            // Only once everything is open may another be started on the same data.
            let ended = tokio::select! {
                served = timeout(PATIENCE, stop.serving.notified()) => {
                    served.expect("a server");
                    return Self { base, stop, folder, database, tasks };
                }
                ended = tasks.join_next() => ended.unwrap().unwrap(),
            };
            // A program that another test starts in this process holds the lock of before until it runs.
            let is_held = matches!(ended, Err(ServeError::Lock(_)));
            assert!(is_held && Instant::now() < until, "a server that did not start: {ended:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Another server on the same database and with the same keys, in a data folder of its own: a folder is
    /// one server's.
    pub(crate) async fn start_beside(&self, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if self.database.is_none() {
            let data = folder.path().join("data");
            std::fs::create_dir(&data).unwrap();
            for shared in ["moim.db", "token.keys"] {
                std::os::unix::fs::symlink(self.data().join(shared), data.join(shared)).unwrap();
            }
        }
        Self::start_in(folder, self.database.clone(), flags).await
    }

    /// Stops in order, and starts again with the same data.
    pub(crate) async fn restart(mut self) -> Self {
        self.stop().await;
        Self::start_in(self.folder, self.database, &[]).await
    }

    /// Stops in order.
    pub(crate) async fn stop(&mut self) {
        self.stop.in_order.cancel();
        self.tasks.join_next().await.unwrap().unwrap().unwrap();
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Somebody without an account.
    pub(crate) fn anybody(&self) -> Person {
        Person::at(&self.base)
    }

    /// Somebody who signed up and logged in.
    pub(crate) async fn person(&self, name: &str) -> Person {
        self.anybody().sign_up(name).await
    }
}

/// Whether any file below this folder contains these bytes.
pub(crate) fn any_file_contains(folder: &Path, needle: &str) -> bool {
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    std::fs::read_dir(folder).unwrap().any(|entry| holds(&entry.unwrap().path()))
}
