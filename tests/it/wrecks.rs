//! After a process has died: what was in flight is tried in a process of its own before anything is applied again.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use moim::{
    crdt::trip::TripDraft,
    documents::{Cargo, Court, DocumentStores, FlightLog, Found, Wreck},
    ids::{DocId, DocKind},
    store::{AsideCause, Quarantine, faulty::FaultyJournal},
};
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    common::program::PATIENCE,
    serving::{Person, Serving},
};

struct Scene {
    folder: TempDir,
    journal: FaultyJournal,
    doc: DocId,
}

fn scene() -> Scene {
    let (journal, doc) = (FaultyJournal::default(), DocId::new(DocKind::Trip));
    journal.create_now(doc, TripDraft::with_days("제주", 3, None).encode().into()).unwrap();
    Scene { folder: tempfile::tempdir().unwrap(), journal, doc }
}

/// Leaves a note as a process does that dies over it.
fn die_over(folder: &Path, doc: DocId, cargo: &Cargo) {
    let (kind, bytes) = match cargo {
        Cargo::Update(update) => (1, update.clone()),
        Cargo::Document => (2, Bytes::new()),
    };
    let head = format!("{doc} {} {}\n", bytes.len(), crc32fast::hash(&bytes));
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("dead.note"), [&[kind], head.as_bytes(), &bytes].concat()).unwrap();
}

impl Scene {
    fn found(&self) -> Vec<Found> {
        FlightLog::open(&self.folder.path().join("flight")).unwrap().1
    }

    /// Tries what a dead process left by this program, and says what is set aside then.
    async fn try_with(&self, court: &Court, cargo: Cargo) -> Vec<(AsideCause, Bytes)> {
        die_over(&self.folder.path().join("flight"), self.doc, &cargo);
        let found = self.found();
        assert_eq!(found[0].wreck, Wreck { doc: self.doc, cargo });
        let journal = Arc::new(self.journal.clone());
        let stores = DocumentStores {
            journal: journal.clone(),
            quarantine: journal.clone(),
            versions: journal.clone(),
            summaries: journal,
        };
        court.try_all(found, &stores).await;
        let aside = self.journal.aside(self.doc, 10).await.unwrap();
        aside.into_iter().map(|one| (one.cause, one.update)).collect()
    }

    /// A program that dies over whatever it is given, as yrs might.
    fn fatal(&self) -> Court {
        let path = self.folder.path().join("fatal");
        fs::write(&path, "#!/bin/sh\nkill -SEGV $$\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Court::new(path)
    }
}

fn own() -> Court {
    Court::new(env!("CARGO_BIN_EXE_moim").into())
}

fn update() -> Bytes {
    Bytes::from(TripDraft::with_days("부산", 1, None).encode())
}

#[tokio::test]
async fn an_edit_that_is_fatal_again_is_set_aside_and_its_note_is_gone() {
    let scene = scene();
    let update = update();
    let aside = scene.try_with(&scene.fatal(), Cargo::Update(update.clone())).await;
    assert_eq!(aside, [(AsideCause::Fatal, update)]);
    assert!(scene.found().is_empty());
}

#[tokio::test]
async fn a_document_whose_reading_is_fatal_again_is_set_aside_as_a_whole() {
    let scene = scene();
    let aside = scene.try_with(&scene.fatal(), Cargo::Document).await;
    assert_eq!(aside, [(AsideCause::Unreadable, Bytes::new())]);
}

#[tokio::test]
async fn what_a_killed_process_was_doing_is_innocent() {
    for cargo in [Cargo::Update(update()), Cargo::Document, Cargo::Update(vec![7; 99].into())] {
        let scene = scene();
        assert_eq!(scene.try_with(&own(), cargo).await, []);
        assert!(scene.found().is_empty());
    }
}

#[tokio::test]
async fn what_can_not_be_tried_is_left_for_the_next_start() {
    let scene = scene();
    scene.journal.fail_loads(1);
    assert_eq!(scene.try_with(&own(), Cargo::Document).await, []);
    assert_eq!(scene.found().len(), 1);
}

/// A busy machine is no reason to keep people out of a document.
#[tokio::test(start_paused = true)]
async fn a_trial_that_takes_too_long_says_nothing_and_is_left_for_the_next_start() {
    let scene = scene();
    let path = scene.folder.path().join("slow");
    // Of the real clock; that of the test moves on as soon as there is nothing else to do.
    fs::write(&path, "#!/bin/sh\nexec sleep 600\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(scene.try_with(&Court::new(path), Cargo::Document).await, []);
    assert_eq!(scene.found().len(), 1);
}

/// What loops is ended by the system, on a busy machine as on any other.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_trial_may_use_so_much_of_the_processor() {
    let mut trial =
        Command::new(env!("CARGO_BIN_EXE_moim")).arg("try").stdin(Stdio::piped()).spawn().unwrap();
    let limits = format!("/proc/{}/limits", trial.id());
    let is_bound = || {
        let limits = fs::read_to_string(&limits).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max cpu time")).unwrap();
        line.split_whitespace().skip(3).take(2).all(|limit| limit == "30")
    };
    let until = Instant::now() + PATIENCE;
    while !is_bound() {
        assert!(Instant::now() < until, "it is never bound");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    trial.kill().unwrap();
    trial.wait().unwrap();
}

#[tokio::test]
async fn a_program_that_is_not_there_acquits_nobody() {
    let scene = scene();
    let nobody = Court::new(scene.folder.path().join("nobody"));
    assert_eq!(scene.try_with(&nobody, Cargo::Document).await.len(), 1);
}

#[tokio::test]
async fn a_server_tries_what_its_predecessor_died_over_before_it_serves() {
    let mut server = Serving::start().await;
    let mina = server.person("mina").await;
    let trip = mina.post("/trips", json!({"title": "제주"})).await.expect(StatusCode::CREATED);
    let doc: DocId = trip["id"].as_str().unwrap().parse().unwrap();
    server.stop().await;
    let folder = server.data().join("flight");
    die_over(&folder, doc, &Cargo::Update(update()));
    let mut next = Command::new(env!("CARGO_BIN_EXE_moim"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data", server.data().to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut greeting = String::new();
    BufReader::new(next.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
    // It says that it is open before it is: who asks waits until then.
    let base = greeting.trim().strip_prefix("Moim is open: ").unwrap();
    Person::at(base).get("!/healthz").await;
    let note = folder.join("dead.note");
    next.kill().unwrap();
    next.wait().unwrap();
    assert!(!note.exists());
}
