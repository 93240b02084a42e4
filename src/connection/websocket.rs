//! The WebSocket of one connection: small buffers, and large messages in fragments.

use bytes::Bytes;
use futures_util::{
    SinkExt,
    stream::{SplitSink, SplitStream},
};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::protocol::{
        Role, WebSocketConfig,
        frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use super::metered::Metered;
use crate::documents::Share;

pub(crate) use tokio_tungstenite::tungstenite::{
    Error, Message, error::ProtocolError, protocol::CloseFrame,
};

/// What is read at a time. The library's own default costs 128 KiB for each connection.
const READ_BUFFER: usize = 4 * 1024;
/// What is written before a flush goes out in pieces of this size.
const WRITE_BUFFER: usize = 8 * 1024;
/// A longer message is sent in fragments of this size: the library copies what it is given, and would keep a copy
/// of a whole document for each connection that does not read.
const FRAGMENT: usize = 8 * 1024;
/// The most that waits in the library: a piece, a fragment, and a few control frames.
const UNWRITTEN: usize = WRITE_BUFFER + FRAGMENT + 1024;
/// What a connection takes of the memory, with these buffers and the two tasks that serve it …
pub(crate) const TAKES: usize = 32 * 1024;
/// … and what of a frame is in that.
const FREE: usize = READ_BUFFER + 4 * 1024;

pub(crate) type WebSocket = WebSocketStream<Metered<TokioIo<Upgraded>>>;
pub(crate) type Sink = SplitSink<WebSocket, Message>;
pub(crate) type Stream = SplitStream<WebSocket>;

/// Makes a WebSocket of a connection that has been upgraded; `share` is for what it takes.
pub(super) async fn server(io: Upgraded, frame_bytes: usize, share: Share) -> WebSocket {
    let io = Metered::new(TokioIo::new(io), share, FREE);
    WebSocketStream::from_raw_socket(io, Role::Server, Some(config(frame_bytes))).await
}

/// Small buffers, and no messages above so many bytes.
fn config(frame_bytes: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(UNWRITTEN)
        .max_message_size(Some(frame_bytes))
        .max_frame_size(Some(frame_bytes))
}

/// Gives a binary message to the connection, which sends it with the next flush at the latest.
pub(crate) async fn feed_binary(sink: &mut Sink, message: Bytes) -> Result<(), Error> {
    feed(sink, Data::Binary, message).await
}

/// Sends a text.
pub(crate) async fn send_text(sink: &mut Sink, text: String) -> Result<(), Error> {
    feed(sink, Data::Text, text.into()).await?;
    sink.flush().await
}

async fn feed(sink: &mut Sink, kind: Data, mut rest: Bytes) -> Result<(), Error> {
    let mut code = OpCode::Data(kind);
    loop {
        let piece = rest.split_to(rest.len().min(FRAGMENT));
        let is_last = rest.is_empty();
        sink.feed(Message::Frame(Frame::message(piece, code, is_last))).await?;
        if is_last {
            return Ok(());
        }
        code = OpCode::Data(Data::Continue);
    }
}
