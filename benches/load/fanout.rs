//! Few who write and many who read: what a delivery costs, and how long it takes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use crate::{
    edits::{self, Author},
    joins,
    servers::{BOTH, Kind, Server},
    table::{Aim, Section},
    wire::{self, Reading, Writing},
};

/// What is sent before the clock starts, as a share of what is measured.
const WARM_UP: usize = 5;
/// A writer that goes as fast as it can is at most so many edits ahead of its readers.
const AHEAD: usize = 256;
/// … and hands so many to the kernel at once.
const TOGETHER: usize = 16;
/// Longer than any edit takes to arrive everywhere.
const PATIENCE: Duration = Duration::from_secs(30);
/// Who says nothing for twice as long and more is taken for dead.
const SILENCE: Duration = Duration::from_secs(15);

/// How writers write.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rhythm {
    /// So many edits a second, all writers together.
    PerSecond(usize),
    /// As fast as readers take them.
    Saturated,
}

/// Who takes part, and how much is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) title: &'static str,
    pub(crate) writers: usize,
    pub(crate) readers: usize,
    pub(crate) edits: usize,
    pub(crate) rhythm: Rhythm,
}

impl Scene {
    /// So many edits, or a few more, so that all writers write as many.
    fn in_turns(&self, edits: usize) -> usize {
        edits.next_multiple_of(self.writers)
    }

    pub(crate) fn warm_up(&self) -> usize {
        self.in_turns(self.edits / WARM_UP)
    }
}

/// Runs the scene in turns on both servers.
pub(crate) async fn run(scene: Scene, rounds: usize) -> Result<Section> {
    let mut section = Section::new(scene.title);
    for _ in 0..rounds {
        for kind in BOTH {
            play(scene, kind, &mut section).await?;
        }
    }
    Ok(section)
}

async fn play(scene: Scene, kind: Kind, section: &mut Section) -> Result<()> {
    let server = Server::start(kind).await?;
    let path = server.document().await?;
    let mut stage = Stage::set(scene, &server, &server, &path).await?;
    stage.write(scene.warm_up()).await?;
    let (began, cpu) = (Instant::now(), server.probe()?.cpu()?);
    stage.write(scene.edits).await?;
    let (took, cpu) = (began.elapsed(), server.probe()?.cpu()? - cpu);
    let deliveries = (scene.in_turns(scene.edits) * stage.others) as f64;
    let micros = |cpu: Duration| cpu.as_secs_f64() * 1e6 / deliveries;
    section.add("server CPU per delivery, µs", Aim::Ratio(1.25), kind, micros(cpu.all));
    let unstored = micros(cpu.all - cpu.journal);
    section.add("… without the journal's thread, µs", Aim::Ratio(1.25), kind, unstored);
    if matches!(scene.rhythm, Rhythm::Saturated) {
        let rate = deliveries / took.as_secs_f64() / 1e3;
        section.add("deliveries per second, thousands", Aim::None, kind, rate);
    }
    stage.check(&server, &path).await?;
    section.add_waits(kind, &mut stage.end().await?);
    Ok(())
}

/// Everybody connected, and what they have in common.
pub(crate) struct Stage {
    scene: Scene,
    writers: Vec<Writer>,
    readers: JoinSet<Result<Vec<Duration>>>,
    arrivals: Arc<Arrivals>,
    /// Each edit goes to so many.
    others: usize,
    /// Edits so far, of all writers.
    written: usize,
}

struct Writer {
    author: Author,
    writing: Writing,
}

/// When edits left, and how many deliveries there were.
struct Arrivals {
    origin: Instant,
    /// Microseconds since the origin, by the number of the edit.
    sent: Vec<AtomicU64>,
    /// How many edits each has, the writers first.
    delivered: Vec<AtomicUsize>,
    writers: usize,
    progress: Notify,
    /// Edits before this number are not timed.
    warm_up: usize,
}

impl Stage {
    /// Writers on one server and readers on one, which may be the same.
    pub(crate) async fn set(
        scene: Scene,
        written_to: &Server,
        read_from: &Server,
        path: &str,
    ) -> Result<Self> {
        let total = scene.warm_up() + scene.in_turns(scene.edits);
        let arrivals = Arc::new(Arrivals {
            origin: Instant::now(),
            sent: (0..total).map(|_| AtomicU64::new(0)).collect(),
            delivered: (0..scene.writers + scene.readers).map(|_| AtomicUsize::new(0)).collect(),
            writers: scene.writers,
            progress: Notify::new(),
            warm_up: scene.warm_up(),
        });
        let others = scene.readers + scene.writers - 1;
        let (mut writers, mut readers) = (Vec::new(), JoinSet::new());
        for at in 0..scene.writers + scene.readers {
            let server = if at < scene.writers { written_to } else { read_from };
            let (reading, mut writing) = wire::connect(server.address, path).await?;
            let open = if at < scene.writers {
                let (author, opening) = Author::new();
                writing.send(&edits::update_message(&opening)).await?;
                writers.push(Writer { author, writing });
                None
            } else {
                Some(writing)
            };
            readers.spawn(read(at, reading, open, Arc::clone(&arrivals)));
        }
        // The openings and the pings are over before anything is counted.
        sleep(Duration::from_millis(300)).await;
        Ok(Self { scene, writers, readers, arrivals, others, written: 0 })
    }

