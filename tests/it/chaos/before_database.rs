//! A server that reaches its database over a bad line: what is acknowledged is stored, and what is not is tried again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{Mode, Proxy};
use crate::{
    common::{
        client::{Client, read},
        peer::{content, holds},
        person::Person,
    },
    events::{Window, join},
    mongo::Database,
    redis::Redis,
    serving::Serving,
    two_servers::open,
};

/// After a line is mended, people wait no longer than this until their edits are stored.
const HEALED_WITHIN: Duration = Duration::from_secs(10);
/// Longer than an append waits for its answer.
const LONGER_THAN_PATIENCE: Duration = Duration::from_secs(6);

struct Scene {
    database: Arc<Database>,
    proxy: Proxy,
    server: Serving,
    minji: Person,
    trip: String,
    window: Client,
}

impl Scene {
    async fn start() -> Self {
        let database = Arc::new(Database::new().await);
        let proxy = Proxy::to(database.address()).await.unwrap();
        let url = format!("mongodb://{}/?directConnection=true", proxy.address);
        let server = Serving::start_on_with(&database, &["--mongo-url", &url]).await;
        let minji = server.person("minji").await;
        let trip = minji.trip("제주").await;
        let window = open(&server, &minji, &trip, 11).await;
        Self { database, proxy, server, minji, trip, window }
    }

    /// An edit that is not acknowledged for so long.
    async fn edit_in_vain(&mut self, time: Duration) -> String {
        let mark = self.window.peer.set_mark();
        self.window.flush().await;
        self.window.listen_for(time).await;
        assert!(!self.window.peer.is_settled(), "acknowledged without the database");
        assert!(self.window.is_connected(), "sent away ({:?})", self.window.closed);
        mark
    }

