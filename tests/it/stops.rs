//! The end of a server under load, and its successor: everybody is told, nothing is lost, and all come back.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use rusqlite::Connection;
use tokio::time::sleep;

use crate::{
    common::{
        client::{Client, read},
        peer::{content, has_all, holds, state},
    },
    scene::Scene,
};

/// What `--stop-seconds` is by default.
const STOP: Duration = Duration::from_secs(20);
/// What a process that was told to end at once may still take, on a machine that is busy.
const AT_ONCE: Duration = Duration::from_secs(3);
const GOING_AWAY: Option<u16> = Some(1001);

/// Edits now and then, until the server closes.
async fn edit_until_closed(client: &mut Client, mut rng: StdRng) {
    while client.is_connected() {
        client.peer.edit(&mut rng);
        client.flush().await;
        client.listen_for(Duration::from_millis(rng.random_range(100..500))).await;
    }
}

/// People in three trips, and in each the last one does not write.
async fn crowd(scene: &mut Scene, people: usize) -> Vec<(String, Vec<Client>)> {
    let mut crowd = Vec::new();
    for title in ["제주", "부산", "경주"] {
        let trip = scene.person.trip(title).await;
        let mut clients = Vec::new();
        for _ in 0..=people {
            clients.push(scene.client(&trip).await);
        }
        crowd.push((trip, clients));
    }
    crowd
}

