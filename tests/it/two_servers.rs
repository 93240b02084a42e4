//! Two servers with the same data and a real Redis, or a cluster of them, between them: what happens on one is felt on
//! the other.

use std::{sync::Arc, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    common::{
        client::Client,
        peer::{Peer, content, holds},
        person::{PASSWORD, Person},
        program::Program,
    },
    events::Window,
    mongo::Database,
    redis::{Cluster, Redis, Server},
    serving::{Answer, Serving},
};

/// What `/readyz` says without Redis.
pub(crate) const DEGRADED: &str = "ready, but degraded: no connection to Redis\n";

const PATIENCE: Duration = Duration::from_secs(30);

/// What stands between the servers and below them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rig {
    /// One Redis; the embedded database in a folder that both see.
    RedisAndSqlite,
    /// One Redis, and a database over the wire.
    RedisAndMongo,
    /// A Redis Cluster, and a database over the wire.
    ClusterAndMongo,
}

impl Rig {
    fn between(self) -> Box<dyn Server> {
        match self {
            Self::RedisAndSqlite | Self::RedisAndMongo => Box::new(Redis::start()),
            Self::ClusterAndMongo => Box::new(Cluster::start()),
        }
    }

    async fn server(self, flags: &[&str]) -> Serving {
        match self {
            Self::RedisAndSqlite => Serving::start_with(flags).await,
            Self::RedisAndMongo | Self::ClusterAndMongo => {
                Serving::start_on_with(&Arc::new(Database::new().await), flags).await
            }
        }
    }
}

/// Two servers, who owns the trip on the first, and who edits it on the second.
pub(crate) struct Two {
    between: Box<dyn Server>,
    pub(crate) one: Serving,
    pub(crate) other: Serving,
    minji: Person,
    jun: Person,
    trip: String,
}

impl Two {
    async fn start(rig: Rig) -> Self {
        let between = rig.between();
        let url = between.url();
        Self::joined(rig, between, [&url, &url]).await
    }

    /// Each reaches what is between them at an address of its own.
    pub(crate) async fn joined(rig: Rig, between: Box<dyn Server>, urls: [&str; 2]) -> Self {
        let one = rig.server(&["--redis-url", urls[0]]).await;
        let minji = one.person("minji").await;
        let other = one.start_beside(&["--redis-url", urls[1]]).await;
        let jun = other.person("jun").await;
        let trip = minji.trip("제주").await;
        let invite = minji.post(&format!("/trips/{trip}/invites"), json!({"role": "editor"})).await;
        let invite = invite.expect(StatusCode::CREATED);
        let accept = format!("/invites/{}/accept", invite["token"].as_str().unwrap());
        jun.post(&accept, json!({})).await.expect(StatusCode::OK);
        for server in [&one, &other] {
            says(server, "ready\n").await;
        }
        Self { between, one, other, minji, jun, trip }
    }

    /// A window of each, on their own servers.
    pub(crate) async fn windows(&self) -> [Client; 2] {
        let mine = open(&self.one, &self.minji, &self.trip, 11).await;
        [mine, open(&self.other, &self.jun, &self.trip, 12).await]
    }
}

pub(crate) async fn open(server: &Serving, person: &Person, trip: &str, replica: u64) -> Client {
    let path = person.sync_path(trip).await;
    let mut client = Client::new(Peer::new(replica as usize, replica, true), &path);
    client.connect(&server.base).await.unwrap();
    client.is_synced().await;
    client
}

