//! The socket itself: the handshake, control frames, what a frame may hold, and clients that heed no close.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use moim::protocol;
use reqwest::StatusCode;
use serde_json::json;
use tokio::{net::TcpSocket, time::timeout};
use tokio_tungstenite::{
    client_async, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::client::{PATIENCE, Place};
use crate::serving::Person;

/// Limits that are not the subject.
const FAST: [&str; 2] = ["--messages-per-second=100000000", "--bytes-per-second=1000000000"];

async fn events_ticket(person: &Person) -> String {
    let ticket = person.post("/events/tickets", json!({})).await;
    ticket.expect(StatusCode::OK)["token"].as_str().unwrap().to_owned()
}

/// The subprotocol that the server selects, where the client offers these and has no other ticket.
async fn selected(place: &Place, path: &str, offered: &str) -> Option<String> {
    let address = place.server.base.replace("http://", "ws://");
    let mut request = format!("{address}{path}").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", offered.parse().unwrap());
    let (mut socket, response) = connect_async(request).await.unwrap();
    let first = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    assert!(!matches!(first, Message::Close(_)), "{path} with {offered}: {first:?}");
    let selected = response.headers().get("sec-websocket-protocol")?;
    Some(selected.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_subprotocol_is_selected_and_may_bring_the_ticket() {
    let place = Place::with(&[]).await;
    let (trip, ticket) = (&place.trip, place.ticket().await);
    let (path, bare) = (format!("/sync/{trip}?token={ticket}"), format!("/sync/{trip}"));
    assert_eq!(selected(&place, &path, "yjs").await.as_deref(), Some("yjs"));
    assert_eq!(selected(&place, &path, "y-sync.v2, yjs").await.as_deref(), Some("y-sync.v2"));
    let offered = format!("yjs, moim.ticket.{ticket}");
    assert_eq!(selected(&place, &bare, &offered).await.as_deref(), Some("yjs"));
    let offered = format!("bearer, {ticket}");
    assert_eq!(selected(&place, &bare, &offered).await.as_deref(), Some("bearer"));
}

#[tokio::test]
async fn an_address_of_sockets_says_so_to_who_asks_for_no_upgrade() {
    let place = Place::with(&[]).await;
    let http = reqwest::Client::new();
    let trip = place.trip.clone();
    for path in ["/sync", "/sync/", &format!("/sync/{trip}"), "/sync/a/b.js", "/events"] {
        let answer = http.get(format!("{}{path}", place.server.base)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 426, "{path}");
        assert_eq!(answer.headers()["upgrade"], "websocket", "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "upgrade_required");
        let posted = http.post(format!("{}{path}", place.server.base)).send().await.unwrap();
        assert_eq!(
            (posted.status().as_u16(), &posted.headers()["allow"]),
            (405, &"GET".parse().unwrap())
        );
    }
    let address = place.server.base.replace("http://", "ws://");
    let (mut socket, _) = connect_async(format!("{address}/sync/a/b")).await.unwrap();
    let Some(Ok(Message::Close(Some(close)))) = socket.next().await else { panic!("no close") };
    assert_eq!(u16::from(close.code), 4404);
}

/// Of a ping.
const PAYLOAD: usize = 125;

/// What the system itself keeps of what nobody reads, in bytes: there, in two buffers, and back in one.
fn kept_on_the_way() -> usize {
    let most = |kind: &str| -> usize {
        let bounds = std::fs::read_to_string(format!("/proc/sys/net/ipv4/tcp_{kind}")).unwrap();
        bounds.split_whitespace().last().unwrap().parse().unwrap()
    };
    most("rmem") + 2 * most("wmem")
}

/// Sends pings and reads nothing, until the other side reads nothing more, and says how many it took.
async fn pings_until_full(place: &Place, path: &str, most: usize) -> usize {
    let address = place.server.base.strip_prefix("http://").unwrap().to_owned();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://{address}{path}"), stream).await.unwrap();
    let payload = Bytes::from(vec![b'x'; PAYLOAD]);
    let mut sent = 0;
    while sent < most {
        let ping = socket.send(Message::Ping(payload.clone()));
        match timeout(Duration::from_secs(2), ping).await {
            Ok(Ok(())) => sent += 1,
            Ok(Err(_)) | Err(_) => break,
        }
    }
    sent
}

#[tokio::test]
async fn pings_whose_pongs_are_not_read_are_not_read_either() {
    let place = Place::with(&FAST).await;
    let path = format!("/sync/{}?token={}", place.trip, place.ticket().await);
    let most = 2 * kept_on_the_way() / PAYLOAD;
    let sent = pings_until_full(&place, &path, most).await;
    assert!(sent < most, "{sent} pings were read, and their pongs kept");
    let path = format!("/events?token={}", events_ticket(&place.person).await);
    let sent = pings_until_full(&place, &path, most).await;
    assert!(sent < most, "{sent} pings were read, and their pongs kept");
}

#[tokio::test]
async fn who_reads_has_a_pong_for_each_ping_in_order() {
    let place = Place::with(&[]).await;
    let mut socket = place.join().await;
    for n in 0..50_u8 {
        socket.0.send(Message::Ping(vec![n].into())).await.unwrap();
        socket.say(protocol::step1(&[0])).await;
    }
    let mut pongs = vec![];
    while pongs.len() < 50 {
        let heard = timeout(PATIENCE, socket.0.next()).await.unwrap().unwrap().unwrap();
        if let Message::Pong(said) = heard {
            pongs.push(said[0]);
        }
    }
    assert_eq!(pongs, (0..50).collect::<Vec<u8>>());
}

/// W11
#[tokio::test]
async fn the_end_of_a_ticket_holds_whatever_a_frame_is_full_of() {
    let place = Place::with(&["--ticket-seconds", "1"]).await;
    let before = place.number("moim_throttled_total{limit=\"messages_per_second\"}").await;
    let (mut socket, mut other) = (place.join().await, place.join().await);
    other.is_served().await;
    let began = Instant::now();
    socket.say(vec![3; 300_000]).await;
    // Both are read: who hears nothing of the pings until all is over answers them into a connection that is gone.
    let ((seen, code), (_, other)) = tokio::join!(socket.closed(), other.closed());
    assert_eq!((code, other), (4401, 4401));
    // To read the frame to its end takes 25 minutes.
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
    assert!(seen.contains(&protocol::token_wanted("the ticket has run out")));
    // Nobody's awareness was sent 5000 times: what is asked too often is answered once a second.
    assert!(seen.len() < 100, "{} frames", seen.len());
    let throttled = place.number("moim_throttled_total{limit=\"messages_per_second\"}").await;
    assert!(throttled > before + 100.0, "the messages were read, one after another");
}

/// W11
#[tokio::test]
async fn a_flood_of_pings_does_not_hold_up_what_is_due() {
    let place = Place::with(&["--ticket-seconds=1", FAST[0], FAST[1]]).await;
    let mut socket = place.join().await;
    socket.is_served().await;
    let (began, mut code) = (Instant::now(), None);
    while code.is_none() && began.elapsed() < Duration::from_secs(40) {
        let _ = socket.0.send(Message::Ping(Bytes::new())).await;
        match timeout(PATIENCE, socket.0.next()).await.unwrap() {
            Some(Ok(Message::Close(Some(close)))) => code = Some(u16::from(close.code)),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    assert_eq!(code, Some(4401), "after {:?}", began.elapsed());
}

#[tokio::test]
async fn a_flood_of_pings_on_events_is_too_many() {
    let place = Place::with(&[]).await;
    let address = place.server.base.replace("http://", "ws://");
    let path = format!("{address}/events?token={}", events_ticket(&place.person).await);
    let (mut socket, _) = connect_async(path).await.unwrap();
    for _ in 0..100 {
        let _ = socket.send(Message::Ping(Bytes::new())).await;
    }
    let closed = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(close)))) => return Some(u16::from(close.code)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    };
    assert_eq!(timeout(PATIENCE, closed).await.unwrap(), Some(4429));
}

/// Connects again and again as soon as it is closed, and says how often in so long.
async fn visits(place: &Place, path: &str, said: Option<Bytes>, within: Duration) -> usize {
    let address = format!("{}{path}", place.server.base.replace("http://", "ws://"));
    let mut count = 0;
    let coming_back = async {
        loop {
            let (mut socket, _) = connect_async(&address).await.unwrap();
            count += 1;
            if let Some(said) = &said {
                let _ = socket.send(Message::Binary(said.clone())).await;
            }
            while let Some(Ok(heard)) = socket.next().await {
                if matches!(heard, Message::Close(_)) {
                    break;
                }
            }
        }
    };
    let _: Result<(), _> = timeout(within, coming_back).await;
    count
}

/// W9
#[tokio::test]
async fn who_heeds_no_close_is_slowed_down_and_others_do_not_notice() {
    let place = Place::with(&[]).await;
    let within = Duration::from_secs(6);
    let expired = format!("/sync/{}?token=expired", place.trip);
    let too_large = protocol::update(&vec![0; 300 * 1024]);
    let loses = format!("/sync/{}?token={}", place.trip, place.ticket().await);
    let events = "/events?token=expired".to_owned();
    let (one, two, three) = tokio::join!(
        visits(&place, &expired, None, within),
        visits(&place, &loses, Some(too_large), within),
        visits(&place, &events, None, within),
    );
    for count in [one, two, three] {
        assert!((2..=4).contains(&count), "{count} times");
    }
    let began = Instant::now();
    place.join().await.is_served().await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    // The first close with a token comes at once, so that a client can get a new one.
    let began = Instant::now();
    let mut other = place.join_with("expired-too", None).await.unwrap();
    assert_eq!(other.closed().await.1, 4401);
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
}

/// W11: stock clients take the question for a permission, and trip over its text.
#[tokio::test]
async fn only_who_acknowledges_is_asked_for_a_ticket() {
    let place = Place::with(&["--ticket-seconds", "2"]).await;
    let address = place.server.base.replace("http://", "ws://");
    let path = format!("{address}/sync/{}?token={}", place.trip, place.ticket().await);
    let (mut stock, _) = connect_async(path).await.unwrap();
    stock.send(Message::Binary(protocol::step1(&[0]))).await.unwrap();
    let mut ours = place.join().await;
    ours.until(&protocol::token_wanted("the ticket has run out")).await;
    // It may bring one all the same.
    let renewed = protocol::token(&place.ticket().await);
    stock.send(Message::Binary(renewed)).await.unwrap();
    let (mut kinds, began) = (vec![], Instant::now());
    loop {
        match timeout(Duration::from_secs(60), stock.next()).await.unwrap().unwrap().unwrap() {
            Message::Binary(frame) => kinds.push(frame[0]),
            Message::Close(close) => {
                assert_eq!(close.map(|close| close.code.into()), Some(4401_u16));
                break;
            }
            Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
    assert!(began.elapsed() > Duration::from_secs(25), "it went on: {:?}", began.elapsed());
    assert!(kinds.iter().all(|kind| *kind <= 1), "{kinds:?}");
}
