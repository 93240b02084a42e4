//! What was measured, as one table: medians of alternating runs, how far the runs lie apart, and ratios.

use std::{fmt, time::Duration};

use crate::servers::Kind;

/// The runs of one measurement on one server.
#[derive(Debug, Default, Clone)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    }

    /// Half of the distance between the farthest runs.
    fn spread(&self) -> f64 {
        let most = self.0.iter().copied().fold(f64::MIN, f64::max);
        let least = self.0.iter().copied().fold(f64::MAX, f64::min);
        (most - least) / 2.0
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(median) = self.median() else { return out.pad("") };
        let digits = match median.abs() {
            1000.0.. => 0,
            10.0.. => 1,
            1.0.. => 2,
            _ => 3,
        };
        let text = match self.0.len() {
            1 => format!("{median:.digits$}"),
            _ => format!("{median:.digits$} ± {:.digits$}", self.spread()),
        };
        out.pad(&text)
    }
}

/// What a number is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    /// At most so many times the bare broadcaster's.
    Ratio(f64),
    /// At most this.
    AtMost(f64),
    /// Told for information.
    None,
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    name: &'static str,
    moim: Samples,
    bare: Samples,
    aim: Aim,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        Some(self.moim.median()? / self.bare.median()?).filter(|ratio| ratio.is_finite())
    }

    fn verdict(&self) -> String {
        let (value, most, sign) = match self.aim {
            Aim::Ratio(most) => (self.ratio(), most, "×"),
            Aim::AtMost(most) => (self.moim.median(), most, ""),
            Aim::None => return String::new(),
        };
        let met = value.is_some_and(|value| value <= most);
        format!("≤ {sign}{most} {}", if met { "met" } else { "MISSED" })
    }
}

/// The measurements of one scenario.
#[derive(Debug)]
pub(crate) struct Section {
    title: String,
    /// What stands in the columns, if it is not what their head says.
    columns: [&'static str; 2],
    rows: Vec<Row>,
}

impl Section {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self::comparing(title, ["", ""])
    }

    /// Not of Moim and the bare server, but of these two.
    pub(crate) fn comparing(title: impl Into<String>, columns: [&'static str; 2]) -> Self {
        Self { title: title.into(), columns, rows: Vec::new() }
    }

    /// Adds a run to the line of this name.
    pub(crate) fn add(&mut self, name: &'static str, aim: Aim, kind: Kind, value: f64) {
        let at = self.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            let (moim, bare) = (Samples::default(), Samples::default());
            self.rows.push(Row { name, moim, bare, aim });
            self.rows.len() - 1
        });
        match kind {
            Kind::Moim => self.rows[at].moim.0.push(value),
            Kind::Bare => self.rows[at].bare.0.push(value),
        }
    }

    /// Adds the middle and the tail of a run's waits.
    pub(crate) fn add_waits(&mut self, kind: Kind, waits: &mut [Duration]) {
        waits.sort_unstable();
        let at = |share: f64| {
            let last = waits.len().saturating_sub(1) as f64;
            waits.get((last * share) as usize).map_or(f64::NAN, |wait| wait.as_secs_f64() * 1e3)
        };
        self.add("latency p50, ms", Aim::None, kind, at(0.5));
        self.add("latency p99, ms", Aim::None, kind, at(0.99));
    }
}

/// The head of the table, in Markdown that reads as text too.
pub(crate) const HEAD: &str = "\
| what                                             | Moim               | bare axum          | ratio | aim             |
|--------------------------------------------------|-------------------:|-------------------:|------:|-----------------|";

impl fmt::Display for Section {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [left, right] = self.columns;
        writeln!(out, "| {:48} | {left:>18} | {right:>18} | {:5} | {:15} |", self.title, "", "")?;
        for row in &self.rows {
            let ratio = row.ratio().map_or(String::new(), |ratio| format!("{ratio:.2}"));
            writeln!(
                out,
                "| · {:46} | {:>18} | {:>18} | {ratio:>5} | {:15} |",
                row.name,
                row.moim,
                row.bare,
                row.verdict()
            )?;
        }
        Ok(())
    }
}
