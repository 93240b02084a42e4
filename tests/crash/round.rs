//! One round: people edit, the server is killed and started again, and everything is compared.

use std::{
    cell::{Cell, RefCell},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    common::{
        client::Client,
        peer::{Peer, content},
        person::Person,
        program::{Program, Starting},
    },
    kind::Kind,
    old,
    prepared::{Prepared, Trip},
    survey,
    tally::{Counts, Report},
};

const DATABASE: &str = "moim.db";
/// The title of trips that are made while the kill comes.
const TITLE: &str = "여수";

/// A person at a keyboard.
struct Editor {
    /// Its place in `prepared.trips`.
    trip: usize,
    client: Client,
    rng: StdRng,
}

/// What the server promised over REST.
#[derive(Default)]
struct Promises {
    versions: RefCell<Vec<String>>,
    trips: RefCell<Vec<String>>,
    /// A request is on its way.
    asking: Cell<bool>,
}

pub(crate) struct Round<'a> {
    seed: u64,
    kind: Kind,
    rng: StdRng,
    data: PathBuf,
    prepared: &'a Prepared,
    editors: Vec<Editor>,
    counts: Counts,
}

impl<'a> Round<'a> {
    pub(crate) fn new(seed: u64, folder: &Path, prepared: &'a Prepared) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let kind = Kind::draw(&mut rng);
        let (people, trips) = (rng.random_range(2..=20), rng.random_range(1..=3));
        let editors = (0..people).map(|name| {
            let trip = name % trips;
            let peer = Peer::new(name, rng.random_range(1 << 10..1 << 32), true);
            let client = Client::new(peer, &prepared.trips[trip].path);
            Editor { trip, client, rng: StdRng::seed_from_u64(rng.random()) }
        });
        let editors = editors.collect();
        let data = folder.join("data");
        prepared.copy(&data);
        let counts = Counts { rounds: 1, ..Counts::default() };
        Self { seed, kind, rng, data, prepared, editors, counts }
    }

    pub(crate) async fn play(mut self) -> Report {
        if self.kind == Kind::Migration {
            self.migrate().await;
        }
        let promises = Promises::default();
        self.live_and_die(&promises).await;
        if self.kind == Kind::Start {
            self.kill_starts().await;
        }
        let mut program = self.start().await;
        program.is_ready().await;
        let person = self.prepared.person.moved_to(&program.base);
        for trip in self.trips() {
            survey::check(&person, &program.base, trip, self.peers_of(trip)).await;
        }
        promises.check(&person).await;
        self.reunite(&person, &program.base).await;
        program.stop().await;
        assert!(program.log().contains("everything is written"), "{}", program.log());
        self.report()
    }

    async fn start(&self) -> Program {
        Program::start(&self.data, &self.kind.flags()).await
    }

    /// A start that is killed; whether it got as far as serving is told by its log.
    async fn kill_starts(&mut self) {
        for _ in 0..self.rng.random_range(1..=3) {
            let starting = Starting::new(&self.data, &self.kind.flags());
            sleep(self.kind.respite(&mut self.rng)).await;
            let log = starting.kill().await;
            self.counts.kills += 1;
            self.counts.hits += usize::from(!log.contains("serving"));
        }
    }

    /// Puts an older database in place, and kills the starts that bring it up to date.
    async fn migrate(&mut self) {
        let (database, full) = (self.data.join(DATABASE), self.prepared.data().join(DATABASE));
        old::replace(&database, self.rng.random_range(1..=old::count()), &full);
        self.kill_starts().await;
        let mut program = self.start().await;
        program.is_ready().await;
        program.stop().await;
        old::complete(&database, &full);
    }

    /// Everybody edits until the server is killed.
    async fn live_and_die(&mut self, promises: &Promises) {
        let mut program = self.start().await;
        program.is_ready().await;
        let (kind, base) = (self.kind, program.base.clone());
        let person = self.prepared.person.moved_to(&base);
        let (life, respite) = (kind.life(&mut self.rng), kind.respite(&mut self.rng));
        let trip = &self.prepared.trips[0].id;
        let killed = CancellationToken::new();
        let lives = join_all(self.editors.iter_mut().map(|editor| editor.live(&base, &killed)));
        let killing = async {
            sleep(life).await;
            if kind == Kind::Drain {
                program.signal("TERM").await;
                sleep(respite).await;
            }
            let asking = promises.asking.get();
            program.kill().await;
            killed.cancel();
            asking
        };
        let (in_flight, (), asking) =
            tokio::join!(lives, promises.ask(kind, &person, trip), killing);
        let in_flight: usize = in_flight.into_iter().sum();
        let log = program.log();
        let hit = match kind {
            Kind::Edits => in_flight > 0,
            Kind::Save | Kind::Create => asking,
            Kind::Fold => {
                log.matches("folding the journal").count() > log.matches("is folded").count()
            }
            Kind::Drain => log.contains("stopping") && !log.contains("everything is written"),
            // Theirs are counted where the starts are killed.
            Kind::Start | Kind::Migration => false,
        };
        self.counts.kills += 1;
        self.counts.hits += usize::from(hit);
        self.counts.in_flight += in_flight;
    }

