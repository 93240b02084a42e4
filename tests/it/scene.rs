//! A running program with a person, a trip and what a test needs to trouble it.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::common::{client::Client, peer::Peer, person::Person, program::Program};

/// Limits that are not the subject here.
pub(crate) const HURRY: [&str; 4] = [
    "--bytes-per-second=100000000",
    "--messages-per-second=100000",
    "--sockets-per-user=1000",
    "--log=info,moim::rooms=debug",
];

/// A program on a data folder of its own.
pub(crate) struct Scene {
    pub(crate) program: Program,
    pub(crate) person: Person,
    pub(crate) data: PathBuf,
    clients: usize,
    _folder: TempDir,
}

impl Scene {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let program = Program::start(&data, &HURRY).await;
        Self::around(program, data, folder).await
    }

    /// The same around a program that was started otherwise.
    pub(crate) async fn around(program: Program, data: PathBuf, folder: TempDir) -> Self {
        let person = Person::at(&program.base).sign_up("minji").await;
        Self { program, person, data, clients: 0, _folder: folder }
    }

    /// Starts again, after the program has ended.
    pub(crate) async fn start_again(&mut self, flags: &[&str]) {
        self.program = Program::start(&self.data, &[&HURRY, flags].concat()).await;
        self.program.is_ready().await;
        self.person = self.person.moved_to(&self.program.base);
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data.join("moim.db")
    }

    /// A replica of its own that knows the way to a trip; it is not connected.
    pub(crate) async fn newcomer(&mut self, trip: &str) -> Client {
        self.clients += 1;
        let path = self.person.sync_path(trip).await;
        Client::new(Peer::new(self.clients, 1000 + self.clients as u64, true), &path)
    }

    /// Somebody in a trip, who has all of it.
    pub(crate) async fn client(&mut self, trip: &str) -> Client {
        let mut client = self.newcomer(trip).await;
        client.connect(&self.program.base).await.unwrap();
        client.is_synced().await;
        client
    }
}
