//! Why a frame can't be read.

/// Why a frame can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The frame ends within a message.
    #[error("the frame ends within a message")]
    Truncated,
    /// More than 53 bits.
    #[error("an integer has more than 53 bits")]
    Integer,
    /// A type that clients don't send.
    #[error("unknown message type")]
    Unknown,
    /// Not UTF-8, or longer than a token ever is.
    #[error("a token is too long or not UTF-8")]
    Token,
}
