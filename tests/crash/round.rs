//! One round: people edit, the server is killed and started again, and everything is compared.

use std::{
    cell::{Cell, RefCell},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    common::{
        client::Client,
        peer::{Peer, content},
        person::Person,
        program::{PATIENCE, Program, Starting},
    },
    kind::Kind,
    old,
    prepared::{Prepared, Trip},
    survey,
    tally::{Counts, Report},
};

const DATABASE: &str = "moim.db";
/// Of a socket whose document has begun anew.
const BEGAN_ANEW: Option<u16> = Some(4409);
/// What the log says when there is no way back from beginning anew.
const SEALED: &str = "sealed, to begin";
const BETWEEN_RENEWALS: Duration = Duration::from_millis(60);
/// The title of trips that are made while the kill comes.
const TITLE: &str = "여수";

/// Returns when one more document is sealed.
async fn seals(program: &Program) {
    let sealed = || program.log().matches(SEALED).count();
    let before = sealed();
    while sealed() == before {
        sleep(Duration::from_micros(500)).await;
    }
}

/// A person at a keyboard.
struct Editor {
    trip: Trip,
    client: Client,
    rng: StdRng,
}

/// What the server promised over REST.
#[derive(Default)]
struct Promises {
    versions: RefCell<Vec<String>>,
    trips: RefCell<Vec<String>>,
    /// In which the document began anew last.
    epoch: Cell<u64>,
    /// A request is on its way.
    asking: Cell<bool>,
    /// One begins.
    asked: Notify,
}

pub(crate) struct Round<'a> {
    seed: u64,
    kind: Kind,
    rng: StdRng,
    data: PathBuf,
    prepared: &'a Prepared,
    trips: Vec<Trip>,
    editors: Vec<Editor>,
    counts: Counts,
}

impl<'a> Round<'a> {
    pub(crate) fn new(seed: u64, folder: &Path, prepared: &'a Prepared) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let kind = Kind::draw(&mut rng);
        let (people, trips) = (rng.random_range(2..=20), rng.random_range(1..=3));
        let editors = (0..people).map(|name| {
            let trip = prepared.trips[name % trips].clone();
            let peer = Peer::new(name, rng.random_range(1 << 10..1 << 32), true);
            let client = Client::new(peer, &trip.path);
            Editor { trip, client, rng: StdRng::seed_from_u64(rng.random()) }
        });
        let editors = editors.collect();
        let data = folder.join("data");
        prepared.copy(&data);
        let (trips, counts) = (prepared.trips.clone(), Counts { rounds: 1, ..Counts::default() });
        Self { seed, kind, rng, data, prepared, trips, editors, counts }
    }

