//! What came of the rounds, in numbers.

use std::{
    collections::BTreeMap,
    fmt::{Display, Formatter, Result},
    ops::AddAssign,
};

use super::kind::Kind;

/// Of so many rounds one must have hit.
const ENOUGH: usize = 15;

/// What came of one round.
pub(crate) struct Report {
    pub(crate) kind: Kind,
    pub(crate) counts: Counts,
}

/// Numbers that add up.
#[derive(Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) rounds: usize,
    /// SIGKILLs, of which …
    pub(crate) kills: usize,
    /// … so many landed in what the round is about.
    pub(crate) hits: usize,
    /// Step 2 and update messages, of which …
    pub(crate) sent: usize,
    /// … so many were acknowledged, over the whole round.
    pub(crate) acknowledged: usize,
    /// Updates that were on their way when the process was killed.
    pub(crate) in_flight: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.kills += other.kills;
        self.hits += other.hits;
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.in_flight += other.in_flight;
    }
}

/// All rounds so far.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<Kind, Counts>);

impl Tally {
    pub(crate) fn add(&mut self, report: &Report) {
        *self.0.entry(report.kind).or_default() += report.counts;
    }

    /// Of all kinds.
    pub(crate) fn rounds(&self) -> usize {
        self.0.values().map(|counts| counts.rounds).sum()
    }

    /// A kind whose kills never landed in what it is about, although there were enough of them.
    pub(crate) fn missed(&self) -> Option<Kind> {
        let missed = |counts: &Counts| counts.rounds >= ENOUGH && counts.hits == 0;
        self.0.iter().find(|(_, counts)| missed(counts)).map(|(kind, _)| *kind)
    }
}

impl Display for Tally {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        writeln!(out, "crash      rounds  kills   hits     sent  acknowledged  in flight")?;
        let mut all = Counts::default();
        for (kind, counts) in &self.0 {
            row(out, &format!("{kind:?}"), *counts)?;
            all += *counts;
        }
        row(out, "all", all)
    }
}

fn row(out: &mut Formatter<'_>, name: &str, counts: Counts) -> Result {
    let Counts { rounds, kills, hits, sent, acknowledged, in_flight } = counts;
    writeln!(
        out,
        "{name:<10} {rounds:>6} {kills:>6} {hits:>6} {sent:>8} {acknowledged:>13} {in_flight:>10}"
    )
}
