//! What people do who want a server to take all of its memory.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, future::join_all};
use moim::protocol;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::{
    bytes::write_number,
    common::person::{PASSWORD, Person},
    peers::{Peer, add_card},
    socket::Socket,
};

/// How long one request, or one frame, is waited for.
const WAIT: Duration = Duration::from_secs(60);
/// How long a client pushes before it takes the other side not to read any more.
const PUSH: Duration = Duration::from_millis(700);

pub(super) async fn people(base: &str, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for at in 0..count {
        people.push(Person::at(base).sign_up(&format!("person-{at}")).await);
    }
    people
}

/// So many lists with nothing in them, as an update of this client: five bytes each, and hundreds in memory.
fn lists(client: u64, count: u64) -> Vec<u8> {
    let mut update = vec![1];
    [count, client, 0].iter().for_each(|number| write_number(*number, &mut update));
    update.extend([0x07, 1, 1, b'r', 0]);
    for at in 1..count {
        update.push(0x87);
        [client, at - 1].iter().for_each(|number| write_number(*number, &mut update));
        update.push(0);
    }
    update.push(0);
    update
}

/// Everybody fills two trips with lists of nothing until they are refused. The trips, with their owners.
pub(super) async fn small_types(people: &[Person]) -> Vec<(usize, String)> {
    let filling = people.iter().enumerate().flat_map(|(at, person)| {
        (0..2).map(move |_| async move {
            let trip = person.trip("채움").await;
            let Some(mut socket) = visit(person, &trip).await else { return (at, trip) };
            for client in 1..=30 {
                socket.say(protocol::update(&lists(client, 40_000))).await;
                let stored = protocol::stored(client);
                let done = |frame: &Bytes| *frame == stored || frame.starts_with(&[101]);
                if !socket.until(done).await.is_ok_and(|heard| heard.last() == Some(&stored)) {
                    break;
                }
            }
            (at, trip)
        })
    });
    join_all(filling).await
}

/// A socket in a document, unless the server says that it has no memory for it.
pub(super) async fn visit(person: &Person, trip: &str) -> Option<Socket> {
    let ticket = person.post(&format!("/documents/{trip}/tickets"), json!({})).await;
    if ticket.status != 200 {
        ticket.refused(429, "too_many");
        return None;
    }
    let ticket = ticket.expect(StatusCode::OK);
    let path = format!("{trip}?ack=1&token={}", ticket["token"].as_str().unwrap());
    Socket::knock(person, &path, None).await.ok()
}

/// A trip of the person's that is large as trips are, with a socket in it, unless there is no memory for it.
pub(super) async fn large_trip(person: &Person) -> Option<Socket> {
    let trip = person.trip("큰 여행").await;
    let mut socket = visit(person, &trip).await?;
    for part in 0..5_u64 {
        let edit = Peer::new(100 + part).edit(|txn| {
            (0..80).for_each(|at| add_card(txn, &format!("card-{part}-{at}"), None, "a0"));
        });
        socket.say(protocol::update(&edit)).await;
        let stored = socket.until(|frame| *frame == protocol::stored(part + 1)).await;
        if let Err(code) = stored {
            assert_eq!(code, Some(1013), "there is no memory for it");
            return None;
        }
    }
    Some(socket)
}

/// Six saves of each trip at once, then a restore of each.
pub(super) async fn saves_and_restores(people: &[Person], trips: &[(usize, String)]) {
    let saving = trips.iter().flat_map(|(owner, trip)| {
        let (person, path) = (&people[*owner], format!("/documents/{trip}/versions"));
        (0..6).map(move |_| {
            let request = person.request(Method::POST, &path).json(&json!({}));
            async move {
                let answer = timeout(WAIT, request.send()).await.ok()?.ok()?;
                // Refused or done, with a clear answer.
                let status = answer.status().as_u16();
                assert!([200, 201, 429, 503].contains(&status), "{status}");
                let version: serde_json::Value = answer.json().await.ok()?;
                Some((*owner, version["id"].as_str()?.to_owned()))
            }
        })
    });
    let versions: Vec<_> = join_all(saving).await.into_iter().flatten().collect();
    let restoring = versions.iter().take(2 * trips.len()).map(|(owner, version)| {
        let request = people[*owner].request(Method::POST, &format!("/versions/{version}/restore"));
        async move {
            if let Ok(Ok(answer)) = timeout(WAIT, request.json(&json!({})).send()).await {
                let status = answer.status().as_u16();
                assert!([200, 409, 429, 503].contains(&status), "{status}");
            }
        }
    });
    join_all(restoring).await;
}

