//! Why the server ends a connection (W9): one table, which `static/src/protocol/close-codes.ts` repeats.

/// A WebSocket close code with the reason that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// The server stops or restarts.
    GoingAway = 1001,
    /// The room failed; its document is loaded again for who comes back.
    Internal = 1011,
    /// No room for more just now, or the store is away.
    TryAgainLater = 1013,
    /// A frame or an update that can't be read.
    Malformed = 4400,
    /// The ticket is missing, wrong or has run out: get a new one first.
    Token = 4401,
    /// The member was removed.
    Forbidden = 4403,
    /// No such document.
    Missing = 4404,
    /// The document's history was replaced: drop the local copy.
    Epoch = 4409,
    /// The document or an update would pass a limit.
    TooLarge = 4413,
    /// Too many connections.
    TooMany = 4429,
    /// The server is draining.
    Draining = 4503,
    /// What was sent was not read in time (W10).
    TooSlow = 4508,
}

impl CloseCode {
    /// Every code, in ascending order.
    pub const ALL: [Self; 12] = [
        Self::GoingAway,
        Self::Internal,
        Self::TryAgainLater,
        Self::Malformed,
        Self::Token,
        Self::Forbidden,
        Self::Missing,
        Self::Epoch,
        Self::TooLarge,
        Self::TooMany,
        Self::Draining,
        Self::TooSlow,
    ];

    /// The number on the wire.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// A few words for logs, metrics and the close frame.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "going away",
            Self::Internal => "internal error",
            Self::TryAgainLater => "try again later",
            Self::Malformed => "malformed",
            Self::Token => "token",
            Self::Forbidden => "forbidden",
            Self::Missing => "no such document",
            Self::Epoch => "other epoch",
            Self::TooLarge => "too large",
            Self::TooMany => "too many",
            Self::Draining => "draining",
            Self::TooSlow => "too slow",
        }
    }

    /// Whether a client should come back by itself, with backoff and jitter.
    pub const fn comes_back(self) -> bool {
        !matches!(self.code(), 4400..=4499)
    }
}
