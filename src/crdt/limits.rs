//! How much a document may hold, and why an update is not applied.

/// What a document and a single update may hold at most. Checked before anything is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one update.
    pub update_bytes: usize,
    /// Bytes of the whole document, encoded.
    pub document_bytes: usize,
    /// Cards outside the trash.
    pub cards: usize,
    /// Cards with those in the trash.
    pub kept_cards: usize,
    /// Days.
    pub days: usize,
    /// Characters (UTF-16 code units, as browsers count) of any one text.
    pub note_chars: u32,
    /// Steps that merging edits which don't know of each other may take over the document's life: each is charged
    /// with the length of the list that it lands in. Bounds the quadratic time of hostile documents.
    pub contention: u64,
    /// Bytes of one awareness state, as JSON.
    pub awareness_bytes: usize,
    /// Awareness states a second that are taken from one participant; of more the newest is.
    pub awareness_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            update_bytes: 256 << 10,
            document_bytes: 5 << 20,
            cards: 2_000,
            kept_cards: 8_000,
            days: 366,
            note_chars: 20_000,
            contention: 1 << 24,
            awareness_bytes: 4 << 10,
            awareness_per_second: 20,
        }
    }
}

/// Why an update, a state vector or an awareness payload was not taken. Nothing of it was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It isn't what it should be; no honest client sends it.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// It would make something longer than it may be.
    #[error("too large: {0}")]
    TooLarge(&'static str),
    /// It would make more of something than there may be.
    #[error("too many: {0}")]
    TooMany(&'static str),
    /// It builds on edits that this document doesn't have: ask for them with a step 1.
    #[error("builds on edits that are not here")]
    Missing,
    /// It, or a part of it, was being applied when a process or a room ended, and is set aside.
    #[error("set aside: an edit in it may have ended the server")]
    Barred,
    /// The merge itself failed: the document can't be trusted any more and must be loaded again.
    #[error("the merge failed")]
    Failed,
}

impl Refusal {
    /// The limit that it met, by the name of its setting where it has one.
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::TooLarge("update") => Some("update_bytes"),
            Self::TooLarge("document") => Some("document_bytes"),
            Self::TooLarge("awareness state") => Some("awareness_bytes"),
            Self::TooMany("edits that know nothing of each other") => Some("contention"),
            Self::TooLarge(what) | Self::TooMany(what) => Some(what),
            Self::Malformed(_) | Self::Missing | Self::Barred | Self::Failed => None,
        }
    }
}

/// Why stored bytes make no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// They can't be read as updates.
    #[error("the stored document is damaged: {0}")]
    Damaged(&'static str),
    /// Some of them build on edits that none of them holds.
    #[error("the stored document has a gap")]
    Incomplete,
    /// What was made from them differs from what was to be made.
    #[error("the folded document differs from the document")]
    Differs,
}
