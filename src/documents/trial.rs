//! After a process has died: tries what was in flight in a process of its own, and sets aside what that does
//! not survive either. Most often it was innocent: the process was killed from outside.

use std::{
    io::{self, Read},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    time::timeout,
};

use super::{
    flight::{Cargo, Found, Wreck},
    stores::DocumentStores,
};
use crate::{
    crdt::{self, Document, Limits},
    ids::DocId,
    store::{AsideCause, Generation, Loaded, SetAside, StoreError},
};

/// A trial that uses more processor time than this, in seconds, counts as hanging. By the clock an innocent one takes
/// many times that on a busy machine.
#[cfg(unix)]
const TRIAL_COMPUTES: u64 = 30;
/// A trial that has not ended after this, by the clock, says nothing.
const TRIAL_TIME: Duration = Duration::from_secs(600);
/// What a trial reads at most.
const TRIAL_BYTES: u64 = 256 << 20;

/// The program that carries out trials: it is started with the word `try`, and `attempt` is what it does.
#[derive(Debug, Clone)]
pub struct Court(PathBuf);

impl Court {
    /// Trials by this program.
    pub fn new(program: PathBuf) -> Self {
        Self(program)
    }

    /// Trials by the program that runs now.
    pub fn own() -> io::Result<Self> {
        std::env::current_exe().map(Self)
    }

    /// Tries what was in flight and sets aside what is fatal. What can't be tried now, because the store is
    /// away, is left for the next start.
    pub async fn try_all(&self, found: Vec<Found>, stores: &DocumentStores) {
        for found in found {
            if let Err(error) = self.settle(&found.wreck, stores).await {
                tracing::error!(doc = %found.wreck.doc, %error, "a wreck is left for the next start");
            } else if let Err(error) = found.clear() {
                tracing::warn!(%error, "a note could not be taken away");
            }
        }
    }

    async fn settle(&self, wreck: &Wreck, stores: &DocumentStores) -> Result<(), StoreError> {
        if self.survives(wreck, stores).await? { Ok(()) } else { set_aside(stores, wreck).await }
    }

    async fn survives(&self, wreck: &Wreck, stores: &DocumentStores) -> Result<bool, StoreError> {
        let loaded = match stores.journal.load(wreck.doc, Generation::Newest).await {
            Err(StoreError::Corrupt(_)) => {
                stores.journal.load(wreck.doc, Generation::Previous).await?
            }
            loaded => loaded?,
        };
        // A document that is gone can't do any harm.
        let Some(loaded) = loaded else { return Ok(true) };
        let survived = self.hear(&evidence(&loaded, wreck)).await;
        if survived.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return Err(StoreError::Unavailable("its trial took too long".to_owned()));
        }
        let verdict = if matches!(survived, Ok(true)) { "innocent" } else { "fatal" };
        tracing::warn!(doc = %wreck.doc, verdict, "an edit was in flight when the last process ended");
        Ok(survived.unwrap_or_else(|error| {
            tracing::error!(%error, "it could not be tried, and is taken for fatal");
            false
        }))
    }

    /// Whether the program comes to the end of it.
    async fn hear(&self, evidence: &[u8]) -> io::Result<bool> {
        let mut child = Command::new(&self.0)
            .arg("try")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        timeout(TRIAL_TIME, run(&mut child, evidence)).await?
    }
}

async fn run(child: &mut Child, evidence: &[u8]) -> io::Result<bool> {
    if let Some(mut input) = child.stdin.take() {
        // One that is dead already does not read: its status tells.
        let _ = input.write_all(evidence).await;
    }
    Ok(child.wait().await?.success())
}

/// Sets aside what ended a process or a room.
pub(crate) async fn set_aside(stores: &DocumentStores, wreck: &Wreck) -> Result<(), StoreError> {
    let (cause, update) = match &wreck.cargo {
        Cargo::Update(update) => (AsideCause::Fatal, update.clone()),
        Cargo::Document => (AsideCause::Unreadable, Bytes::new()),
    };
    let aside = SetAside { cause, at: Timestamp::now(), update };
    stores.quarantine.set_aside(wreck.doc, &aside).await?;
    metrics::counter!("moim_set_aside_total").increment(1);
    tell(wreck.doc, cause);
    Ok(())
}

fn tell(doc: DocId, cause: AsideCause) {
    match cause {
        AsideCause::Unreadable => tracing::error!(
            %doc, "reading this document ended the server: it is not opened until somebody has looked"
        ),
        AsideCause::Fatal | AsideCause::Damaged => tracing::error!(
            %doc, "an edit that ended its room or the server is set aside and not applied again"
        ),
    }
}

/// The document's name, the suspect, the state and the entries, each with its length before it.
fn evidence(loaded: &Loaded, wreck: &Wreck) -> Vec<u8> {
    let name = wreck.doc.to_string();
    let suspect: &[u8] = match &wreck.cargo {
        Cargo::Update(update) => update,
        Cargo::Document => &[],
    };
    let entries = loaded.entries.iter().map(|entry| &entry.update[..]);
    let mut bytes = Vec::new();
    for part in [name.as_bytes(), suspect, &loaded.state].into_iter().chain(entries) {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Has the system end this process once it has computed for too long.
#[cfg(unix)]
fn bound() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let most = Some(TRIAL_COMPUTES);
    Ok(setrlimit(Resource::Cpu, Rlimit { current: most, maximum: most })?)
}

/// The other side: does in this process what ended another one. Whether anything is refused on the way does
/// not matter; to come back from this call does.
pub fn attempt(evidence: impl Read) -> io::Result<()> {
    #[cfg(unix)]
    bound()?;
    let mut bytes = Vec::new();
    evidence.take(TRIAL_BYTES).read_to_end(&mut bytes)?;
    let parts = parts(&bytes).ok_or(io::ErrorKind::InvalidData)?;
    let [name, suspect, state, entries @ ..] = &parts[..] else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let name = std::str::from_utf8(name).map_err(|_| io::ErrorKind::InvalidData)?;
    let kind = name.parse::<DocId>().map_err(|_| io::ErrorKind::InvalidData)?.kind();
    let entries = || entries.iter().copied();
    // Whatever the operator allows: what is too large is refused before it gets anywhere.
    let limits =
        Limits { update_bytes: usize::MAX, document_bytes: usize::MAX, ..Limits::default() };
    if let Ok(mut document) = Document::load(kind, state, entries(), limits) {
        let _ = document.apply(suspect);
        let _ = crdt::fold(kind, &document.encode_state(), []);
        let _ = document.project();
    }
    let _ = crdt::fold(kind, state, entries());
    Ok(())
}

fn parts(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (part, rest) = rest.split_at_checked(u64::from_le_bytes(*length).try_into().ok()?)?;
        parts.push(part);
        bytes = rest;
    }
    bytes.is_empty().then_some(parts)
}