/// Everybody opens fifty trips.
pub(super) async fn many_rooms(people: &[Person]) {
    let opening = people.iter().map(|person| async move {
        for at in 0..50 {
            let trip = person.trip(&format!("여행 {at}")).await;
            let path = format!("/documents/{trip}/tickets");
            let status = person.post(&path, json!({})).await.status.as_u16();
            assert!([200, 429, 503].contains(&status), "{status}");
        }
    });
    join_all(opening).await;
}

/// So many log-ins at once, with wrong passwords and right ones.
pub(super) async fn log_ins(base: &str, count: usize) {
    let log_in = |at: usize| async move {
        let password = if at.is_multiple_of(2) { PASSWORD } else { "something else 7" };
        let body = json!({"mail": format!("person-{}@example.org", at % 4), "password": password});
        let status = Person::at(base).post("/sessions", body).await.status.as_u16();
        assert!([200, 401, 429, 503].contains(&status), "{status}");
    };
    join_all((0..count).map(log_in)).await;
}

/// A client whose system takes in next to nothing.
async fn narrow(base: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(base.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap()
}

type Unread = WebSocketStream<TcpStream>;

async fn enter(person: &Person, trip: &str) -> Option<Unread> {
    let answer = person.post(&format!("/documents/{trip}/tickets"), json!({})).await;
    if answer.status != 200 {
        return None;
    }
    let ticket = answer.expect(StatusCode::OK);
    let token = ticket["token"].as_str().unwrap();
    let url = format!("ws://{}/sync/{trip}?token={token}", &person.base["http://".len()..]);
    let (socket, _) =
        timeout(WAIT, client_async(url, narrow(&person.base).await)).await.ok()?.ok()?;
    Some(socket)
}

/// Twenty sockets into each trip that ask for all of it, edit, ping, and read nothing.
pub(super) async fn unread(people: &[Person], trips: &[(usize, String)]) -> Vec<Unread> {
    let mut joining = JoinSet::new();
    for (at, (owner, trip)) in trips.iter().enumerate() {
        for number in 0..20_u64 {
            let (person, trip) = (people[*owner].clone(), trip.clone());
            joining.spawn(async move {
                let mut socket = enter(&person, &trip).await?;
                let text = Peer::new(1_000 + number).edit(|txn| {
                    use yrs::{Text, WriteTxn};
                    txn.get_or_insert_text("desc").push(txn, &"말".repeat(at + 10));
                });
                let vector = [1, 200, 1];
                for _ in 0..200 {
                    let said = [
                        Message::Binary(protocol::step1(&[0])),
                        Message::Binary(protocol::step1(&vector)),
                        Message::Binary(protocol::update(&text)),
                        Message::Binary(protocol::ask_awareness()),
                        Message::Ping(Bytes::from(vec![7; 125])),
                    ];
                    for message in said {
                        if !matches!(timeout(PUSH, socket.send(message)).await, Ok(Ok(()))) {
                            return Some(socket);
                        }
                    }
                }
                Some(socket)
            });
        }
    }
    joining.join_all().await.into_iter().flatten().collect()
}

/// Twenty sockets into each trip that send a frame of a mebibyte but for its last byte.
pub(super) async fn half_frames(people: &[Person], trips: &[(usize, String)]) -> Vec<TcpStream> {
    let mut joining = JoinSet::new();
    for (owner, trip) in trips {
        for _ in 0..20 {
            let (person, trip) = (people[*owner].clone(), trip.clone());
            joining.spawn(async move {
                let mut stream = enter(&person, &trip).await?.into_inner();
                let length = 1_u64 << 20;
                let mut frame = vec![0x82, 0xff];
                frame.extend(length.to_be_bytes());
                frame.extend([0; 4]);
                frame.resize(frame.len() + (1 << 20) - 1, 3);
                let _ = timeout(10 * PUSH, stream.write_all(&frame)).await;
                Some(stream)
            });
        }
    }
    joining.join_all().await.into_iter().flatten().collect()
}

/// Forty requests for the content of each trip, and of a version, whose answers are not read.
pub(super) async fn unread_answers(people: &[Person], trips: &[(usize, String)]) -> Vec<TcpStream> {
    let mut asking = JoinSet::new();
    for (owner, trip) in trips {
        let person = people[*owner].clone();
        for _ in 0..40 {
            let (person, trip) = (person.clone(), trip.clone());
            asking.spawn(async move {
                let mut stream = narrow(&person.base).await;
                let request = format!(
                    "GET /api/v1/trips/{trip}/projection HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
                    person.access
                );
                stream.write_all(request.as_bytes()).await.unwrap();
                let _ = timeout(WAIT, stream.read_u8()).await;
                stream
            });
        }
    }
    asking.join_all().await
}
