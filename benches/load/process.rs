//! What a server process uses, as the kernel counts it.

use std::{fs, ops::Sub, time::Duration};

use anyhow::{Context, Result};

/// The thread of Moim's that writes the journal.
const JOURNAL: &str = "store-writer";

/// Looks at one process from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe(pub(crate) u32);

/// CPU time, in user mode and in the kernel.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cpu {
    /// Of all threads.
    pub(crate) all: Duration,
    /// What it costs to make edits durable.
    pub(crate) journal: Duration,
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { all: self.all - before.all, journal: self.journal - before.journal }
    }
}

impl Probe {
    /// What was used so far, to the nanosecond. Threads that ended are not in it: no server here ends any
    /// within a measurement.
    pub(crate) fn cpu(self) -> Result<Cpu> {
        let mut cpu = Cpu::default();
        for thread in fs::read_dir(format!("/proc/{}/task", self.0))? {
            let thread = thread?.path();
            let nanos = first_number(&fs::read_to_string(thread.join("schedstat"))?)?;
            cpu.all += Duration::from_nanos(nanos);
            if fs::read_to_string(thread.join("comm"))?.trim_end() == JOURNAL {
                cpu.journal += Duration::from_nanos(nanos);
            }
        }
        Ok(cpu)
    }

    /// The same for all threads, those that have ended too, to the hundredth of a second: for long measurements.
    pub(crate) fn cpu_of_all(self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        // After the name, which may hold anything, come the state and so on: proc_pid_stat(5), fields 14 and 15.
        let (_, fields) = stat.rsplit_once(") ").context("no name")?;
        let ticks = |at: usize| first_number(fields.split(' ').nth(at).unwrap_or_default());
        Ok(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident(self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        Ok(first_number(line.context("no VmRSS")?)? as f64 * 1024.0)
    }
}

/// Where this runs, and how busy others keep it: CPU times of a crowded machine are larger.
pub(crate) fn machine() -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let processor = fs::read_to_string("/proc/cpuinfo")?;
    let model =
        processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!("{cores} × {model}, Linux {}, load average before {load}\n", kernel.trim_end()))
}

fn first_number(text: &str) -> Result<u64> {
    text.split_whitespace().next().and_then(|number| number.parse().ok()).context("no number")
}