    /// Writes so many edits, and waits until they are everywhere.
    pub(crate) async fn write(&mut self, edits: usize) -> Result<()> {
        let each = edits.div_ceil(self.scene.writers);
        let updates = self.prepare(each);
        match self.scene.rhythm {
            Rhythm::PerSecond(rate) => self.write_paced(updates, rate).await?,
            Rhythm::Saturated => self.write_saturated(updates).await?,
        }
        let everywhere = self.arrivals.wait_for(self.written);
        timeout(PATIENCE, everywhere).await.context("not everything arrived everywhere")
    }

    /// Edits of all writers in turn, with their numbers.
    fn prepare(&mut self, each: usize) -> Vec<(usize, bytes::Bytes)> {
        let mut updates = Vec::with_capacity(each * self.writers.len());
        for _ in 0..each {
            for writer in &mut self.writers {
                let update = writer.author.edit(self.written);
                updates.push((self.written, edits::update_message(&update)));
                self.written += 1;
            }
        }
        updates
    }

    async fn write_paced(
        &mut self,
        updates: Vec<(usize, bytes::Bytes)>,
        rate: usize,
    ) -> Result<()> {
        let mut ticks = interval(Duration::from_secs(1) / rate as u32);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let writers = self.writers.len();
        for (number, update) in updates {
            ticks.tick().await;
            self.arrivals.leaves(number);
            self.writers[number % writers].writing.send(&update).await?;
        }
        Ok(())
    }

    async fn write_saturated(&mut self, updates: Vec<(usize, bytes::Bytes)>) -> Result<()> {
        for together in updates.chunks(TOGETHER) {
            let first = together.first().map_or(0, |(number, _)| *number);
            self.arrivals.wait_for(first.saturating_sub(AHEAD)).await;
            for (number, update) in together {
                self.arrivals.leaves(*number);
                self.writers[0].writing.feed(update);
            }
            self.writers[0].writing.flush().await?;
        }
        Ok(())
    }

    /// Somebody who comes now finds what all writers have.
    pub(crate) async fn check(&self, server: &Server, path: &str) -> Result<()> {
        if server.kind == Kind::Bare {
            return Ok(());
        }
        let document = joins::fetch(server, path).await?;
        for writer in &self.writers {
            for (client, clock) in writer.author.state_vector().iter() {
                ensure!(document.get(client) == *clock, "the server lacks edits");
            }
        }
        Ok(())
    }

    /// How long deliveries after the warm-up took.
    pub(crate) async fn end(mut self) -> Result<Vec<Duration>> {
        let mut all = Vec::new();
        while let Some(waits) = self.readers.join_next().await {
            all.extend(waits??);
        }
        Ok(all)
    }
}

impl Arrivals {
    fn leaves(&self, number: usize) {
        let now = self.origin.elapsed().as_micros() as u64;
        self.sent[number].store(now, Ordering::Relaxed);
    }

    fn wait_of(&self, number: usize) -> Duration {
        let sent = self.sent[number].load(Ordering::Relaxed);
        self.origin.elapsed().saturating_sub(Duration::from_micros(sent))
    }

    /// Waits until everybody has so many edits.
    async fn wait_for(&self, edits: usize) {
        for (at, delivered) in self.delivered.iter().enumerate() {
            while delivered.load(Ordering::Relaxed) < self.others_of(at, edits) {
                self.progress.notified().await;
            }
        }
    }

    /// How many of so many edits somebody else wrote.
    fn others_of(&self, at: usize, edits: usize) -> usize {
        if at < self.writers { edits - edits / self.writers } else { edits }
    }
}

/// Takes what comes until all edits were seen. Who only reads keeps the other half open, and says now and then
/// that it is there.
async fn read(
    at: usize,
    mut reading: Reading,
    mut open: Option<Writing>,
    arrivals: Arc<Arrivals>,
) -> Result<Vec<Duration>> {
    let expected = arrivals.others_of(at, arrivals.sent.len());
    let (mut waits, mut seen) = (Vec::with_capacity(expected), 0);
    let mut said = Instant::now();
    while seen < expected {
        if let Some(writing) = open.as_mut().filter(|_| said.elapsed() > SILENCE) {
            writing.pong().await?;
            said = Instant::now();
        }
        reading
            .receive(|frame| {
                for number in edits::numbers(frame) {
                    seen += 1;
                    if number >= arrivals.warm_up {
                        waits.push(arrivals.wait_of(number));
                    }
                }
            })
            .await?;
        arrivals.delivered[at].store(seen, Ordering::Relaxed);
        arrivals.progress.notify_one();
    }
    drop(open);
    Ok(waits)
}
