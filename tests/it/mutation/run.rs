//! Runs trials in child processes, so that a crash ends one of them alone and can be told with its seed.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use super::trial::{self, Counts};

/// How many messages a child takes before the next one begins.
const CHUNK: u64 = 500_000;
/// A child that stays with one seed for so long hangs.
const LONGEST_TRIAL: Duration = Duration::from_secs(60);
/// After so many breaks there is enough to look at.
const MOST_BREAKS: usize = 20;

const FROM: &str = "MOIM_MUTATION_FROM";
const MESSAGES: &str = "MOIM_MUTATION_MESSAGES";
const PROGRESS: &str = "MOIM_MUTATION_PROGRESS";
const CHILD: &str = "mutation::run::a_child_runs_its_trials";

/// How far a child is, in a file, so that it is known even after a crash.
struct Progress {
    seed: u64,
    counts: Counts,
}

impl Progress {
    const WORDS: usize = 1 + Counts::FIELDS;

    fn write(&self, file: &File) {
        let words = [self.seed].into_iter().chain(self.counts.to_array());
        let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        file.write_all_at(&bytes, 0).unwrap();
    }

    fn read(path: &Path) -> Option<Self> {
        let bytes = fs::read(path).unwrap();
        let words = bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()));
        let words: Vec<u64> = words.collect();
        let words: [u64; Self::WORDS] = words.try_into().ok()?;
        let (seed, counts) = words.split_first()?;
        Some(Self { seed: *seed, counts: Counts::from_array(counts.try_into().ok()?) })
    }
}

/// Runs so many damaged messages from a seed on; returns what became of them and what broke.
#[expect(clippy::print_stderr, reason = "the figures are what a long run is for")]
pub(super) fn in_processes_of_their_own(messages: u64, first_seed: u64) -> (Counts, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let progress = folder.path().join("progress");
    let (mut all, mut breaks, mut seed) = (Counts::default(), vec![], first_seed);
    let began = Instant::now();
    while all.messages < messages && breaks.len() < MOST_BREAKS {
        File::create(&progress).unwrap();
        let wanted = CHUNK.min(messages - all.messages);
        let (end, said) = run_child(seed, wanted, &progress);
        let reached = Progress::read(&progress).expect("the child began");
        all += reached.counts;
        seed = reached.seed + 1;
        if let Some(end) = end {
            breaks.push(format!("seed {}: {end}\n{said}", reached.seed));
        }
        let rate = all.messages as f64 / began.elapsed().as_secs_f64();
        eprintln!("up to seed {seed}: {all}; {rate:.0} a second; {} broke", breaks.len());
    }
    (all, breaks)
}

/// Runs one child; returns how it ended if not well, and what it said.
fn run_child(seed: u64, messages: u64, progress: &Path) -> (Option<String>, String) {
    let said = progress.with_file_name("said");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FROM, seed.to_string())
        .env(MESSAGES, messages.to_string())
        .env(PROGRESS, progress)
        .stdout(Stdio::null())
        .stderr(File::create(&said).unwrap())
        .spawn()
        .unwrap();
    let end = wait(&mut child, progress);
    let end = end.map_or(Some("it hangs".to_owned()), |status| {
        if status.success() { None } else { Some(status.to_string()) }
    });
    (end, fs::read_to_string(said).unwrap())
}

/// Waits for a child; `None` if it hangs.
fn wait(child: &mut Child, progress: &Path) -> Option<ExitStatus> {
    let (mut seed, mut since) = (None, Instant::now());
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        let now = Progress::read(progress).map(|progress| progress.seed);
        if now != seed {
            (seed, since) = (now, Instant::now());
        } else if since.elapsed() > LONGEST_TRIAL {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "is started by the test in the file above, once for many seeds"]
fn a_child_runs_its_trials() {
    let Ok(path) = std::env::var(PROGRESS) else { return };
    let number = |name| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let file = File::options().write(true).open(path).unwrap();
    let mut progress = Progress { seed: number(FROM), counts: Counts::default() };
    loop {
        progress.write(&file);
        progress.counts += trial::run(progress.seed);
        if progress.counts.messages >= number(MESSAGES) {
            progress.write(&file);
            return;
        }
        progress.seed += 1;
    }
}