/// Waits until `/readyz` says this.
pub(crate) async fn says(server: &Serving, wanted: &str) {
    let until = Instant::now() + PATIENCE;
    loop {
        let said = server.anybody().get("!/readyz").await;
        if (said.status, said.text.as_str()) == (StatusCode::OK, wanted) {
            return;
        }
        assert!(Instant::now() < until, "it says {:?}, not {wanted:?}", said.text);
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a server counts so many people in the trip.
async fn counts(server: &Serving, person: &Person, trip: &str, wanted: u64) {
    let until = Instant::now() + PATIENCE;
    loop {
        let seen = person.moved_to(&server.base).get(&format!("/trips/{trip}")).await;
        let here = seen.expect(StatusCode::OK)["here"].as_u64();
        if here == Some(wanted) {
            return;
        }
        assert!(Instant::now() < until, "{here:?} are here, not {wanted}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Edits in one window, and waits until the other shows it.
pub(crate) async fn passes(from: &mut Client, to: &mut Client) {
    let mark = from.peer.set_mark();
    from.flush().await;
    from.is_settled().await;
    let shown = |client: &Client| holds(&content(&client.peer.doc), &mark);
    to.listen_until("an edit on the other node", shown).await;
}

async fn an_edit_on_one_node_is_seen_on_the_other_and_people_are_counted_on_both(rig: Rig) {
    let two = Two::start(rig).await;
    let [mut mine, mut theirs] = two.windows().await;
    passes(&mut mine, &mut theirs).await;
    passes(&mut theirs, &mut mine).await;
    for server in [&two.one, &two.other] {
        counts(server, &two.minji, &two.trip, 2).await;
    }
    // The same person in another window, on the other node.
    let _second = open(&two.other, &two.minji, &two.trip, 13).await;
    drop(theirs);
    for server in [&two.one, &two.other] {
        counts(server, &two.minji, &two.trip, 1).await;
    }
}

/// W8
async fn a_cursor_on_one_node_is_seen_on_the_other_until_its_window_closes(rig: Rig) {
    let mut two = Two::start(rig).await;
    let [mut mine, mut theirs] = two.windows().await;
    mine.peer.wave();
    mine.flush().await;
    let user = two.minji.id.clone();
    let shown =
        |client: &Client| client.peer.seen.get(&11).is_some_and(|json| json.contains(&user));
    theirs.listen_until("a cursor", shown).await;
    drop(mine);
    theirs.listen_until("no cursor", |client| !client.peer.seen.contains_key(&11)).await;
    // A node that stops takes its people along.
    let mut third = open(&two.one, &two.minji, &two.trip, 14).await;
    third.peer.wave();
    third.flush().await;
    theirs.listen_until("a cursor", |client| client.peer.seen.contains_key(&14)).await;
    two.one.stop().await;
    theirs.listen_until("no cursor", |client| !client.peer.seen.contains_key(&14)).await;
    counts(&two.other, &two.jun, &two.trip, 1).await;
}

/// W9
async fn who_is_removed_on_one_node_is_out_on_the_other(rig: Rig) {
    let two = Two::start(rig).await;
    let [_mine, mut theirs] = two.windows().await;
    let path = format!("/trips/{}/members/{}", two.trip, two.jun.id);
    two.minji.delete(&path).await.expect(StatusCode::NO_CONTENT);
    theirs.hear_out().await;
    assert_eq!(theirs.closed, Some(4403));
}

async fn without_redis_each_node_goes_on_and_all_is_made_up_for_once_it_is_back(rig: Rig) {
    let mut two = Two::start(rig).await;
    let [mut mine, mut theirs] = two.windows().await;
    passes(&mut mine, &mut theirs).await;
    two.between.kill();
    says(&two.one, DEGRADED).await;
    says(&two.other, DEGRADED).await;
    let marks = [mine.peer.set_mark(), theirs.peer.set_mark()];
    for client in [&mut mine, &mut theirs] {
        client.flush().await;
        client.is_settled().await;
    }
    // What only the store knows of: the member is removed while nobody can be told.
    let path = format!("/trips/{}/members/{}", two.trip, two.jun.id);
    two.between.go_on();
    let both = |client: &Client| {
        let content = content(&client.peer.doc);
        marks.iter().all(|mark| holds(&content, mark))
    };
    tokio::join!(
        mine.listen_until("what happened meanwhile", both),
        theirs.listen_until("what happened meanwhile", both)
    );
    passes(&mut theirs, &mut mine).await;
    two.between.kill();
    says(&two.one, DEGRADED).await;
    two.minji.delete(&path).await.expect(StatusCode::NO_CONTENT);
    two.between.go_on();
    theirs.hear_out().await;
    assert_eq!(theirs.closed, Some(4403));
}

async fn a_node_that_finds_no_redis_at_its_start_serves_who_is_logged_in(rig: Rig) {
    let mut between = rig.between();
    let url = between.url();
    let one = rig.server(&["--redis-url", &url]).await;
    let minji = one.person("minji").await;
    between.kill();
    let server = one.start_beside(&["--redis-url", &url]).await;
    says(&server, DEGRADED).await;
    let mut minji = minji.moved_to(&server.base);
    let trip = minji.trip("제주").await;
    let mut window = open(&server, &minji, &trip, 11).await;
    window.peer.set_mark();
    window.flush().await;
    window.is_settled().await;
    // Sessions begin and go on where nobody answers now.
    let credentials = json!({"mail": "minji@example.org", "password": PASSWORD});
    let answer = minji.post("/sessions", credentials).await;
    assert!(!answer.header("retry-after").is_empty());
    answer.refused(503, "unavailable");
    minji.refresh().await.refused(503, "unavailable");
    between.go_on();
    says(&server, "ready\n").await;
    until_logged_in(&mut minji).await;
    let refreshed = minji.refresh().await;
    minji.take_session(refreshed);
}

/// A cluster that is back may not know for a moment yet that it is whole.
async fn until_logged_in(person: &mut Person) {
    let until = Instant::now() + PATIENCE;
    let credentials = json!({"mail": "minji@example.org", "password": PASSWORD});
    loop {
        let answer = person.post("/sessions", credentials.clone()).await;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return person.take_session(answer);
        }
        assert!(Instant::now() < until, "nobody can log in");
        sleep(Duration::from_millis(100)).await;
    }
}

async fn a_session_is_one_on_all_nodes_and_ends_on_all(rig: Rig) {
    let two = Two::start(rig).await;
    let mut elsewhere = two.minji.moved_to(&two.other.base);
    let refreshed = elsewhere.refresh().await;
    elsewhere.take_session(refreshed);
    elsewhere.get("/accounts/me").await.expect(StatusCode::OK);
    two.minji.get("/accounts/me").await.expect(StatusCode::OK);
    // The token that was exchanged there is presented once more here: it leads to the same successor.
    assert_eq!(two.minji.refresh().await.cookie(), elsewhere.refresh().await.cookie());
    let request = two.minji.request(Method::DELETE, "/sessions/current");
    let ended = Answer::of(request.header("cookie", &two.minji.cookie)).await;
    ended.expect(StatusCode::NO_CONTENT);
    elsewhere.refresh().await.refused(401, "session_over");
    elsewhere.get("/accounts/me").await.refused(401, "session_over");
}

async fn attempts_to_log_in_are_counted_together(rig: Rig) {
    let between = rig.between();
    let url = between.url();
    // Half as many for one account from one address: one a minute.
    let flags = ["--redis-url", &url, "--logins-per-minute", "2"];
    let one = rig.server(&flags).await;
    let other = one.start_beside(&flags).await;
    let guess = json!({"mail": "minji@example.org", "password": "a guess, and not the first"});
    let guessed = one.anybody().post("/sessions", guess.clone()).await;
    guessed.refused(401, "wrong_credentials");
    let limited = other.anybody().post("/sessions", guess).await;
    assert_ne!(limited.header("retry-after"), "");
    limited.refused(429, "too_many");
}

async fn a_version_that_is_restored_on_one_node_is_there_on_the_other(rig: Rig) {
    let two = Two::start(rig).await;
    let [mut mine, mut theirs] = two.windows().await;
    let version = two.minji.post(&format!("/documents/{}/versions", two.trip), json!({})).await;
    let version = version.expect(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    let mark = theirs.peer.set_mark();
    theirs.flush().await;
    theirs.is_settled().await;
    mine.listen_until("the edit", |client| holds(&content(&client.peer.doc), &mark)).await;
    let restore = format!("/versions/{version}/restore");
    two.minji.post(&restore, json!({})).await.expect(StatusCode::OK);
    let is_gone = |client: &Client| !holds(&content(&client.peer.doc), &mark);
    tokio::join!(
        mine.listen_until("the restored document", is_gone),
        theirs.listen_until("the restored document", is_gone)
    );
    passes(&mut theirs, &mut mine).await;
}

/// W9
async fn a_document_that_begins_anew_on_one_node_does_so_on_the_other(rig: Rig) {
    let two = Two::start(rig).await;
    let [mut mine, mut theirs] = two.windows().await;
    passes(&mut theirs, &mut mine).await;
    let before = content(&mine.peer.doc);
    let renew = format!("/documents/{}/renewals", two.trip);
    let renewed = two.minji.post(&renew, json!({})).await.expect(StatusCode::OK);
    assert!(renewed["epoch"].as_u64().unwrap() > 1);
    assert_eq!(renewed["before"]["cause"], "beforeRenewal");
    for (client, server) in [(&mut mine, &two.one), (&mut theirs, &two.other)] {
        client.hear_out().await;
        assert_eq!(client.closed, Some(4409));
        // With the same ticket, as a client would that knows nothing of epochs.
        client.connect(&server.base).await.unwrap();
        client.hear_out().await;
        assert_eq!(client.closed, Some(4409));
    }
    let mut mine = open(&two.one, &two.minji, &two.trip, 21).await;
    let mut theirs = open(&two.other, &two.jun, &two.trip, 22).await;
    assert_eq!(content(&theirs.peer.doc), before);
    passes(&mut mine, &mut theirs).await;
    passes(&mut theirs, &mut mine).await;
}

async fn a_trip_that_is_put_in_the_trash_on_one_node_can_only_be_read_on_the_other(rig: Rig) {
    let two = Two::start(rig).await;
    let [_mine, mut theirs] = two.windows().await;
    let path = format!("/trips/{}", two.trip);
    two.minji.patch(&path, json!({"status": "trashed"})).await.expect(StatusCode::OK);
    theirs.listen_until("the new role", |client| client.peer.role == "viewer").await;
    two.minji.patch(&path, json!({"status": "active"})).await.expect(StatusCode::OK);
    theirs.listen_until("the old role", |client| client.peer.role == "editor").await;
}

async fn what_happens_on_one_node_is_told_on_the_other(rig: Rig) {
    let mut two = Two::start(rig).await;
    let jun = two.jun.moved_to(&two.other.base);
    let mut window = Window::listening(&jun).await;
    let watched = window.ask(json!({"op": "watch", "room": two.trip})).await;
    assert_eq!(watched["ok"], json!({"here": 0}));
    let _mine = open(&two.one, &two.minji, &two.trip, 11).await;
    assert_eq!(window.event("here").await["here"], 1);
    let member = format!("/trips/{}/members/{}", two.trip, two.jun.id);
    let role = async |role: &str| {
        two.minji.patch(&member, json!({"role": role})).await.expect(StatusCode::OK);
    };
    role("viewer").await;
    assert_eq!(window.notice().await, ("role_changed".to_owned(), 1, json!("viewer")));
    // Read on the one node, and so on the other.
    two.jun.moved_to(&two.one.base).post("/notices/read", json!({"until": 1})).await;
    assert_eq!(window.event("read").await["unread"], 0);
    two.between.kill();
    says(&two.other, DEGRADED).await;
    let member = format!("/trips/{}/members/{}", two.trip, two.jun.id);
    two.minji.patch(&member, json!({"role": "editor"})).await.expect(StatusCode::OK);
    two.between.go_on();
    assert_eq!(window.notice().await, ("role_changed".to_owned(), 2, json!("editor")));
}

/// A node says that it is alive every 3 s, and is taken for dead after 10 s of silence; the rest is for us.
const GONE_WITHIN: Duration = Duration::from_secs(10 + 3 + 2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_takes_its_people_along_within_seconds() {
    let (redis, database) = (Redis::start(), Arc::new(Database::new().await));
    let (redis, url, folder) = (redis.url(), database.url(), tempfile::tempdir().unwrap());
    let node = ["--redis-url", &redis, "--mongo-url", &url, "--mongo-database", &database.name];
    let mut one = Program::start(&folder.path().join("data"), &node).await;
    one.is_ready().await;
    let other = Serving::start_on_with(&database, &["--redis-url", &redis]).await;
    let minji = Person::at(&one.base).sign_up("minji").await;
    let trip = minji.trip("제주").await;
    let elsewhere = minji.moved_to(&other.base);
    let mut theirs = open(&other, &elsewhere, &trip, 12).await;
    let mut mine = Client::new(Peer::new(11, 11, true), &minji.sync_path(&trip).await);
    mine.connect(&one.base).await.unwrap();
    mine.is_synced().await;
    mine.peer.wave();
    mine.flush().await;
    theirs.listen_until("a cursor", |client| client.peer.seen.contains_key(&11)).await;
    passes(&mut mine, &mut theirs).await;
    one.kill().await;
    let killed = Instant::now();
    theirs.listen_until("no cursor", |client| !client.peer.seen.contains_key(&11)).await;
    assert!(killed.elapsed() < GONE_WITHIN, "{:?}", killed.elapsed());
    drop(theirs);
    counts(&other, &elsewhere, &trip, 0).await;
    assert!(killed.elapsed() < GONE_WITHIN, "{:?}", killed.elapsed());
}

macro_rules! suite {
    ($($rig:ident as $module:ident),*: $tests:tt) => {
        $(mod $module {
            use super::Rig;

            suite!(@ $rig $tests);
        })*
    };
    (@ $rig:ident [$($name:ident),* $(,)?]) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            super::$name(Rig::$rig).await;
        })*
    };
}

suite![
    RedisAndSqlite as redis_and_sqlite,
    RedisAndMongo as redis_and_mongo,
    ClusterAndMongo as cluster_and_mongo:
[
    an_edit_on_one_node_is_seen_on_the_other_and_people_are_counted_on_both,
    a_cursor_on_one_node_is_seen_on_the_other_until_its_window_closes,
    who_is_removed_on_one_node_is_out_on_the_other,
    without_redis_each_node_goes_on_and_all_is_made_up_for_once_it_is_back,
    a_node_that_finds_no_redis_at_its_start_serves_who_is_logged_in,
    a_session_is_one_on_all_nodes_and_ends_on_all,
    attempts_to_log_in_are_counted_together,
    a_version_that_is_restored_on_one_node_is_there_on_the_other,
    a_document_that_begins_anew_on_one_node_does_so_on_the_other,
    what_happens_on_one_node_is_told_on_the_other,
    a_trip_that_is_put_in_the_trash_on_one_node_can_only_be_read_on_the_other,
]
];
