//! Frames to messages: slices of the frame, or copies of small parts of it; nothing is trusted.

use bytes::Bytes;

use super::{
    error::DecodeError,
    kinds::{auth, kind, sync},
    varint,
};

/// The longest token that a client may send (W11), in bytes.
const MAX_TOKEN_BYTES: usize = 4096;

/// Shorter parts of a frame are copied.
const COPIED: usize = 64 * 1024;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Asks for what a replica with this state vector lacks.
    Step1(Bytes),
    /// Answers a step 1 with an update.
    Step2(Bytes),
    /// A new update.
    Update(Bytes),
    /// Awareness states, as y-protocols encodes them.
    Awareness(Bytes),
    /// Asks for everybody's awareness.
    AskAwareness,
    /// A new ticket for this connection (W11).
    Token(String),
    /// Asks whether the connection still carries anything (W13).
    Probe,
}

/// The messages of a frame, one after another (W1); ends after the first error.
pub fn messages(frame: Bytes) -> Messages {
    Messages { frame_bytes: frame.len(), rest: frame }
}

/// See [`messages`].
#[derive(Debug)]
pub struct Messages {
    rest: Bytes,
    frame_bytes: usize,
}

impl Iterator for Messages {
    type Item = Result<Message, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let message = self.message();
        if message.is_err() {
            self.rest = Bytes::new();
        }
        Some(message)
    }
}

impl Messages {
    /// Whether there is nothing more to read.
    pub fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    fn message(&mut self) -> Result<Message, DecodeError> {
        match self.integer()? {
            kind::SYNC => match self.integer()? {
                sync::STEP1 => self.bytes().map(Message::Step1),
                sync::STEP2 => self.bytes().map(Message::Step2),
                sync::UPDATE => self.bytes().map(Message::Update),
                _ => Err(DecodeError::Unknown),
            },
            kind::AWARENESS => self.bytes().map(Message::Awareness),
            kind::ASK_AWARENESS => Ok(Message::AskAwareness),
            kind::PROBE => Ok(Message::Probe),
            kind::AUTH => match self.integer()? {
                auth::TOKEN => self.token().map(Message::Token),
                _ => Err(DecodeError::Unknown),
            },
            _ => Err(DecodeError::Unknown),
        }
    }

    fn integer(&mut self) -> Result<u64, DecodeError> {
        let mut rest = &self.rest[..];
        let value = varint::read(&mut rest)?;
        let read = self.rest.len() - rest.len();
        let _ = self.rest.split_to(read);
        Ok(value)
    }

    fn bytes(&mut self) -> Result<Bytes, DecodeError> {
        let length = self.integer()?;
        match usize::try_from(length) {
            Ok(length) if length <= self.rest.len() => {
                let bytes = self.rest.split_to(length);
                // A slice keeps its whole frame in memory for as long as somebody keeps it, and with a small frame the
                // buffer that it was read into.
                let is_worth_it = length >= COPIED && length >= self.frame_bytes / 2;
                Ok(if is_worth_it { bytes } else { Bytes::copy_from_slice(&bytes) })
            }
            Ok(_) | Err(_) => Err(DecodeError::Truncated),
        }
    }

    fn token(&mut self) -> Result<String, DecodeError> {
        let bytes = self.bytes()?;
        if bytes.len() > MAX_TOKEN_BYTES {
            return Err(DecodeError::Token);
        }
        std::str::from_utf8(&bytes).map(str::to_owned).map_err(|_| DecodeError::Token)
    }
}
