//! A person with a document, and sockets into it that say exactly what a test wants.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use moim::protocol;
use reqwest::StatusCode;
use serde_json::json;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, handshake::client::Response},
};

use crate::{
    http::new_trip,
    serving::{Person, Serving},
};

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server with a person who has a trip.
pub(crate) struct Place {
    pub(crate) server: Serving,
    pub(crate) person: Person,
    pub(crate) trip: String,
}

impl Place {
    pub(crate) async fn with(flags: &[&str]) -> Self {
        let server = Serving::start_with(flags).await;
        let person = server.person("minji").await;
        let trip = new_trip(&person, "제주").await;
        Self { server, person, trip }
    }

    /// Another trip of the person's.
    pub(crate) async fn trip(&self, title: &str) -> String {
        new_trip(&self.person, title).await
    }

    /// A ticket for the trip.
    pub(crate) async fn ticket(&self) -> String {
        ticket(&self.person, &self.trip).await
    }

    /// Opens a socket into the trip.
    pub(crate) async fn join(&self) -> Socket {
        self.join_with(&self.ticket().await, None).await.unwrap()
    }

    /// Opens a socket, as a visitor whom a proxy saw at this address.
    pub(crate) async fn join_with(
        &self,
        ticket: &str,
        forwarded_for: Option<&str>,
    ) -> Result<Socket, Box<Response>> {
        Socket::open(&self.server.base, &self.trip, ticket, forwarded_for).await
    }

    /// A number of the server's, 0 if it was never counted. All servers of a process share them.
    pub(crate) async fn number(&self, series: &str) -> f64 {
        let text = self.person.get("!/metrics").await.text;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// How often something met a limit.
    pub(crate) async fn limited(&self, limit: &str) -> f64 {
        self.number(&format!("moim_limited_total{{limit=\"{limit}\"}}")).await
    }
}

pub(crate) async fn ticket(person: &Person, trip: &str) -> String {
    let ticket = person.post(&format!("/documents/{trip}/tickets"), json!({})).await;
    ticket.expect(StatusCode::OK)["token"].as_str().unwrap().to_owned()
}

/// One document socket with acknowledgements.
pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(
        server: &str,
        trip: &str,
        ticket: &str,
        forwarded_for: Option<&str>,
    ) -> Result<Self, Box<Response>> {
        let base = server.replace("http://", "ws://");
        let address = format!("{base}/sync/{trip}?ack=1&token={ticket}");
        let mut request = address.into_client_request().unwrap();
        if let Some(address) = forwarded_for {
            request.headers_mut().insert("x-forwarded-for", address.parse().unwrap());
        }
        match timeout(PATIENCE, connect_async(request)).await.expect("no answer") {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(Box::new(response.map(|_| None))),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn say(&mut self, frame: impl Into<Bytes>) {
        // What is refused may be cut off while it is still being sent; the answer tells.
        let _ = self.0.send(Message::Binary(frame.into())).await;
    }

    /// The next frame; `Err` with the code if it is a close.
    pub(crate) async fn hear(&mut self) -> Result<Bytes, u16> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing comes") {
                Some(Ok(Message::Binary(frame))) => return Ok(frame),
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => panic!("ended without a word"),
            }
        }
    }

    /// Everything up to this frame.
    pub(crate) async fn until(&mut self, wanted: &Bytes) -> Vec<Bytes> {
        let mut seen = Vec::new();
        while seen.last() != Some(wanted) {
            seen.push(self.hear().await.expect("closed"));
        }
        seen
    }

    /// The first frame that begins so, without its beginning.
    pub(crate) async fn first(&mut self, beginning: &[u8]) -> Bytes {
        loop {
            let frame = self.hear().await.expect("closed");
            if frame.starts_with(beginning) {
                return frame.slice(beginning.len()..);
            }
        }
    }

    /// What it hears before it is closed, and the code.
    pub(crate) async fn closed(&mut self) -> (Vec<Bytes>, u16) {
        let mut seen = Vec::new();
        loop {
            match self.hear().await {
                Ok(frame) => seen.push(frame),
                Err(code) => return (seen, code),
            }
        }
    }

    /// Shows that it is inside and heard.
    pub(crate) async fn is_served(&mut self) {
        self.say(protocol::step1(&[0])).await;
        self.first(&[0, 1]).await;
    }
}
