//! Moim's benchmarks: the real server under load, and beside it a bare WebSocket broadcaster as the limit.
//!
//! `cargo bench` runs them all; `cargo bench -- joins idle` some. What the numbers mean: `docs/BENCHMARKS.md`.

mod bare;
mod edits;
mod fanout;
mod idle;
mod joins;
mod journal;
mod nodes;
mod process;
mod servers;
mod slow;
mod table;
mod wire;

use std::time::Instant;

use anyhow::{Result, bail};
use fanout::{Rhythm, Scene};
use table::Section;

/// Runs of each measurement on each server.
const ROUNDS: usize = 3;

const SCENES: [(&str, Scene); 4] = [
    ("fanout", fan_out("fan-out: 1 writer, 50 readers, 50 edits/s", 150, Rhythm::PerSecond(50))),
    ("fanout", fan_out("fan-out: the same at 200 edits/s", 600, Rhythm::PerSecond(200))),
    ("fanout", fan_out("fan-out: the same, saturated", 20_000, Rhythm::Saturated)),
    (
        "viewers",
        Scene {
            title: "viewers: 5 writers, 400 readers, 50 edits/s",
            writers: 5,
            readers: 400,
            edits: 150,
            rhythm: Rhythm::PerSecond(50),
        },
    ),
];

const fn fan_out(title: &'static str, edits: usize, rhythm: Rhythm) -> Scene {
    Scene { title, writers: 1, readers: 50, edits, rhythm }
}

fn main() -> Result<()> {
    // Cargo says --bench; everything else names what to run.
    let names: Vec<_> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    if names == ["bare"] {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(bare::serve());
    }
    // One thread: the other core belongs to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&names))
}

async fn run(names: &[String]) -> Result<()> {
    const ALL: [&str; 7] = ["fanout", "viewers", "slow", "joins", "journal", "idle", "nodes"];
    if let Some(unknown) = names.iter().find(|name| !ALL.contains(&name.as_str())) {
        bail!("there is no benchmark {unknown}, but {}", ALL.join(", "));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|one| one == name);
    let began = Instant::now();
    say(&process::machine()?);
    say(table::HEAD);
    for (name, scene) in SCENES {
        if wanted(name) {
            show(&[fanout::run(scene, ROUNDS).await?]);
        }
    }
    if wanted("slow") {
        show(&[slow::run().await?]);
    }
    if wanted("joins") {
        show(&joins::run(ROUNDS).await?);
    }
    if wanted("journal") {
        show(&journal::run(ROUNDS).await?);
    }
    if wanted("idle") {
        show(&[idle::run(ROUNDS).await?]);
    }
    if wanted("nodes") {
        show(&nodes::run(ROUNDS).await?);
    }
    let seconds = began.elapsed().as_secs();
    say(&format!(
        "\n{seconds} s, medians of {ROUNDS} alternating runs; slow readers and what is done to 1 000 rooms of two nodes: one run of each"
    ));
    Ok(())
}

fn show(sections: &[Section]) {
    for section in sections {
        say(section.to_string().trim_end());
    }
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn say(line: &str) {
    println!("{line}");
}
