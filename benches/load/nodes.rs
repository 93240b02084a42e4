//! Two nodes and the Redis between them: what it costs that people on one see what those on the other do.
//!
//! The nodes share one embedded database, so that no other database's cost is in the numbers.

use std::{ops::Sub, process::Stdio, time::Duration};

use anyhow::{Context, Result};
use tokio::{
    process::{Child, Command},
    time::sleep,
};

use crate::{
    edits,
    fanout::{Rhythm, Scene, Stage},
    idle::presence,
    joins::until_synced,
    process::Probe,
    servers::{BOTH, Kind, Server},
    table::{Aim, Section},
    wire::{self, Reading, Writing},
};

const SCENES: [Scene; 2] = [
    Scene {
        title: "across nodes: 1 writer, 50 readers elsewhere, 50 edits/s",
        writers: 1,
        readers: 50,
        edits: 500,
        rhythm: Rhythm::PerSecond(50),
    },
    Scene {
        title: "across nodes: the same, saturated",
        writers: 1,
        readers: 50,
        edits: 20_000,
        rhythm: Rhythm::Saturated,
    },
];
const COLUMNS: [&str; 2] = ["two nodes", "one node"];
const ROOMS: usize = 1000;
/// Within it each room says twice that nothing is new: 15 s after the last that it said, and 30 s after that.
const IDLE: Duration = Duration::from_secs(60);
/// Within it the dead node is noticed, and its rooms are read again.
const AFTER_DEATH: Duration = Duration::from_secs(30);
/// Who says nothing for twice as long and more is taken for dead.
const SILENCE: Duration = Duration::from_secs(15);

/// In turns on two nodes and on one; what takes minutes, once.
pub(crate) async fn run(rounds: usize) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    for scene in SCENES {
        let mut section = Section::comparing(scene.title, COLUMNS);
        for _ in 0..rounds {
            for kind in BOTH {
                write_across(scene, kind, &mut section).await?;
            }
        }
        sections.push(section);
    }
    let title = "1 000 rooms, a person in each on each node, idle";
    let mut idle = Section::comparing(title, COLUMNS);
    let mut death = Section::comparing("… then one of the nodes dies: 30 s after", COLUMNS);
    for kind in BOTH {
        sit(kind, &mut idle, &mut death).await?;
    }
    sections.extend([idle, death]);
    Ok(sections)
}

/// Two nodes with a Redis, or one without.
struct Fleet {
    nodes: Vec<Server>,
    redis: Option<Redis>,
}

/// What was used and said so far.
struct Used {
    nodes: Vec<Duration>,
    redis: Duration,
    /// Bytes of what rooms said to other nodes.
    said: u64,
    /// Bytes through Redis, in and out.
    carried: u64,
    /// Frames of rooms.
    frames: u64,
}

impl Fleet {
    /// The columns of the table: the first is two nodes, the second one.
    async fn start(kind: Kind) -> Result<Self> {
        if kind == Kind::Bare {
            return Ok(Self { nodes: vec![Server::start(Kind::Moim).await?], redis: None });
        }
        let redis = Redis::start().await?;
        let flag = format!("--redis-url=redis://127.0.0.1:{}", redis.port);
        let one = Server::start_node(&flag, None).await?;
        let other = Server::start_node(&flag, Some(&one)).await?;
        Ok(Self { nodes: vec![one, other], redis: Some(redis) })
    }

    fn written_to(&self) -> &Server {
        &self.nodes[0]
    }

    fn read_from(&self) -> &Server {
        &self.nodes[self.nodes.len() - 1]
    }

    async fn used(&self) -> Result<Used> {
        let mut used =
            Used { nodes: Vec::new(), redis: Duration::ZERO, said: 0, carried: 0, frames: 0 };
        for node in &self.nodes {
            used.nodes.push(node.probe()?.cpu_of_all()?);
            used.said += node.metric("moim_bus_bytes_total").await?;
            used.frames += node.metric("moim_bus_frames_total").await?;
        }
        if let Some(redis) = &self.redis {
            used.redis = redis.probe()?.cpu_of_all()?;
            used.carried = redis.carried().await?;
        }
        Ok(used)
    }
}

impl Used {
    fn all_nodes(&self) -> Duration {
        self.nodes.iter().sum()
    }
}

impl Sub for Used {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        let nodes = self.nodes.iter().zip(before.nodes);
        Self {
            nodes: nodes.map(|(after, before)| *after - before).collect(),
            redis: self.redis - before.redis,
            said: self.said - before.said,
            carried: self.carried - before.carried,
            frames: self.frames - before.frames,
        }
    }
}