    /// The line is mended: everything is acknowledged soon, and a server that knows only the database has it.
    async fn ends_well(mut self, marks: &[String]) {
        self.proxy.set(Mode::Pass);
        let began = Instant::now();
        self.window.settles(&self.server.base).await;
        assert!(began.elapsed() < HEALED_WITHIN, "{:?}", began.elapsed());
        self.server.stop.at_once.cancel();
        let other = Serving::start_on(&self.database).await;
        let path = self.minji.moved_to(&other.base).sync_path(&self.trip).await;
        let stored = content(&read(&other.base, &path).await);
        assert!(marks.iter().all(|mark| holds(&stored, mark)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_database_acknowledges_late() {
    let mut scene = Scene::start().await;
    let late = Duration::from_millis(200);
    scene.proxy.set(Mode::Delay(late));
    let began = Instant::now();
    let mut marks = Vec::new();
    for _ in 0..3 {
        marks.push(scene.window.peer.set_mark());
        scene.window.flush().await;
        scene.window.is_settled().await;
    }
    assert!(
        began.elapsed() > 3 * 2 * late,
        "{:?} for 3 edits, one after the other",
        began.elapsed()
    );
    scene.ends_well(&marks).await;
}

/// The line to the database is lost in this way, for so long.
async fn nothing_is_lost(mode: Mode, time: Duration) {
    let mut scene = Scene::start().await;
    scene.proxy.set(mode);
    let first = scene.edit_in_vain(time).await;
    let second = scene.edit_in_vain(Duration::from_millis(100)).await;
    scene.ends_well(&[first, second]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_silent_acknowledges_nothing_and_loses_nothing() {
    nothing_is_lost(Mode::Hang, LONGER_THAN_PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_the_database_that_are_lost_without_a_word_lose_nothing() {
    nothing_is_lost(Mode::Lose, LONGER_THAN_PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_cut_off_acknowledges_nothing_and_loses_nothing() {
    nothing_is_lost(Mode::Cut, Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_the_database_that_are_lost_for_a_moment_hold_people_up_for_seconds_only() {
    nothing_is_lost(Mode::Lose, Duration::from_millis(500)).await;
}

/// By then a server has heard that there is something new, and has looked for it in vain.
const GIVEN_UP: Duration = Duration::from_secs(12);
/// How long people are waited for who are told by a slow server.
const PATIENCE: Duration = Duration::from_secs(30);

/// Of a socket whose person may not be there any more.
const FORBIDDEN: Option<u16> = Some(4403);

/// A member who is taken out by an owner whose server has a slow line, and who looks on another one.
struct Removal {
    scene: Scene,
    jun: Person,
    his: Client,
    _beside: Serving,
}

impl Removal {
    async fn prepare() -> Self {
        let scene = Scene::start().await;
        let beside = Serving::start_on(&scene.database).await;
        let jun = scene.server.person("jun").await;
        join(&scene.minji, &scene.trip, &jun, "editor").await;
        let his = open(&scene.server, &jun, &scene.trip, 12).await;
        let jun = jun.moved_to(&beside.base);
        scene.proxy.set(Mode::Delay(Duration::from_millis(200)));
        Self { scene, jun, his, _beside: beside }
    }

    /// Asks, and says how it goes on once he is out: with people who are still to be told.
    async fn begin(&mut self) -> impl Future<Output = reqwest::Result<Response>> + use<> {
        let path = format!("/trips/{}/members/{}", self.scene.trip, self.jun.id);
        let mut request = Box::pin(self.scene.minji.request(Method::DELETE, &path).send());
        tokio::select! {
            answer = &mut request => panic!("there was nothing left to do: {answer:?}"),
            () = self.his.hear_out() => assert_eq!(self.his.closed, FORBIDDEN),
        }
        request
    }

    async fn notices(&self) -> Value {
        self.jun.get("/notices").await.expect(StatusCode::OK)["last"].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_for_is_done_to_the_end_though_the_asker_hangs_up() {
    let mut removal = Removal::prepare().await;
    drop(removal.begin().await);
    // Nor does a stop leave it half done.
    removal.scene.window.disconnect();
    removal.scene.server.stop().await;
    assert_eq!(removal.notices().await, json!(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_taken_out_has_to_leave_also_if_the_database_could_not_say_so() {
    let Removal { scene, jun, mut his, _beside } = Removal::prepare().await;
    let member = format!("/trips/{}/members/{}", scene.trip, jun.id);
    let (removed, ()) = tokio::join!(scene.minji.delete(&member), async {
        while jun.get(&format!("/trips/{}", scene.trip)).await.status != StatusCode::NOT_FOUND {
            sleep(Duration::from_millis(10)).await;
        }
        scene.proxy.set(Mode::Cut);
        sleep(GIVEN_UP).await;
        scene.proxy.set(Mode::Pass);
    });
    removed.refused(503, "unavailable");
    his.hear_out().await;
    assert_eq!(his.closed, FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_could_not_be_told_is_told_once_the_database_is_back() {
    let mut removal = Removal::prepare().await;
    let request = removal.begin().await;
    removal.scene.proxy.set(Mode::Cut);
    let removed = request.await.unwrap();
    assert_eq!(removed.status(), StatusCode::NO_CONTENT, "it is done all the same");
    sleep(GIVEN_UP).await;
    assert_eq!(removal.notices().await, json!(0));
    removal.scene.proxy.set(Mode::Pass);
    let is_told = async {
        while removal.notices().await == json!(0) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, is_told).await.expect("jun to be told");
    // Whatever was tried meanwhile: once.
    sleep(Duration::from_secs(2)).await;
    assert_eq!(removal.notices().await, json!(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_hears_what_it_missed_once_the_database_is_back() {
    let redis = Redis::start();
    let url = redis.url();
    let database = Arc::new(Database::new().await);
    let proxy = Proxy::to(database.address()).await.unwrap();
    let through = format!("mongodb://{}/?directConnection=true", proxy.address);
    let flags = ["--redis-url", &url, "--mongo-url", &through];
    let server = Serving::start_on_with(&database, &flags).await;
    let beside = Serving::start_on_with(&database, &["--redis-url", &url]).await;
    let (minji, jun) = (server.person("minji").await, server.person("jun").await);
    let trip = minji.trip("제주").await;
    let mut hers = Window::listening(&minji).await;
    proxy.set(Mode::Cut);
    join(&minji.moved_to(&beside.base), &trip, &jun.moved_to(&beside.base), "editor").await;
    sleep(GIVEN_UP).await;
    proxy.set(Mode::Pass);
    assert_eq!(hers.notice().await.0, "joined");
}
