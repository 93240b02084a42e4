//! What a server process uses, as the kernel counts it.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// Looks at one process from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe(pub(crate) u32);

impl Probe {
    /// CPU time of all its threads, in user mode and in the kernel, to the nanosecond. Threads that ended are
    /// not in it: no server here ends any within a measurement.
    pub(crate) fn cpu(self) -> Result<Duration> {
        let mut nanos = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.0))? {
            let schedstat = fs::read_to_string(thread?.path().join("schedstat"))?;
            nanos += first_number(&schedstat)?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident(self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        Ok(first_number(line.context("no VmRSS")?)? as f64 * 1024.0)
    }
}

fn first_number(text: &str) -> Result<u64> {
    text.split_whitespace().next().and_then(|number| number.parse().ok()).context("no number")
}
