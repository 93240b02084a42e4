//! Rooms in which two people sit and do nothing: what they cost all the same.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use crate::{
    edits,
    joins::until_synced,
    servers::{BOTH, Kind, Server},
    table::{Aim, Section},
    wire,
};

const ROOMS: usize = 1000;
const PEOPLE: usize = 2;
const SPAN: Duration = Duration::from_secs(3);

/// In turns on both servers.
pub(crate) async fn run(rounds: usize) -> Result<Section> {
    let mut section = Section::new("idle: 1 000 rooms with two people each");
    for _ in 0..rounds {
        for kind in BOTH {
            play(kind, &mut section).await?;
        }
    }
    Ok(section)
}

async fn play(kind: Kind, section: &mut Section) -> Result<()> {
    let server = Server::start(kind).await?;
    let mut documents = Vec::new();
    for _ in 0..ROOMS {
        documents.push(server.document().await?);
    }
    let before = server.probe()?.resident()?;
    let mut people = Vec::new();
    for document in &documents {
        for id in 1..=PEOPLE as u8 {
            let (mut reading, mut writing) = wire::connect(server.address, document).await?;
            if kind == Kind::Moim {
                writing.feed(&edits::step1_message(&[0]));
                writing.feed(&presence(id));
                writing.flush().await?;
                until_synced(&mut reading).await?;
            }
            people.push((reading, writing));
        }
    }
    sleep(Duration::from_secs(1)).await;
    let resident = server.probe()?.resident()? - before;
    let kib = resident / 1024.0 / ROOMS as f64;
    section.add("memory per room, KiB", Aim::AtMost(40.0), kind, kib);
    let cpu = server.probe()?.cpu()?;
    sleep(SPAN).await;
    let cpu = server.probe()?.cpu()? - cpu;
    let share = cpu.all.as_secs_f64() / SPAN.as_secs_f64() * 1e2;
    section.add("CPU while nothing happens, % of a core", Aim::None, kind, share);
    Ok(())
}

/// Where somebody looks at, as the browser client says it.
pub(crate) fn presence(id: u8) -> bytes::Bytes {
    let state =
        br#"{"view":"board","card":null,"field":null,"cur":null,"vp":{"c":[126.5,33.4],"z":9}}"#;
    let mut states = vec![1, id, 1, state.len() as u8];
    states.extend_from_slice(state);
    moim::protocol::awareness(&states)
}
