//! Who holds a data folder, as its lock's file tells, and how to make them start again.

use std::{fs, io, path::Path};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// A process that holds a folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder {
    pid: Pid,
    /// Whether it says that it serves.
    pub(super) serves: bool,
}

impl Holder {
    /// What the lock's file says. `None` while it is being written, or if it was never locked.
    pub(super) fn read(lock: &Path) -> Option<Self> {
        let text = fs::read_to_string(lock).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.parse().ok().and_then(Pid::from_raw)?;
        let serves = lines.next()? == super::folder::Phase::Serving.word();
        Some(Self { pid, serves })
    }

    /// Makes it stop in order and start again. An error if it can't be told, or can't be found: in another
    /// container its number means another process here, or none.
    pub(super) fn start_again(self, lock: &Path) -> io::Result<()> {
        if !self.has_open(lock)? {
            return Err(io::Error::other(format!("process {} is not here", self.number())));
        }
        Ok(kill_process(self.pid, Signal::HUP)?)
    }

    pub(super) fn is_there(self) -> bool {
        test_kill_process(self.pid).is_ok()
    }

    pub(super) fn number(self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Whether that very process has this file open.
    #[cfg(target_os = "linux")]
    fn has_open(self, file: &Path) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let wanted = fs::metadata(file)?;
        let is_it = |open: io::Result<fs::DirEntry>| {
            let found = open.and_then(|open| fs::metadata(open.path()));
            found.is_ok_and(|found| (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()))
        };
        Ok(fs::read_dir(format!("/proc/{}/fd", self.number()))?.any(is_it))
    }

    /// Whether there is such a process: more can't be told on this system.
    #[cfg(not(target_os = "linux"))]
    fn has_open(self, _: &Path) -> io::Result<bool> {
        Ok(self.is_there())
    }
}
