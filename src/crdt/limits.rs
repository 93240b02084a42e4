//! How much a document may hold, and why an update is not applied.

use super::trip::limits::TripLimits;

/// What a document and a single update may hold at most. Checked before anything is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one update message. A step 2 may be larger: see `step2_bytes`.
    pub update_bytes: usize,
    /// Bytes of all that is in the document and not deleted, without what it takes to put that together.
    pub document_bytes: usize,
    /// Bytes of memory that the document is reckoned to take, with what is left of all that was ever deleted.
    pub memory_bytes: usize,
    /// Of a trip.
    pub trip: TripLimits,
    /// Characters (UTF-16 code units, as browsers count) of each text that the document's kind has a place for;
    /// texts in other roots have no limit but the document's.
    pub note_chars: u32,
    /// What merging one update may take beyond what each update of its length may.
    pub work: Work,
    /// What merging one person's updates may take in a second, likewise. A burst may take what `work` is.
    pub work_per_second: Work,
    /// How much of the work is done anew whenever the document is loaded, likewise: what was scanned since it began.
    pub lasting_scan: u64,
    /// Bytes of one awareness state, as JSON.
    pub awareness_bytes: usize,
    /// Awareness states a second that are taken from one participant; of more the newest is.
    pub awareness_per_second: u32,
}

/// What a step 2 may have beyond the document: the names of clients, what was deleted, and collected structs.
const STEP2_OVERHEAD: usize = 64 << 10;

impl Limits {
    /// Bytes of one step 2: it may bring a whole document.
    pub const fn step2_bytes(&self) -> usize {
        self.document_bytes.saturating_add(STEP2_OVERHEAD)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            update_bytes: 256 << 10,
            document_bytes: 5 << 20,
            memory_bytes: 512 << 20,
            trip: TripLimits::default(),
            note_chars: 20_000,
            work: Work { scan: 1 << 24, copy: 1 << 25 },
            work_per_second: Work { scan: 1 << 13, copy: 1 << 22 },
            lasting_scan: 1 << 27,
            awareness_bytes: 4 << 10,
            awareness_per_second: 20,
        }
    }
}

/// What a merge takes yrs beside the reading, in steps of about 40 nanoseconds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Items that others put where an edit puts one, while neither knew of the other: each is looked at. None if
    /// people edit in turns.
    pub scan: u64,
    /// Texts that are cut in two or joined, and items of a client that are moved to make room.
    pub copy: u64,
}

impl Work {
    /// More than any update takes.
    pub const UNLIMITED: Self = Self { scan: u64::MAX, copy: u64::MAX };

    /// The smaller of each.
    #[must_use]
    pub(crate) fn min(self, other: Self) -> Self {
        Self { scan: self.scan.min(other.scan), copy: self.copy.min(other.copy) }
    }

    /// The sum of each.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            scan: self.scan.saturating_add(other.scan),
            copy: self.copy.saturating_add(other.copy),
        }
    }

    /// What is left of each.
    #[must_use]
    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            scan: self.scan.saturating_sub(other.scan),
            copy: self.copy.saturating_sub(other.copy),
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
    /// Merging it takes more than its author may use just now; a while later it is taken.
    #[error("takes too long to merge just now: try again later")]
    Later,
    /// It, or a part of it, was being applied when a process or a room ended, and is set aside.
    #[error("set aside: an edit in it may have ended the server")]
    Barred,
    /// The merge itself failed: the document can't be trusted any more and must be loaded again.
    #[error("the merge failed")]
    Failed,
}

impl Refusal {
    /// Too many of them in one place: merging takes the product of their numbers.
    pub(crate) const CONCURRENT: &str = "edits that know nothing of each other";
    /// Too many cuts in long texts: each copies the text.
    pub(crate) const PIECES: &str = "cuts in long texts";

    /// The limit that it met, by the name of its setting where it has one.
    pub fn limit(&self) -> Option<&'static str> {
        match self {
            Self::TooLarge("update") => Some("update_bytes"),
            Self::TooLarge("document") => Some("document_bytes"),
            Self::TooLarge("awareness state") => Some("awareness_bytes"),
            Self::TooLarge("history") => Some("memory_bytes"),
            Self::TooMany(Self::CONCURRENT | Self::PIECES) => Some("work"),
            Self::Later => Some("work_per_second"),
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
