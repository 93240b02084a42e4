//! A store that can't be written to for a while: its disk is full, or somebody else holds it.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;
use serde_json::json;
use tokio::process::Command;

use crate::{
    common::{
        client::{Client, read},
        peer::{content, holds},
        program::{Program, Starting},
    },
    scene::{HURRY, Scene},
};

const FAILURES: &str = "moim_journal_failures_total";

/// A program whose data lies on a small disk of its own, which nobody outside of its mount namespace sees.
struct SmallDisk {
    scene: Scene,
    /// The data folder as it can be reached from outside.
    inside: PathBuf,
}

impl SmallDisk {
    const SIZE: &str = "size=64m";

    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        let mut command = Command::new("unshare");
        let script = r#"mount -t tmpfs -o "$0" tmpfs "$1" && shift && exec "$@""#;
        command.args(["--map-root-user", "--mount", "sh", "-c", script, Self::SIZE]);
        command.arg(&disk).arg(env!("CARGO_BIN_EXE_moim"));
        let data = disk.join("data");
        let program = Starting::by(command, &data, &HURRY).started().await;
        let root = format!("/proc/{}/root", program.id());
        let inside = Path::new(&root).join(data.strip_prefix("/").unwrap());
        Self { scene: Scene::around(program, data, folder).await, inside }
    }

    fn filler(&self) -> PathBuf {
        self.inside.join("filler")
    }

    fn fill(&self) {
        let mut file = File::create(self.filler()).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    /// Copies what is on the disk by now to where another program can read it.
    fn copy(&self, to: &Path) {
        std::fs::create_dir(to).unwrap();
        for name in ["moim.db", "moim.db-wal", "token.keys"] {
            std::fs::copy(self.inside.join(name), to.join(name)).unwrap();
        }
    }
}

/// An edit of one comes to the other, and is not acknowledged as long as the store is away.
async fn edit_unstored(scene: &Scene, writer: &mut Client, reader: &mut Client) {
    let mark = writer.peer.set_mark();
    writer.flush().await;
    let arrives = |reader: &Client| holds(&content(&reader.peer.doc), &mark);
    reader.listen_until("the edit, before it is durable", arrives).await;
    while scene.program.metric(FAILURES).await == 0.0 {
        writer.listen_for(Duration::from_millis(50)).await;
    }
    writer.round_trip().await;
    assert!(!writer.peer.is_settled(), "an edit was acknowledged that can't be stored");
    scene.program.counts("moim_rooms_troubled", 1.0).await;
}

#[tokio::test]
async fn with_a_full_disk_edits_stay_in_memory_until_there_is_room() {
    let mut disk = SmallDisk::start().await;
    let trip = disk.scene.person.trip("제주").await;
    let (mut writer, mut reader) = (disk.scene.client(&trip).await, disk.scene.client(&trip).await);
    writer.peer.fill_cards(9, 8_000);
    writer.flush().await;
    writer.is_settled().await;
    disk.fill();
    edit_unstored(&disk.scene, &mut writer, &mut reader).await;
    disk.scene.program.becomes("the store is not ready\n").await;
    let refused = disk.scene.person.post("/trips", json!({"title": "부산"})).await;
    refused.refused(503, "unavailable");
    while writer.is_connected() {
        // Each says all of the document again: what may wait for the disk is soon too much.
        writer.peer.set_mark_and_say_all();
        writer.flush().await;
        writer.listen_for(Duration::from_millis(1)).await;
    }
    assert_eq!(writer.closed, Some(1013), "{}", disk.scene.program.log());
    disk.make_room();
    writer.settles(&disk.scene.program.base).await;
    disk.scene.program.becomes("ready\n").await;
    disk.scene.program.counts("moim_rooms_troubled", 0.0).await;
    let kept = tempfile::tempdir().unwrap();
    let data = kept.path().join("data");
    disk.copy(&data);
    let other = Program::start(&data, &HURRY).await;
    let path = disk.scene.person.sync_path(&trip).await;
    let stored = content(&read(&other.base, &path).await);
    assert_eq!(stored, content(&writer.peer.doc), "something was lost");
}

#[tokio::test]
async fn while_another_process_holds_the_database_edits_wait_and_nothing_is_lost() {
    let mut scene = Scene::start().await;
    let trip = scene.person.trip("제주").await;
    let (mut writer, mut reader) = (scene.client(&trip).await, scene.client(&trip).await);
    let other = Connection::open(scene.database()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    edit_unstored(&scene, &mut writer, &mut reader).await;
    scene.program.becomes("the store is not ready\n").await;
    assert!(scene.program.log().contains("another process holds the database"));
    other.execute_batch("ROLLBACK").unwrap();
    writer.is_settled().await;
    scene.program.becomes("ready\n").await;
    scene.program.kill().await;
    scene.start_again(&[]).await;
    let stored = content(&read(&scene.program.base, &scene.person.sync_path(&trip).await).await);
    assert_eq!(stored, content(&writer.peer.doc), "something was lost");
}
