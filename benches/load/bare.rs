//! The limit to compare with: axum, WebSockets and nothing else. No document, no journal, no check of anything.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use axum::{
    Router,
    extract::{
        Path, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
    routing::get,
    serve::ListenerExt,
};
use bytes::Bytes;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{net::TcpListener, sync::mpsc};

use crate::joins::DOCUMENT_BYTES;

/// What may wait for one connection; beyond, messages are lost.
const OUTBOX: usize = 4096;
/// What one write takes at most.
const BURST: usize = 256;

#[derive(Clone)]
struct Relay {
    rooms: Arc<Mutex<HashMap<String, Room>>>,
    constant: Bytes,
}

type Room = HashMap<u64, mpsc::Sender<Bytes>>;

/// Serves until it is killed, and says where on its first line.
#[expect(clippy::print_stdout, reason = "whoever started it reads the port there")]
pub(crate) async fn serve() -> Result<()> {
    let mut constant = vec![0; DOCUMENT_BYTES];
    // A step 2, as far as the load generator looks.
    constant[1] = 1;
    let relay = Relay { rooms: Arc::default(), constant: constant.into() };
    let router = Router::new()
        .route("/relay/{room}", get(relayed))
        .route("/constant", get(constantly))
        .with_state(relay);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("bare is open: http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    Ok(axum::serve(listener, router).await?)
}

/// The same buffers as Moim's.
fn buffers(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade.read_buffer_size(4096).write_buffer_size(16 * 1024)
}

async fn relayed(
    State(relay): State<Relay>,
    Path(room): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    buffers(upgrade).on_upgrade(move |socket| async move {
        let (sender, receiver) = mpsc::channel(OUTBOX);
        let id = relay.enter(&room, sender.clone());
        let (sink, stream) = socket.split();
        tokio::select! {
            () = read(&relay, &room, id, &sender, stream) => {}
            () = write(receiver, sink) => {}
        }
        relay.leave(&room, id);
    })
}

async fn constantly(State(relay): State<Relay>, upgrade: WebSocketUpgrade) -> Response {
    buffers(upgrade).on_upgrade(|mut socket| async move {
        if socket.send(Message::Binary(relay.constant)).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    })
}

impl Relay {
    fn with_room<T>(&self, name: &str, act: impl FnOnce(&mut Room) -> T) -> T {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        match rooms.get_mut(name) {
            Some(room) => act(room),
            None => act(rooms.entry(name.to_owned()).or_default()),
        }
    }

    fn enter(&self, room: &str, sender: mpsc::Sender<Bytes>) -> u64 {
        self.with_room(room, |room| {
            let id = room.keys().max().map_or(0, |last| last + 1);
            room.insert(id, sender);
            id
        })
    }

    fn leave(&self, room: &str, id: u64) {
        self.with_room(room, |room| room.remove(&id));
    }
}

/// Hands each message to everybody else, and tells its sender how many came, as Moim does when they are durable.
async fn read(
    relay: &Relay,
    room: &str,
    id: u64,
    own: &mpsc::Sender<Bytes>,
    mut stream: SplitStream<WebSocket>,
) {
    let mut count = 0;
    while let Some(Ok(message)) = stream.next().await {
        let Message::Binary(message) = message else { continue };
        count += 1;
        let _ = own.try_send(moim::protocol::stored(count));
        relay.with_room(room, |room| {
            for (_, other) in room.iter().filter(|(other, _)| **other != id) {
                // Who reads too slowly loses messages: a limit has no manners.
                let _ = other.try_send(message.clone());
            }
        });
    }
}

async fn write(mut receiver: mpsc::Receiver<Bytes>, mut sink: SplitSink<WebSocket, Message>) {
    let mut messages = Vec::new();
    while receiver.recv_many(&mut messages, BURST).await > 0 {
        for message in messages.drain(..) {
            if sink.feed(Message::Binary(message)).await.is_err() {
                return;
            }
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}
