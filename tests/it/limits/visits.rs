//! Who comes in: how many at once and a second, from where, and how soon they say hello.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::StatusCode;
use tokio::{task::JoinSet, time::timeout};

use super::client::{Place, Socket};

/// W12
#[tokio::test]
async fn sockets_that_open_in_a_burst_wait_for_their_turn_or_are_told_when_to_come_back() {
    let place = Place::with(&["--joins-per-second", "4"]).await;
    let (ticket, began) = (place.ticket().await, Instant::now());
    let before = place.limited("joins_per_second").await;
    let visits = (0..24).map(async |_| (place.join_with(&ticket, None).await, began.elapsed()));
    let all = join_all(visits).await;
    let inside = all.iter().filter(|(visit, _)| visit.is_ok());
    assert!((16..=17).contains(&inside.clone().count()), "a burst of 4, then 3 seconds of 4");
    let early = inside.filter(|(_, at)| *at < Duration::from_millis(900));
    assert!((4..=8).contains(&early.count()), "the others wait");
    for (visit, at) in all {
        if let Err(refused) = visit {
            assert_eq!(
                (refused.status().as_u16(), &refused.headers()["retry-after"]),
                (503, &"3".parse().unwrap())
            );
            assert!(at < Duration::from_secs(2), "told at once, not after {at:?}");
        }
    }
    assert!(place.limited("joins_per_second").await >= before + 7.0);
}

#[tokio::test]
async fn a_stop_sends_away_who_waits_in_line() {
    let mut place = Place::with(&["--joins-per-second", "1"]).await;
    let ticket = place.ticket().await;
    let _inside = place.join_with(&ticket, None).await.unwrap();
    let began = Instant::now();
    let mut waiting = JoinSet::new();
    for _ in 0..3 {
        let (address, trip) = (place.server.base.clone(), place.trip.clone());
        let ticket = ticket.clone();
        waiting.spawn(async move { Socket::open(&address, &trip, &ticket, None).await });
    }
    // The first of them has had its turn: they are in line.
    let first = waiting.join_next().await.unwrap().unwrap();
    assert!(first.is_ok() && began.elapsed() > Duration::from_millis(800));
    let answers = async { (waiting.join_all().await, began.elapsed()) };
    let ((all, answered), ()) = tokio::join!(answers, place.server.stop());
    let codes: Vec<_> = all.into_iter().map(|visit| visit.err().map(|one| one.status())).collect();
    assert_eq!(codes, [Some(StatusCode::SERVICE_UNAVAILABLE); 2]);
    assert!(answered < Duration::from_millis(1900), "not after their turns: {answered:?}");
}

#[tokio::test]
async fn addresses_are_those_of_visitors_and_a_network_of_ipv6_counts_as_one() {
    let place = Place::with(&["--proxies", "1", "--sockets-per-address", "2"]).await;
    let ticket = place.ticket().await;
    let before = place.limited("sockets_per_address").await;
    let from = async |address| place.join_with(&ticket, Some(address)).await;
    let first = from("198.51.100.7").await.unwrap();
    // What a visitor made up stands before what the proxy saw.
    let _second = from("203.0.113.1, 198.51.100.7").await.unwrap();
    let refused = from("203.0.113.2, 198.51.100.7").await.err().expect("a third one");
    assert_eq!(refused.status(), 429);
    let _other = from("198.51.100.8").await.unwrap();
    let _six = (from("2001:db8::1").await.unwrap(), from("2001:db8::ffff:2").await.unwrap());
    assert_eq!(from("2001:db8::3").await.err().unwrap().status(), 429);
    let _next = from("2001:db8:0:1::1").await.unwrap();
    assert!(place.limited("sockets_per_address").await >= before + 2.0);
    drop(first);
    let freed = async { while from("198.51.100.7").await.is_err() {} };
    timeout(Duration::from_secs(5), freed).await.expect("its place is free again");
}

#[tokio::test]
async fn a_person_has_so_many_sockets_from_wherever() {
    let place = Place::with(&["--proxies", "1", "--sockets-per-user", "2"]).await;
    let ticket = place.ticket().await;
    let _first = place.join_with(&ticket, Some("198.51.100.7")).await.unwrap();
    let _second = place.join_with(&ticket, Some("198.51.100.8")).await.unwrap();
    let refused = place.join_with(&ticket, Some("198.51.100.9")).await.err().expect("a third one");
    assert_eq!(refused.status(), 429);
    assert!(place.limited("sockets_per_user").await >= 1.0);
}

/// W12
#[tokio::test]
async fn who_says_nothing_is_sent_away_and_who_says_hello_may_then_be_silent() {
    let place = Place::with(&["--hello-seconds", "1"]).await;
    let (mut silent, mut polite) = (place.join().await, place.join().await);
    polite.is_served().await;
    let began = Instant::now();
    assert_eq!(silent.closed().await.1, 4508);
    assert!(began.elapsed() < Duration::from_secs(3));
    assert!(
        timeout(Duration::from_millis(1200), polite.closed()).await.is_err(),
        "it may be silent"
    );
    polite.is_served().await;
    assert!(place.limited("hello_seconds").await >= 1.0);
}