    /// Everybody comes back with what they have, and all end up with the same.
    async fn reunite(&mut self, person: &Person, base: &str) {
        let back = self.editors.iter_mut().map(|editor| async {
            editor.client.connect(base).await.unwrap();
            editor.client.is_settled().await;
        });
        join_all(back).await;
        for at in 0..self.prepared.trips.len() {
            let trip = &self.prepared.trips[at];
            let expected = survey::check(person, base, trip, self.peers_of(trip)).await;
            let expected = content(&expected);
            let here = self.editors.iter_mut().filter(|editor| editor.trip == at);
            let same = |client: &Client| content(&client.peer.doc) == expected;
            join_all(here.map(|editor| editor.client.listen_until("all is here", same))).await;
        }
    }

    fn trips(&self) -> impl Iterator<Item = &'a Trip> + use<'a> {
        self.prepared.trips.iter()
    }

    fn peers_of(&self, trip: &Trip) -> impl Iterator<Item = &Peer> + Clone {
        let at = self.prepared.trips.iter().position(|other| other.id == trip.id);
        let here = self.editors.iter().filter(move |editor| Some(editor.trip) == at);
        here.map(|editor| &editor.client.peer)
    }

    fn report(mut self) -> Report {
        for Editor { client, .. } in &self.editors {
            self.counts.sent += client.peer.messages;
            self.counts.acknowledged += client.peer.acknowledged.len();
        }
        let Self { seed, kind, counts, .. } = self;
        assert!(counts.acknowledged > 0, "nothing happened in round {seed}");
        Report { kind, counts }
    }
}

impl Editor {
    /// Edits, online and offline, until the server is dead, and a little longer. Says how many messages were
    /// on their way at the end.
    async fn live(&mut self, base: &str, killed: &CancellationToken) -> usize {
        let Self { client, rng, .. } = self;
        client.connect(base).await.ok();
        while !killed.is_cancelled() {
            match rng.random_range(0..40) {
                0 => client.disconnect(),
                // The server may be gone by now.
                1..8 if !client.is_connected() => drop(client.connect(base).await),
                _ => (0..rng.random_range(1..4)).for_each(|_| client.peer.edit(rng)),
            }
            client.flush().await;
            let pause = Duration::from_millis(rng.random_range(0..30));
            client.listen_for(pause).await;
        }
        if client.is_connected() {
            client.hear_out().await;
        }
        (0..rng.random_range(0..5)).for_each(|_| client.peer.edit(rng));
        client.unanswered
    }
}

impl Promises {
    /// Asks for what the round is about, again and again, until the server is gone.
    async fn ask(&self, kind: Kind, person: &Person, trip: &str) {
        let (path, form, answers) = match kind {
            Kind::Save => (format!("/documents/{trip}/versions"), json!({}), &self.versions),
            Kind::Create => ("/trips".to_owned(), json!({"title": TITLE}), &self.trips),
            Kind::Edits | Kind::Fold | Kind::Start | Kind::Migration | Kind::Drain => return,
        };
        loop {
            self.asking.set(true);
            let Ok(made) = person.request(Method::POST, &path).json(&form).send().await else {
                return;
            };
            let status = made.status();
            let Ok(made) = made.json::<Value>().await else { return };
            self.asking.set(false);
            assert_eq!(status, StatusCode::CREATED, "{made}");
            answers.borrow_mut().push(made["id"].as_str().unwrap().to_owned());
        }
    }

    /// Checks that what was made is there, and can be read.
    async fn check(&self, person: &Person) {
        for version in self.versions.take() {
            person.get(&format!("/versions/{version}")).await.expect(StatusCode::OK);
        }
        for trip in self.trips.take() {
            survey::projection(person, &trip, TITLE).await;
        }
    }
}