#[tokio::test]
async fn a_stop_under_load_tells_everybody_and_keeps_all_that_was_accepted() {
    let mut scene = Scene::start().await;
    let mut crowd = crowd(&mut scene, 20).await;
    let everybody = crowd.iter_mut().flat_map(|(_, clients)| {
        let reader = clients.len() - 1;
        clients.iter_mut().enumerate().map(move |(at, client)| async move {
            if at == reader {
                client.hear_out().await;
            } else {
                edit_until_closed(client, StdRng::seed_from_u64(at as u64)).await;
            }
        })
    });
    let stopping = async {
        sleep(Duration::from_secs(1)).await;
        // Somebody else holds the database: what is accepted now waits in memory when the stop comes.
        let other = Connection::open(scene.database()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        sleep(Duration::from_millis(500)).await;
        let began = Instant::now();
        scene.program.signal("TERM").await;
        sleep(Duration::from_millis(500)).await;
        other.execute_batch("ROLLBACK").unwrap();
        assert!(scene.program.ended().await.success(), "{}", scene.program.log());
        began.elapsed()
    };
    let (_, took) = tokio::join!(join_all(everybody), stopping);
    assert!(took < STOP, "it took {took:?}");
    let log = scene.program.log();
    assert!(log.contains("everything is written"), "{log}");
    scene.start_again(&[]).await;
    for (trip, clients) in &crowd {
        let path = scene.person.sync_path(trip).await;
        let doc = read(&scene.program.base, &path).await;
        for client in clients {
            assert_eq!(client.closed, GOING_AWAY, "everybody is told");
            let acknowledged = client.peer.acknowledged.iter().map(|update| &update[..]);
            assert!(has_all(&doc, acknowledged), "something acknowledged is gone");
        }
        let reader = clients.last().unwrap();
        assert!(content(&reader.peer.doc).len() > 50, "nobody has edited");
        assert!(has_all(&doc, [&state(&reader.peer.doc)[..]]), "something accepted is gone");
    }
}

/// A trip with an edit that can't be stored, because somebody else holds the database.
async fn with_an_unstored_edit(scene: &mut Scene) -> (Client, Connection) {
    let trip = scene.person.trip("제주").await;
    let (mut writer, mut reader) = (scene.client(&trip).await, scene.client(&trip).await);
    writer.peer.set_mark();
    writer.flush().await;
    writer.is_settled().await;
    let other = Connection::open(scene.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mark = writer.peer.set_mark();
    writer.flush().await;
    let arrives = |reader: &Client| holds(&content(&reader.peer.doc), &mark);
    reader.listen_until("the edit, before it is durable", arrives).await;
    (writer, other)
}

/// Everything acknowledged is there after another start, and the writer brings the rest along.
async fn check_afterwards(scene: &mut Scene, mut writer: Client) {
    scene.start_again(&[]).await;
    assert_eq!(writer.peer.acknowledged_set.len(), 1, "the second one was never acknowledged");
    writer.settles(&scene.program.base).await;
    assert_eq!(writer.peer.acknowledged_set.len(), 2);
}

#[tokio::test]
async fn a_stop_without_a_store_ends_by_its_deadline_and_says_what_was_not_written() {
    let mut scene = Scene::start().await;
    scene.program.stop().await;
    scene.start_again(&["--stop-seconds=2"]).await;
    let (mut writer, other) = with_an_unstored_edit(&mut scene).await;
    let began = Instant::now();
    scene.program.signal("TERM").await;
    writer.hear_out().await;
    assert_eq!(writer.closed, GOING_AWAY);
    let ended = scene.program.ended().await;
    let (took, log) = (began.elapsed(), scene.program.log());
    assert!(took < Duration::from_secs(2) + AT_ONCE, "it took {took:?}");
    assert!(!ended.success(), "it must not look like a good end");
    assert!(log.contains("the stop took too long"), "{log}");
    assert!(log.contains("edits were not stored"), "{log}");
    drop(other);
    check_afterwards(&mut scene, writer).await;
}

#[tokio::test]
async fn a_second_signal_ends_a_stop_at_once() {
    let mut scene = Scene::start().await;
    let (mut writer, other) = with_an_unstored_edit(&mut scene).await;
    scene.program.signal("TERM").await;
    writer.hear_out().await;
    assert!(scene.program.log().contains("stopping"), "{}", scene.program.log());
    let began = Instant::now();
    scene.program.signal("TERM").await;
    scene.program.ended().await;
    let (took, log) = (began.elapsed(), scene.program.log());
    assert!(took < AT_ONCE, "it took {took:?}");
    assert!(log.contains("stopped at once") && log.contains("edits were not stored"), "{log}");
    drop(other);
    check_afterwards(&mut scene, writer).await;
}

/// How many come back.
const RETURNING: usize = 200;
/// So many a second get in, and as many at once.
const JOINS: usize = 50;
/// The longest first pause of a client that was told to come back; each further one is twice as long.
const JITTER: Duration = Duration::from_millis(500);

/// Comes back as a browser does: after a pause of chance, longer after each failure. Says when it was in.
async fn come_back(client: &mut Client, base: &RefCell<String>, mut rng: StdRng) -> Instant {
    let mut longest = JITTER;
    loop {
        sleep(longest.mul_f64(rng.random())).await;
        let base = base.borrow().clone();
        if client.connect(&base).await.is_ok() {
            let came = Instant::now();
            while client.is_connected() && !client.peer.is_settled() {
                client.listen().await;
            }
            if client.is_connected() {
                return came;
            }
        }
        longest = (longest * 2).min(Duration::from_secs(10));
    }
}

/// The most that came in within one second.
fn most_in_a_second(came: &[Instant]) -> usize {
    let within = |first: &Instant| {
        let second = *first..*first + Duration::from_secs(1);
        came.iter().filter(|at| second.contains(*at)).count()
    };
    came.iter().map(within).max().unwrap_or_default()
}

#[tokio::test]
async fn after_a_restart_everybody_comes_back_at_a_bounded_rate_and_nothing_is_lost() {
    let mut scene = Scene::start().await;
    let trip = scene.person.trip("제주").await;
    let mut clients = Vec::new();
    for _ in 0..RETURNING {
        clients.push(scene.client(&trip).await);
    }
    let base = RefCell::new(scene.program.base.clone());
    let returning = clients.iter_mut().enumerate().map(|(at, client)| {
        let base = &base;
        async move {
            client.hear_out().await;
            assert_eq!(client.closed, GOING_AWAY);
            // While nobody is there to take it.
            client.peer.set_mark();
            come_back(client, base, StdRng::seed_from_u64(at as u64)).await
        }
    });
    let restarting = async {
        scene.program.stop().await;
        scene.start_again(&[&format!("--joins-per-second={JOINS}")]).await;
        base.replace(scene.program.base.clone());
    };
    let (mut came, ()) = tokio::join!(join_all(returning), restarting);
    came.sort();
    let (spread, most) = (came[RETURNING - 1] - came[0], most_in_a_second(&came));
    let needed = Duration::from_secs(((RETURNING - JOINS) / JOINS) as u64);
    assert!(spread > needed.mul_f64(0.9), "all were in after {spread:?}: a storm");
    // A burst and a second's worth, and what a busy machine is late to notice.
    assert!(most <= 2 * JOINS + JOINS / 2, "{most} came in within a second: a storm");
    let path = scene.person.sync_path(&trip).await;
    let stored = content(&read(&scene.program.base, &path).await);
    for client in &clients {
        assert!(client.peer.acknowledged_set.iter().all(|mark| holds(&stored, mark)));
        assert_eq!(client.peer.acknowledged_set.len(), 1, "what each had is acknowledged");
    }
    scene.program.counts("moim_connections", RETURNING as f64).await;
}
