//! Tickets and roles where they count: on the document's socket.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::StatusCode;
use serde_json::json;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::trips::new_trip;
use crate::{
    serving::{Person, Serving},
    socket::{self, ticket},
};

pub(crate) type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

pub(crate) async fn open(base: &str, person: &Person, trip: &str) -> Socket {
    let ticket = person.post(&format!("/documents/{trip}/tickets"), json!({})).await;
    let ticket = ticket.expect(StatusCode::OK);
    assert_eq!(ticket["epoch"], 1);
    let base = base.replace("http://", "ws://");
    let token = ticket["token"].as_str().unwrap();
    let (mut socket, _) = connect_async(format!("{base}/sync/{trip}?token={token}")).await.unwrap();
    // The server speaks first (W2): from here on the person is inside.
    assert!(matches!(socket.next().await, Some(Ok(Message::Binary(_)))));
    socket
}

/// Whatever becomes of it.
pub(crate) async fn open_at(base: &str, path: &str) -> Socket {
    let base = base.replace("http://", "ws://");
    connect_async(format!("{base}{path}")).await.unwrap().0
}

/// The code that the socket is closed with.
pub(crate) async fn close_code(mut socket: Socket) -> u16 {
    let closing = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(Some(frame)) = message {
                return frame.code.into();
            }
        }
        panic!("the socket ended without a word")
    };
    tokio::time::timeout(Duration::from_secs(10), closing).await.unwrap()
}

#[tokio::test]
async fn a_ticket_opens_the_document_and_presence_is_counted() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let _socket = open(&server.base, &minji, &trip).await;
    let seen = minji.get(&format!("/trips/{trip}")).await.expect(StatusCode::OK);
    assert_eq!(seen["here"], 1);
}

/// W9
#[tokio::test]
async fn who_is_taken_out_is_out_at_once() {
    let server = Serving::start().await;
    let (minji, jun) = (server.person("minji").await, server.person("jun").await);
    let trip = new_trip(&minji, "제주").await;
    let invite = minji.post(&format!("/trips/{trip}/invites"), json!({"role": "editor"})).await;
    let invite = invite.expect(StatusCode::CREATED);
    let accept = format!("/invites/{}/accept", invite["token"].as_str().unwrap());
    jun.post(&accept, json!({})).await.expect(StatusCode::OK);
    let socket = open(&server.base, &jun, &trip).await;
    let path = format!("/trips/{trip}/members/{}", jun.id);
    minji.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(close_code(socket).await, 4403);
}

/// W9
#[tokio::test]
async fn a_stop_tells_connections_to_come_back() {
    let mut server = Serving::start().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let socket = open(&server.base, &minji, &trip).await;
    let (code, ()) = tokio::join!(close_code(socket), server.stop());
    assert_eq!(code, 1001);
}

/// W12
#[tokio::test]
async fn only_this_sites_own_pages_open_sockets() {
    // The port is what browsers leave out.
    let flags =
        ["--public-url", "https://moim.example.org:443", "--origins", "https://app.example"];
    let server = Serving::start_with(&flags).await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let path = format!("{trip}?token={}", ticket(&minji, &trip).await);
    let knock = async |origin: &str| socket::Socket::knock(&minji, &path, Some(origin)).await.err();
    let own = server.base.clone();
    assert_eq!(knock(&own).await, None);
    assert_eq!(knock("https://moim.example.org").await, None);
    assert_eq!(knock("https://app.example").await, None);
    let others = ["https://evil.example", "null", "https://moim.example.org.evil.example", ""];
    for other in others {
        assert_eq!(knock(other).await, Some(StatusCode::FORBIDDEN), "{other}");
    }
    let other_port = own.rsplit_once(':').unwrap().0;
    assert_eq!(knock(other_port).await, Some(StatusCode::FORBIDDEN));
}
