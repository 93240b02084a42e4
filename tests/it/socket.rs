//! A client on a document's real socket, for tests: says frames, and waits for what it expects with a deadline.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use moim::protocol;
use reqwest::StatusCode;
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::{common::program::PATIENCE, serving::Person};

/// What a socket hears.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A frame.
    Frame(Bytes),
    /// The close code; `None` where it ended without one.
    Closed(Option<u16>),
}

/// One connection to a document.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens whatever this path below `/sync/` names.
    pub(crate) async fn open(person: &Person, path: &str) -> Self {
        Self::knock(person, path, None).await.unwrap()
    }

    /// Opens a document as one of its members, who counts acknowledgements.
    pub(crate) async fn of(person: &Person, trip: &str) -> Self {
        let token = ticket(person, trip).await;
        Self::open(person, &format!("{trip}?ack=1&token={token}")).await
    }

    /// Opens a document as one of its members whose machine takes in next to nothing before it is read.
    pub(crate) async fn narrow(person: &Person, trip: &str) -> Self {
        let path = format!("{trip}?ack=1&token={}", ticket(person, trip).await);
        let address = person.base.strip_prefix("http://").unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = MaybeTlsStream::Plain(socket.connect(address.parse().unwrap()).await.unwrap());
        let (socket, _) =
            client_async(format!("ws://{address}/sync/{path}"), stream).await.unwrap();
        Self(socket)
    }

    /// The same for a page of this origin; where the upgrade is refused, the status that says so.
    pub(crate) async fn knock(
        person: &Person,
        path: &str,
        origin: Option<&str>,
    ) -> Result<Self, StatusCode> {
        Self::connect(person, path, "origin", origin).await
    }

    /// The same for somebody elsewhere, as a proxy tells it (`--proxies 1`).
    pub(crate) async fn open_from(person: &Person, path: &str, address: &str) -> Self {
        Self::connect(person, path, "x-forwarded-for", Some(address)).await.unwrap()
    }

    async fn connect(
        person: &Person,
        path: &str,
        header: &'static str,
        value: Option<&str>,
    ) -> Result<Self, StatusCode> {
        let address = format!("{}/sync/{path}", person.base.replace("http://", "ws://"));
        let mut request = address.into_client_request().unwrap();
        if let Some(value) = value {
            request.headers_mut().insert(header, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn say(&mut self, frame: Bytes) {
        // Whoever listens afterwards hears why a socket is closed.
        let _ = self.0.send(Message::Binary(frame)).await;
    }

    pub(crate) async fn next(&mut self) -> Heard {
        let hearing = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Binary(frame))) => return Heard::Frame(frame),
                    Some(Ok(Message::Close(frame))) => {
                        return Heard::Closed(frame.map(|frame| frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Heard::Closed(None),
                }
            }
        };
        tokio::time::timeout(PATIENCE, hearing).await.expect("nothing was heard")
    }

    /// Waits until more has come than all that a connection is told at first, and leaves it where it is.
    pub(crate) async fn begins_to_hear(&mut self) {
        const MORE: usize = 1024;
        let MaybeTlsStream::Plain(stream) = self.0.get_mut() else { unreachable!("no TLS here") };
        let mut first = [0; MORE];
        let hearing = async {
            while stream.peek(&mut first).await.unwrap() < MORE {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, hearing).await.expect("nothing was heard");
    }

    /// Everything until a frame like this, which is the last; or the code of a close that came before.
    pub(crate) async fn until(
        &mut self,
        wanted: impl Fn(&Bytes) -> bool,
    ) -> Result<Vec<Bytes>, Option<u16>> {
        let mut heard = Vec::new();
        loop {
            match self.next().await {
                Heard::Frame(frame) => heard.push(frame),
                Heard::Closed(code) => return Err(code),
            }
            if heard.last().is_some_and(&wanted) {
                return Ok(heard);
            }
        }
    }

    /// The code that it is closed with, whatever comes before.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        match self.until(|_| false).await {
            Ok(_) => unreachable!("no frame is wanted"),
            Err(code) => code,
        }
    }

    /// The updates that make up the document, as the server answers somebody who has nothing.
    pub(crate) async fn read(&mut self) -> Result<Vec<Vec<u8>>, Option<u16>> {
        self.say(protocol::step1(&[0])).await;
        let heard = self.until(|frame| frame.starts_with(&[0, 1])).await?;
        Ok(heard.iter().filter_map(update_of).collect())
    }
}

/// The update that a step 2 or update frame carries.
pub(crate) fn update_of(frame: &Bytes) -> Option<Vec<u8>> {
    match protocol::messages(frame.clone()).next() {
        Some(Ok(protocol::Message::Step2(update) | protocol::Message::Update(update))) => {
            Some(update.to_vec())
        }
        Some(_) | None => None,
    }
}

/// What opens a document for a member.
pub(crate) async fn ticket(person: &Person, trip: &str) -> String {
    let ticket = person.post(&format!("/documents/{trip}/tickets"), json!({})).await;
    ticket.expect(StatusCode::OK)["token"].as_str().unwrap().to_owned()
}

/// The payload of an awareness message that says this of one id. All numbers are small.
pub(crate) fn state(id: u8, clock: u8, json: &str) -> Vec<u8> {
    let length = u8::try_from(json.len()).unwrap();
    assert!(id.max(clock).max(length) < 128, "one byte each");
    [&[1, id, clock, length], json.as_bytes()].concat()
}
