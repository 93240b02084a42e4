//! A peer whose wire is a real socket.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use moim::protocol::{self, Message};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message as Frame},
};

use yrs::Doc;

use super::{peer::Peer, program::PATIENCE};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A peer with a socket, while it has one.
pub(crate) struct Client {
    pub(crate) peer: Peer,
    /// Of its document, with a ticket; good at every address of the server.
    path: String,
    socket: Option<Socket>,
    /// What the last connection was closed with, if the server said so.
    pub(crate) closed: Option<u16>,
    /// Messages that the server had not answered when it went away.
    pub(crate) unanswered: usize,
}

impl Client {
    pub(crate) fn new(peer: Peer, path: &str) -> Self {
        Self { peer, path: path.to_owned(), socket: None, closed: None, unanswered: 0 }
    }

    /// Comes with another ticket from now on.
    pub(crate) fn set_path(&mut self, path: &str) {
        path.clone_into(&mut self.path);
    }

    /// Connects to the server at this address, and says the first word.
    pub(crate) async fn connect(&mut self, base: &str) -> Result<(), tungstenite::Error> {
        let url = format!("{}{}", base.replacen("http", "ws", 1), self.path);
        let connecting = timeout(PATIENCE, connect_async(url));
        let (socket, _) = connecting.await.expect("an answer to the upgrade")?;
        self.socket = Some(socket);
        self.closed = None;
        self.peer.connect();
        self.flush().await;
        Ok(())
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.socket.is_some()
    }

    /// The connection breaks: what is on its way may be lost.
    pub(crate) fn disconnect(&mut self) {
        self.socket = None;
        self.peer.wire = None;
    }

    /// Sends what the peer has to say.
    pub(crate) async fn flush(&mut self) {
        let (Some(socket), Some(wire)) = (&mut self.socket, &mut self.peer.wire) else { return };
        // Taken from the queue once it is with the socket: this may be given up halfway.
        while let Some(message) = wire.to_server.front() {
            if socket.feed(Frame::Binary(encoded(message))).await.is_err() {
                break;
            }
            wire.to_server.pop_front();
        }
        // A socket that is broken says so when it is read, after what the server said before.
        let _ = socket.flush().await;
    }

    /// Waits for a frame and takes it in, or notices that the connection is over. Cancel-safe: an answer that
    /// was not sent goes with the next flush.
    pub(crate) async fn listen(&mut self) {
        let Some(socket) = &mut self.socket else { return std::future::pending().await };
        match socket.next().await {
            Some(Ok(Frame::Binary(frame))) => {
                self.peer.receive(frame);
                self.flush().await;
            }
            Some(Ok(Frame::Close(said))) => self.closed = said.map(|said| said.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => {
                self.unanswered = self.peer.unanswered();
                self.disconnect();
            }
        }
    }

    /// Listens until the connection is over.
    pub(crate) async fn hear_out(&mut self) {
        let heard = async {
            while self.is_connected() {
                self.listen().await;
            }
        };
        timeout(PATIENCE, heard).await.expect("the end of the connection");
    }

    /// Listens until `done`, or tells what it waits for.
    pub(crate) async fn listen_until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(self.is_connected(), "{what}: the connection is over ({:?})", self.closed);
            let waited = tokio::time::timeout_at(until, self.listen()).await;
            let standing = || self.peer.standing();
            assert!(waited.is_ok(), "{what}: not within {PATIENCE:?} ({})", standing());
        }
    }

    /// Listens until everything that the server had is here.
    pub(crate) async fn is_synced(&mut self) {
        let is_synced = |this: &Self| this.peer.wire.as_ref().is_some_and(|wire| wire.synced);
        self.listen_until("the document", is_synced).await;
    }

    /// Asks and hears the answer: whatever the server had to say before that is here.
    pub(crate) async fn round_trip(&mut self) {
        self.peer.ask();
        self.flush().await;
        self.is_synced().await;
    }

    /// Listens until everything that was sent is stored.
    pub(crate) async fn is_settled(&mut self) {
        self.listen_until("all is stored", |this| this.peer.is_settled()).await;
    }

    /// Comes back as often as it takes until everything is stored.
    pub(crate) async fn settles(&mut self, base: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.peer.is_settled() {
            assert!(Instant::now() < until, "it was never stored ({})", self.peer.standing());
            if self.is_connected() {
                tokio::time::timeout_at(until, self.listen()).await.ok();
            } else if self.connect(base).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Listens for so long.
    pub(crate) async fn listen_for(&mut self, time: Duration) {
        let listening = async {
            loop {
                self.listen().await;
            }
        };
        let _: Result<(), _> = timeout(time, listening).await;
    }
}

/// The client id of who only reads.
const READER: u64 = 7;

/// The document over a fresh socket.
pub(crate) async fn read(base: &str, path: &str) -> Doc {
    let mut reader = Client::new(Peer::new(usize::MAX, READER, true), path);
    reader.connect(base).await.unwrap();
    reader.is_synced().await;
    reader.peer.doc
}

/// The frame of a client's message.
fn encoded(message: &Message) -> Bytes {
    match message {
        Message::Step1(state_vector) => protocol::step1(state_vector),
        Message::Step2(update) => protocol::step2(update),
        Message::Update(update) => protocol::update(update),
        Message::Awareness(states) => protocol::awareness(states),
        Message::AskAwareness => protocol::ask_awareness(),
        Message::Probe => protocol::probe(),
        Message::Token(token) => protocol::token(token),
    }
}
