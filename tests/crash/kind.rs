//! The kinds of rounds: what the server is in the middle of when it is killed.

use std::time::Duration;

use rand::{Rng, rngs::StdRng};

/// What the kill is to land in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Edits of many people, on their way to the journal.
    Edits,
    /// A version that is being saved.
    Save,
    /// A journal that is being folded.
    Fold,
    /// A document that begins anew.
    Renewal,
    /// A trip that is being made.
    Create,
    /// A start after a kill.
    Start,
    /// A start that brings an older database up to date.
    Migration,
    /// A stop in order.
    Drain,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Edits,
        Self::Save,
        Self::Fold,
        Self::Renewal,
        Self::Create,
        Self::Start,
        Self::Migration,
        Self::Drain,
    ];

    pub(crate) fn draw(rng: &mut StdRng) -> Self {
        Self::ALL[rng.random_range(0..Self::ALL.len())]
    }

    /// What the server is started with.
    pub(crate) fn flags(self) -> Vec<&'static str> {
        let mut flags = vec!["--log=info,moim::rooms=debug"];
        if self == Self::Fold {
            flags.push("--fold-after=1");
        }
        flags
    }

    /// How often the server is killed while people edit.
    pub(crate) fn lives(self) -> usize {
        // What the first life left half done is completed in the second.
        if self == Self::Renewal { 2 } else { 1 }
    }

    /// How long the people edit before the kill, or before the stop that it lands in.
    pub(crate) fn life(self, rng: &mut StdRng) -> Duration {
        let milliseconds = match self {
            Self::Edits | Self::Save | Self::Fold | Self::Renewal | Self::Create => {
                rng.random_range(20..600)
            }
            Self::Start | Self::Migration | Self::Drain => rng.random_range(20..300),
        };
        Duration::from_millis(milliseconds)
    }

    /// How long a start, a stop or a renewal goes on before the kill.
    pub(crate) fn respite(self, rng: &mut StdRng) -> Duration {
        let microseconds = match self {
            // The program takes a while until it opens its store.
            Self::Start | Self::Migration => rng.random_range(0..120_000),
            Self::Edits | Self::Save | Self::Fold | Self::Create | Self::Drain => {
                rng.random_range(0..40_000)
            }
            // From when it is asked for.
            Self::Renewal => rng.random_range(0..12_000),
        };
        Duration::from_micros(microseconds)
    }
}