    pub(crate) async fn play(mut self) -> Report {
        if self.kind == Kind::Migration {
            self.migrate().await;
        }
        let promises = Promises::default();
        for _ in 0..self.kind.lives() {
            self.live_and_die(&promises).await;
        }
        if self.kind == Kind::Start {
            self.kill_starts().await;
        }
        let mut program = self.start().await;
        program.is_ready().await;
        let person = self.prepared.person.moved_to(&program.base);
        if self.kind == Kind::Renewal {
            self.come_back(&person).await;
            promises.check_epoch(self.trips[0].epoch, self.kind.lives());
        }
        for trip in &self.trips {
            survey::check(&person, &program.base, trip, self.peers_of(trip)).await;
        }
        promises.check(&person, &self.trips[0]).await;
        self.reunite(&person, &program.base).await;
        if self.kind == Kind::Renewal {
            survey::begins_anew(&person, &self.trips[0]).await;
        }
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
        // How long it takes to the seal differs by machine: half of the kills wait for it.
        let sealed_first = kind == Kind::Renewal && self.rng.random();
        let trip = &self.trips[0].id;
        let killed = CancellationToken::new();
        let lives = self.editors.iter_mut().map(|editor| editor.live(&person, &killed));
        let lives = join_all(lives);
        let killing = async {
            sleep(life).await;
            if kind == Kind::Drain {
                program.signal("TERM").await;
                sleep(respite).await;
            }
            if kind == Kind::Renewal {
                timeout(PATIENCE, promises.asked.notified()).await.expect("a request");
                if sealed_first {
                    timeout(PATIENCE, seals(&program)).await.expect("a seal");
                    sleep(respite / 4).await;
                } else {
                    sleep(respite).await;
                }
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
            // Sealed, and not yet what it was to become.
            Kind::Renewal => log.rfind(SEALED) > log.rfind("begun anew"),
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

    /// Everybody comes back with what they have and goes on, and all end up with the same.
    async fn reunite(&mut self, person: &Person, base: &str) {
        let back = self.editors.iter_mut().map(|Editor { client, .. }| async {
            client.connect(base).await.unwrap();
            client.is_settled().await;
            client.peer.set_mark();
            client.flush().await;
            client.is_settled().await;
        });
        join_all(back).await;
        for trip in &self.trips {
            let expected = survey::check(person, base, trip, self.peers_of(trip)).await;
            let expected = content(&expected);
            let here = self.editors.iter_mut().filter(|editor| editor.trip.id == trip.id);
            let same = |client: &Client| content(&client.peer.doc) == expected;
            join_all(here.map(|editor| editor.client.listen_until("all is here", same))).await;
        }
    }

    /// Everybody takes a ticket for the epoch that they find.
    async fn come_back(&mut self, person: &Person) {
        for trip in &mut self.trips {
            trip.take_ticket(person).await.unwrap();
        }
        for editor in &mut self.editors {
            editor.come_back(person).await.unwrap();
        }
    }

    fn peers_of(&self, trip: &Trip) -> impl Iterator<Item = &Peer> + Clone {
        let here = self.editors.iter().filter(move |editor| editor.trip.id == trip.id);
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
    async fn live(&mut self, person: &Person, killed: &CancellationToken) -> usize {
        let base = &person.base;
        self.client.connect(base).await.ok();
        while !killed.is_cancelled() {
            if self.client.closed == BEGAN_ANEW {
                // The server may be gone by now, here and below.
                self.come_back(person).await.ok();
            }
            let Self { client, rng, .. } = self;
            match rng.random_range(0..40) {
                0 => client.disconnect(),
                1..8 if !client.is_connected() => drop(client.connect(base).await),
                _ => (0..rng.random_range(1..4)).for_each(|_| client.peer.edit(rng)),
            }
            client.flush().await;
            let pause = Duration::from_millis(rng.random_range(0..30));
            client.listen_for(pause).await;
        }
        let Self { client, rng, .. } = self;
        if client.is_connected() {
            client.hear_out().await;
        }
        (0..rng.random_range(0..5)).for_each(|_| client.peer.edit(rng));
        client.unanswered
    }

    /// Takes a fresh ticket; if the document has begun anew, so does the replica.
    async fn come_back(&mut self, person: &Person) -> Result<(), reqwest::Error> {
        let epoch = self.trip.epoch;
        self.trip.take_ticket(person).await?;
        self.client.set_path(&self.trip.path);
        self.client.closed = None;
        if self.trip.epoch != epoch {
            self.client.disconnect();
            self.client.peer.begin_anew(self.rng.random_range(1 << 10..1 << 32));
        }
        Ok(())
    }
}

impl Promises {
    /// Asks for what the round is about, again and again, until the server is gone.
    async fn ask(&self, kind: Kind, person: &Person, trip: &str) {
        let (path, form) = match kind {
            Kind::Save => (format!("/documents/{trip}/versions"), json!({})),
            Kind::Renewal => (format!("/documents/{trip}/renewals"), json!({})),
            Kind::Create => ("/trips".to_owned(), json!({"title": TITLE})),
            Kind::Edits | Kind::Fold | Kind::Start | Kind::Migration | Kind::Drain => return,
        };
        loop {
            if kind == Kind::Renewal {
                // So that people are back before they have to leave again.
                sleep(BETWEEN_RENEWALS).await;
            }
            self.asking.set(true);
            self.asked.notify_waiters();
            let Ok(made) = person.request(Method::POST, &path).json(&form).send().await else {
                return;
            };
            let status = made.status();
            let Ok(made) = made.json::<Value>().await else { return };
            self.asking.set(false);
            assert!(status.is_success(), "{status}: {made}");
            self.note(kind, &made);
        }
    }

    fn note(&self, kind: Kind, made: &Value) {
        let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
        if kind == Kind::Create {
            return self.trips.borrow_mut().push(id(made));
        }
        if kind == Kind::Renewal {
            self.epoch.set(made["epoch"].as_u64().unwrap());
        }
        let version = if kind == Kind::Renewal { &made["before"] } else { made };
        self.versions.borrow_mut().push(id(version));
    }

    /// A renewal that was answered is there; at each kill one may have been under way.
    fn check_epoch(&self, epoch: u64, kills: usize) {
        let answered = self.epoch.get().max(1);
        // The bits above the random ones count them.
        let (counted, least) = (epoch >> 32, answered >> 32);
        let most = least + kills as u64;
        assert!((least..=most).contains(&counted), "epoch {epoch}, but {answered} was answered");
        assert!(counted > least || epoch == answered, "epoch {epoch}, but {answered} was answered");
    }

    /// Checks that what was made is there, and can be read. The versions are this trip's.
    async fn check(&self, person: &Person, trip: &Trip) {
        for version in self.versions.take() {
            survey::version(person, &version, trip).await;
        }
        for trip in self.trips.take() {
            survey::projection(person, &trip, TITLE).await;
        }
    }
}