async fn write_across(scene: Scene, kind: Kind, section: &mut Section) -> Result<()> {
    let fleet = Fleet::start(kind).await?;
    let path = fleet.written_to().document().await?;
    let mut stage = Stage::set(scene, fleet.written_to(), fleet.read_from(), &path).await?;
    stage.write(scene.warm_up()).await?;
    let before = fleet.used().await?;
    stage.write(scene.edits).await?;
    let used = fleet.used().await? - before;
    let (edits, deliveries) = (scene.edits as f64, (scene.edits * scene.readers) as f64);
    let all = (used.all_nodes() + used.redis).as_secs_f64();
    let mut add = |name, value| section.add(name, Aim::None, kind, value);
    add("deliveries per CPU second, thousands", deliveries / all / 1e3);
    add("CPU of all nodes per delivery, µs", micros(used.all_nodes(), deliveries));
    if kind == Kind::Moim {
        add("… of the node that is written to, per edit, µs", micros(used.nodes[0], edits));
        add("… of the node that is read from, per edit, µs", micros(used.nodes[1], edits));
        add("CPU of Redis per edit, µs", micros(used.redis, edits));
        add("bytes of bus frames per edit", used.said as f64 / edits);
        add("bytes through Redis per edit, in and out", used.carried as f64 / edits);
    }
    stage.check(fleet.read_from(), &path).await?;
    section.add_waits(kind, &mut stage.end().await?);
    Ok(())
}

async fn sit(kind: Kind, idle: &mut Section, death: &mut Section) -> Result<()> {
    let mut fleet = Fleet::start(kind).await?;
    let mut documents = Vec::new();
    for _ in 0..ROOMS {
        documents.push(fleet.written_to().document().await?);
    }
    let before = resident(&fleet)?;
    let mut people = Vec::new();
    for document in &documents {
        for (node, id) in fleet.nodes.iter().zip(1..) {
            people.push(sit_down(node, document, id).await?);
        }
    }
    sleep(Duration::from_secs(1)).await;
    let nodes = fleet.nodes.len() as f64;
    let kib = (resident(&fleet)? - before) / 1024.0 / ROOMS as f64 / nodes;
    idle.add("memory per room and node, KiB", Aim::None, kind, kib);
    let before = fleet.used().await?;
    stay(&mut people, IDLE).await;
    let used = fleet.used().await? - before;
    let percent = |cpu: Duration, span: Duration| cpu.as_secs_f64() / span.as_secs_f64() * 1e2;
    idle.add(
        "CPU of each node, % of a core",
        Aim::None,
        kind,
        percent(used.all_nodes(), IDLE) / nodes,
    );
    if kind == Kind::Bare {
        return Ok(());
    }
    idle.add("CPU of Redis, % of a core", Aim::None, kind, percent(used.redis, IDLE));
    let per_second = |count: u64| count as f64 / IDLE.as_secs_f64();
    idle.add("frames of rooms per second", Aim::None, kind, per_second(used.frames));
    idle.add("bytes through Redis per second", Aim::None, kind, per_second(used.carried));
    fleet.nodes.truncate(1);
    let before = fleet.used().await?;
    let reread = fleet.nodes[0].metric("moim_bus_rereads_total").await?;
    stay(&mut people, AFTER_DEATH).await;
    let used = fleet.used().await? - before;
    let reread = fleet.nodes[0].metric("moim_bus_rereads_total").await? - reread;
    death.add(
        "CPU of the other, % of a core",
        Aim::None,
        kind,
        percent(used.all_nodes(), AFTER_DEATH),
    );
    death.add("documents that it read again", Aim::None, kind, reread as f64);
    Ok(())
}

type Person = (Reading, Writing);

async fn sit_down(node: &Server, document: &str, id: u8) -> Result<Person> {
    let (mut reading, mut writing) = wire::connect(node.address, document).await?;
    writing.feed(&edits::step1_message(&[0]));
    writing.feed(&presence(id));
    writing.flush().await?;
    until_synced(&mut reading).await?;
    Ok((reading, writing))
}

/// Says now and then that one is there. Whose node has died is gone.
async fn stay(people: &mut Vec<Person>, span: Duration) {
    let mut left = span;
    while !left.is_zero() {
        let pause = left.min(SILENCE);
        sleep(pause).await;
        left -= pause;
        let mut there = Vec::with_capacity(people.len());
        for (reading, mut writing) in people.drain(..) {
            if writing.pong().await.is_ok() {
                there.push((reading, writing));
            }
        }
        *people = there;
    }
}

/// Memory of all nodes, in bytes.
fn resident(fleet: &Fleet) -> Result<f64> {
    fleet.nodes.iter().map(|node| node.probe()?.resident()).sum()
}

fn micros(cpu: Duration, count: f64) -> f64 {
    cpu.as_secs_f64() * 1e6 / count
}

/// A Redis of its own, which keeps nothing on the disk.
struct Redis {
    port: u16,
    process: Child,
}

impl Redis {
    async fn start() -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"])
            .arg(port.to_string())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("redis-server: `scripts/setup` installs it")?;
        let redis = Self { port, process };
        while redis.ask(&["ping"]).await?.trim() != "PONG" {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(redis)
    }

    fn probe(&self) -> Result<Probe> {
        Ok(Probe(self.process.id().context("Redis has ended")?))
    }

    /// Bytes that came in and went out so far.
    async fn carried(&self) -> Result<u64> {
        let info = self.ask(&["info", "stats"]).await?;
        let field = |name: &str| {
            info.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
        };
        let (came, went) = (field("total_net_input_bytes:"), field("total_net_output_bytes:"));
        came.zip(went).map(|(came, went)| came + went).context("Redis tells no bytes")
    }

    async fn ask(&self, command: &[&str]) -> Result<String> {
        let port = self.port.to_string();
        let asked = Command::new("redis-cli").args(["-p", &port]).args(command).output().await?;
        Ok(String::from_utf8(asked.stdout)?)
    }
}
