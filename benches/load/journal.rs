//! Many who write at once: how many edits become durable, and how long their authors wait to hear of it.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    edits::{self, Author},
    joins::{stored_count, until_stored},
    servers::{BOTH, Kind, Server},
    table::{Aim, Section},
    wire::{self, Reading, Writing},
};

const WRITERS: usize = 128;
const DOCUMENTS: usize = 32;
const SPAN: Duration = Duration::from_secs(4);
const PACED_RATE: usize = 2000;

/// Both ways in turns on both servers. The bare one acknowledges at once and keeps nothing.
pub(crate) async fn run(rounds: usize) -> Result<Vec<Section>> {
    let mut flat_out = Section::new("journal: 128 writers, 32 documents, each awaits");
    let mut paced = Section::new("journal: the same at 2 000 edits/s");
    for _ in 0..rounds {
        for kind in BOTH {
            play(kind, None, &mut flat_out).await?;
            play(kind, Some(PACED_RATE), &mut paced).await?;
        }
    }
    Ok(vec![flat_out, paced])
}

async fn play(kind: Kind, rate: Option<usize>, section: &mut Section) -> Result<()> {
    let server = Server::start(kind).await?;
    let mut documents = Vec::new();
    for _ in 0..DOCUMENTS {
        documents.push(server.document().await?);
    }
    let over = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for at in 0..WRITERS {
        let (mut reading, mut writing) =
            wire::connect(server.address, &documents[at % DOCUMENTS]).await?;
        let (author, opening) = Author::new();
        writing.send(&edits::update_message(&opening)).await?;
        until_stored(&mut reading, 1).await?;
        writers.push(Writer { author, reading, writing, sent: 1, over: Arc::clone(&over) });
    }
    let every = rate.map(|rate| Duration::from_secs(1) * WRITERS as u32 / rate as u32);
    let (began, cpu) = (Instant::now(), server.probe()?.cpu()?);
    let mut tasks = JoinSet::new();
    for (at, writer) in writers.into_iter().enumerate() {
        match every {
            Some(every) => {
                tasks.spawn(writer.write_paced(every, every * at as u32 / WRITERS as u32))
            }
            None => tasks.spawn(writer.write_awaiting()),
        };
    }
    sleep(SPAN).await;
    over.store(true, Ordering::Relaxed);
    let mut waits = Vec::new();
    while let Some(done) = tasks.join_next().await {
        waits.extend(done??);
    }
    let (took, cpu) = (began.elapsed(), server.probe()?.cpu()? - cpu);
    let edits = waits.len() as f64;
    section.add("durable edits per second", Aim::None, kind, edits / took.as_secs_f64());
    let micros = cpu.all.as_secs_f64() * 1e6 / edits;
    section.add("server CPU per edit and 3 deliveries, µs", Aim::None, kind, micros);
    section.add_waits(kind, &mut waits);
    Ok(())
}

struct Writer {
    author: Author,
    reading: Reading,
    writing: Writing,
    sent: u64,
    over: Arc<AtomicBool>,
}

impl Writer {
    async fn write(&mut self) -> Result<()> {
        let update = self.author.edit(0);
        self.sent += 1;
        self.writing.send(&edits::update_message(&update)).await
    }

    /// One edit after the other, each when the one before is durable.
    async fn write_awaiting(mut self) -> Result<Vec<Duration>> {
        let mut waits = Vec::new();
        while !self.over.load(Ordering::Relaxed) {
            let began = Instant::now();
            self.write().await?;
            until_stored(&mut self.reading, self.sent).await?;
            waits.push(began.elapsed());
        }
        Ok(waits)
    }

    /// Edits in a steady rhythm, whether or not the last one is durable.
    async fn write_paced(mut self, every: Duration, first: Duration) -> Result<Vec<Duration>> {
        let (mut waits, mut waiting) = (Vec::new(), VecDeque::new());
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + first, every);
        while !self.over.load(Ordering::Relaxed) || !waiting.is_empty() {
            let mut stored = 0;
            tokio::select! {
                _ = ticks.tick(), if !self.over.load(Ordering::Relaxed) => {
                    waiting.push_back((self.sent + 1, Instant::now()));
                    self.write().await?;
                }
                got = self.reading.receive(|frame| stored = stored_count(frame).unwrap_or(stored)) => got?,
            }
            while let Some((_, sent)) = waiting.pop_front_if(|(number, _)| *number <= stored) {
                waits.push(sent.elapsed());
            }
        }
        Ok(waits)
    }
}
