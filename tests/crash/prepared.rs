//! A data folder with a person and trips in it, made once and copied for many rounds: it saves time, no more.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{
    client::{Client, read},
    peer::{CARD, Mark, Peer, content, state},
    person::Person,
    program::Program,
};

/// Tickets live ten minutes, and a round takes a minute at the worst.
const FRESH: Duration = Duration::from_secs(240);
/// Edits in each trip before any round.
const EDITS: usize = 30;

/// A trip that every round begins with.
#[derive(Clone)]
pub(crate) struct Trip {
    pub(crate) id: String,
    pub(crate) title: String,
    /// Of its socket, with a ticket.
    pub(crate) path: String,
    pub(crate) epoch: u64,
    /// The whole document in an update, as long as it does not begin anew.
    pub(crate) state: Vec<u8>,
    /// What is in it, whatever becomes of it.
    pub(crate) marks: BTreeSet<Mark>,
}

impl Trip {
    /// Takes a fresh ticket, for the epoch in which the document is now, unless the server is gone.
    pub(crate) async fn take_ticket(&mut self, person: &Person) -> Result<(), reqwest::Error> {
        let ask = person.request(Method::POST, &format!("/documents/{}/tickets", self.id));
        let answer = ask.json(&json!({})).send().await?.error_for_status()?;
        let ticket: Value = answer.json().await?;
        self.path = format!("/sync/{}?ack=1&token={}", self.id, ticket["token"].as_str().unwrap());
        let epoch = ticket["epoch"].as_u64().unwrap();
        if std::mem::replace(&mut self.epoch, epoch) != epoch {
            self.state = EMPTY.to_vec();
        }
        Ok(())
    }
}

/// An update with nothing in it.
const EMPTY: [u8; 2] = [0, 0];

/// The folder, and who knows what is in it.
pub(crate) struct Prepared {
    folder: TempDir,
    made: Instant,
    pub(crate) person: Person,
    pub(crate) trips: Vec<Trip>,
}

impl Prepared {
    pub(crate) async fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::start(&folder.path().join("data"), &[]).await;
        let person = Person::at(&program.base).sign_up("minji").await;
        let mut trips = Vec::new();
        for (number, title) in ["제주", "부산", "경주"].into_iter().enumerate() {
            trips.push(trip(&person, &program.base, number, title).await);
        }
        program.stop().await;
        Self { folder, made: Instant::now(), person, trips }
    }

    /// Whether another one is due.
    pub(crate) fn is_old(&self) -> bool {
        self.made.elapsed() > FRESH
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Copies the data folder.
    pub(crate) fn copy(&self, to: &Path) {
        copy(&self.data(), to);
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A trip with edits in its journal and a version.
async fn trip(person: &Person, base: &str, number: usize, title: &str) -> Trip {
    let id = person.trip(title).await;
    let path = person.sync_path(&id).await;
    // No peer of a round has such a name: its marks are its own.
    let name = 1000 + number;
    let mut client = Client::new(Peer::new(name, name as u64, true), &path);
    client.connect(base).await.unwrap();
    let mut rng = StdRng::seed_from_u64(name as u64);
    for edit in 0..EDITS {
        client.peer.edit(&mut rng);
        client.flush().await;
        if edit == EDITS / 2 {
            client.is_settled().await;
            let saved = person.post(&format!("/documents/{id}/versions"), json!({})).await;
            saved.expect(reqwest::StatusCode::CREATED);
        }
    }
    client.is_settled().await;
    let doc = read(base, &path).await;
    let marks =
        content(&doc).into_keys().filter(|key| key.starts_with("mark:") || key.ends_with(CARD));
    let (marks, state) = (marks.collect(), state(&doc));
    Trip { id, title: title.to_owned(), path, epoch: 1, state, marks }
}
