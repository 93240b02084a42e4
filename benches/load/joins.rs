//! People who open a document of 600 KB, with nothing of it or with half of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};
use yrs::{StateVector, Update, updates::decoder::Decode};

use crate::{
    edits::{self, Author},
    servers::{BOTH, Kind, Server},
    table::{Aim, Section},
    wire::{self, Reading, Writing},
};

/// How large the document is.
pub(crate) const DOCUMENT_BYTES: usize = 600_000;
const JOINS: usize = 1000;
const JOINS_WITH_HALF: usize = 200;
/// So many join at the same time.
const AT_ONCE: usize = 4;
/// So many stay, to see what they keep.
const STAYING: usize = 100;
/// The state vector of somebody who has nothing.
const NOTHING: &[u8] = &[0];

/// Joins in turns on both servers.
pub(crate) async fn run(rounds: usize) -> Result<Vec<Section>> {
    let mut whole = Section::new("join of 600 KB with an empty state vector");
    let mut half = Section::new("join of 600 KB with half of it known");
    for _ in 0..rounds {
        for kind in BOTH {
            let server = Server::start(kind).await?;
            let place = Place::prepare(&server).await?;
            let kept = place.stay(&server).await?;
            whole.add("memory that a connection keeps, KiB", Aim::None, kind, kept / 1024.0);
            place.storm(&server, JOINS, NOTHING, Aim::AtMost(0.3), &mut whole).await?;
            if let Some(known) = &place.half {
                place.storm(&server, JOINS_WITH_HALF, known, Aim::None, &mut half).await?;
            }
        }
    }
    Ok(vec![whole, half])
}

/// Where people join.
struct Place {
    path: Arc<str>,
    /// The state vector of somebody who has one of two authors' edits.
    half: Option<Vec<u8>>,
}

impl Place {
    async fn prepare(server: &Server) -> Result<Self> {
        if server.kind == Kind::Bare {
            return Ok(Self { path: "/constant".into(), half: None });
        }
        let path = server.document().await?;
        let (mut reading, mut writing) = wire::connect(server.address, &path).await?;
        let mut authors = [Author::new(), Author::new()];
        let mut count = 0;
        for (author, opening) in &mut authors {
            let updates = author.write(DOCUMENT_BYTES / 2, 2);
            for update in [std::mem::take(opening)].into_iter().chain(updates) {
                writing.send(&edits::update_message(&update)).await?;
                count += 1;
                until_stored(&mut reading, count).await?;
            }
        }
        Ok(Self { path: path.into(), half: Some(authors[0].0.encoded_state_vector()) })
    }

    /// Many who come, are synced and go.
    async fn storm(
        &self,
        server: &Server,
        joins: usize,
        known: &[u8],
        aim: Aim,
        section: &mut Section,
    ) -> Result<()> {
        let known: Arc<[u8]> = known.into();
        let (door, mut tasks) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
        let before = server.probe()?.cpu()?;
        for _ in 0..joins {
            let place = Arc::clone(&door).acquire_owned().await?;
            let (address, path, known) =
                (server.address, Arc::clone(&self.path), Arc::clone(&known));
            tasks.spawn(async move {
                let began = Instant::now();
                join(address, &path, &known).await?;
                drop(place);
                Ok::<_, anyhow::Error>(began.elapsed())
            });
        }
        let mut waits = tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
        // Leaving is part of the price.
        sleep(Duration::from_millis(200)).await;
        let cpu = server.probe()?.cpu()? - before;
        let millis = cpu.all.as_secs_f64() * 1e3 / joins as f64;
        section.add("server CPU per join, ms", aim, server.kind, millis);
        section.add_waits(server.kind, &mut waits);
        Ok(())
    }

    /// Memory for each of those who joined and stay.
    async fn stay(&self, server: &Server) -> Result<f64> {
        // The first one has the state encoded.
        let _first = join(server.address, &self.path, NOTHING).await?;
        sleep(Duration::from_millis(200)).await;
        let before = server.probe()?.resident()?;
        let mut staying = Vec::new();
        for _ in 0..STAYING {
            staying.push(join(server.address, &self.path, NOTHING).await?);
        }
        sleep(Duration::from_millis(200)).await;
        Ok((server.probe()?.resident()? - before) / STAYING as f64)
    }
}

/// Connects, and waits until everything is there.
async fn join(
    address: std::net::SocketAddr,
    path: &str,
    known: &[u8],
) -> Result<(Reading, Writing)> {
    let (mut reading, mut writing) = wire::connect(address, path).await?;
    writing.send(&edits::step1_message(known)).await?;
    let bytes = until_synced(&mut reading).await?;
    ensure!(bytes > DOCUMENT_BYTES / 3, "only {bytes} bytes came");
    Ok((reading, writing))
}

/// Waits for the step 2, and says how large it is.
pub(crate) async fn until_synced(reading: &mut Reading) -> Result<usize> {
    let mut synced = None;
    loop {
        let is_step2 = |frame: &[u8]| frame.starts_with(&[0, 1]);
        reading.receive(|frame| synced = is_step2(frame).then_some(frame.len()).or(synced)).await?;
        if let Some(bytes) = synced {
            return Ok(bytes);
        }
    }
}

/// What somebody who comes with nothing knows afterwards.
pub(crate) async fn fetch(server: &Server, path: &str) -> Result<StateVector> {
    let (mut reading, mut writing) = wire::connect(server.address, path).await?;
    writing.send(&edits::step1_message(NOTHING)).await?;
    let (mut known, mut failed, mut synced) = (StateVector::default(), None, false);
    while !synced {
        reading
            .receive(|frame| {
                for message in moim::protocol::messages(bytes::Bytes::copy_from_slice(frame)) {
                    use moim::protocol::Message::{Step2, Update as Edit};
                    if let Ok(Step2(update) | Edit(update)) = &message {
                        match Update::decode_v1(update) {
                            Ok(update) => known.merge(update.state_vector()),
                            Err(error) => failed = Some(error),
                        }
                    }
                    synced |= matches!(message, Ok(Step2(_)));
                }
            })
            .await?;
    }
    failed.map_or(Ok(known), |error| Err(error).context("not a Yjs update"))
}

/// Waits until so many edits of this connection are durable.
pub(crate) async fn until_stored(reading: &mut Reading, count: u64) -> Result<()> {
    let mut stored = 0;
    while stored < count {
        reading.receive(|frame| stored = stored_count(frame).unwrap_or(stored)).await?;
    }
    Ok(())
}

/// The number of durable edits that a frame tells of.
pub(crate) fn stored_count(frame: &[u8]) -> Option<u64> {
    let (&kind, rest) = frame.split_first()?;
    let number = |(at, byte): (usize, &u8)| u64::from(byte & 0x7f) << (7 * at);
    (kind == 100).then(|| rest.iter().enumerate().map(number).sum())
}
