//! Readers that stop for a minute while others edit: what the others notice of it (W10).

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{
    edits::{self, Author},
    fanout::{Rhythm, Scene, Stage},
    joins::until_stored,
    servers::{Kind, Server},
    table::{Aim, Section},
    wire::{self, Reading, Writing},
};

/// A minute of edits, by several people, to a usual audience.
const SCENE: Scene = Scene {
    title: "slow readers: 5 writers, 50 readers, 50 edits/s",
    writers: 5,
    readers: 50,
    edits: 3_000,
    rhythm: Rhythm::PerSecond(50),
};

/// The document, and verses a note: an answer is more than the kernel takes for a reader that does not read (4 MiB).
const DOCUMENT_BYTES: usize = 4_500_000;
const VERSES: usize = 40;
/// So often a reader that stops has asked for all of it.
const QUESTIONS: usize = 4;

/// Without readers that stop, with one and with ten.
pub(crate) async fn run() -> Result<Section> {
    let mut section = Section::new(SCENE.title);
    let without = play(0, &mut section, "latency p99, nobody stops, ms").await?;
    let with_one = play(1, &mut section, "latency p99, one stops, ms").await?;
    let with_ten = play(10, &mut section, "latency p99, ten stop, ms").await?;
    let aim = Aim::AtMost(1.2);
    section.add("p99 with one to p99 with none", aim, Kind::Moim, with_one / without);
    section.add("p99 with ten to p99 with none", aim, Kind::Moim, with_ten / without);
    Ok(section)
}

/// The p99 of everybody who reads, in milliseconds.
async fn play(stopped: usize, section: &mut Section, name: &'static str) -> Result<f64> {
    let server = Server::start(Kind::Moim).await?;
    let path = server.document().await?;
    write_document(&server, &path).await?;
    let mut stage = Stage::set(SCENE, &server, &server, &path).await?;
    stage.write(SCENE.warm_up()).await?;
    let mut stopping = Vec::new();
    for _ in 0..stopped {
        stopping.push(stop_reading(&server, &path).await?);
    }
    stage.write(SCENE.edits).await?;
    stage.check(&server, &path).await?;
    let found = server.metric("moim_slow_readers_total").await?;
    ensure!(found == stopped as u64, "{found} of {stopped} were found to be too slow");
    let mut waits = stage.end().await?;
    waits.sort_unstable();
    let p99 = waits.get(waits.len() * 99 / 100).map_or(f64::NAN, Duration::as_secs_f64) * 1e3;
    section.add(name, Aim::None, Kind::Moim, p99);
    Ok(p99)
}

async fn write_document(server: &Server, path: &str) -> Result<()> {
    let (mut reading, mut writing) = wire::connect(server.address, path).await?;
    let (mut author, opening) = Author::new();
    let updates = author.write(DOCUMENT_BYTES, VERSES);
    for (count, update) in [opening].into_iter().chain(updates).enumerate() {
        writing.send(&edits::update_message(&update)).await?;
        until_stored(&mut reading, count as u64 + 1).await?;
    }
    Ok(())
}

/// Somebody who asks, and doesn't read the answers.
async fn stop_reading(server: &Server, path: &str) -> Result<(Reading, Writing)> {
    let (reading, mut writing) = wire::connect_narrow(server.address, path).await?;
    for _ in 0..QUESTIONS {
        writing.send(&edits::step1_message(&[0])).await?;
    }
    Ok((reading, writing))
}
