//! Takes a room's edits to the journal: one append at a time, tried until it is done.

use std::{
    future::pending,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Sleep, sleep};

use crate::{
    ids::DocId,
    rooms::core::Revision,
    store::{Journal, StoreError, conflict},
};

/// One append takes no further edit above so many bytes. A record of a database has a limit, and each edit alone
/// is smaller than that.
const APPEND_BYTES: usize = 8 << 20;
/// After a failure the next try waits for so long, each time twice as long …
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

type Appending = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// The edits of one room on their way to the journal. What may wait is bounded by the room
/// (`MAX_UNSTORED_BYTES`), which accepts no more.
pub(crate) struct Persist {
    doc: DocId,
    epoch: u64,
    journal: Arc<dyn Journal>,
    /// Not durable yet, in order; an append takes the first of them.
    unstored: Vec<(Revision, Bytes)>,
    work: Work,
    pause: Duration,
    troubled: Arc<AtomicUsize>,
    trouble: Option<Trouble>,
}

/// Counts a room among those whose edits can't be stored.
struct Trouble(Arc<AtomicUsize>);

impl Trouble {
    fn new(troubled: &Arc<AtomicUsize>) -> Self {
        troubled.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("moim_rooms_troubled").increment(1);
        Self(Arc::clone(troubled))
    }
}

impl Drop for Trouble {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("moim_rooms_troubled").decrement(1);
    }
}

/// What has become durable.
pub(crate) struct Stored {
    /// The last edit of it.
    pub(crate) until: Revision,
    /// How many journal entries it made …
    pub(crate) entries: usize,
    /// … and their bytes.
    pub(crate) bytes: usize,
}

/// Why the store takes nothing of this room any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Barred {
    /// It does not know the document.
    Deleted,
    /// The document has begun anew.
    OtherEpoch,
}

enum Work {
    Idle,
    Appending(Appending, usize),
    Pausing(Pin<Box<Sleep>>),
}

impl Persist {
    /// Nothing to do yet. `troubled` counts the rooms of this node that can't store their edits.
    pub(crate) fn new(
        doc: DocId,
        epoch: u64,
        journal: Arc<dyn Journal>,
        troubled: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            doc,
            epoch,
            journal,
            unstored: Vec::new(),
            work: Work::Idle,
            pause: FIRST_PAUSE,
            troubled,
            trouble: None,
        }
    }

    /// Takes one more edit.
    pub(crate) fn append(&mut self, revision: Revision, update: Bytes) {
        self.unstored.push((revision, update));
    }

    /// Whether everything is durable.
    pub(crate) fn is_settled(&self) -> bool {
        self.unstored.is_empty()
    }

    /// Waits until more is durable, and says how far; or until it turns out that nothing more will be.
    /// Cancel-safe.
    pub(crate) async fn stored(&mut self) -> Result<Stored, Barred> {
        loop {
            match &mut self.work {
                Work::Idle if self.unstored.is_empty() => pending().await,
                Work::Idle => self.begin(),
                Work::Pausing(pause) => {
                    pause.await;
                    self.begin();
                }
                Work::Appending(appending, count) => {
                    let count = *count;
                    match appending.await {
                        Ok(()) => return Ok(self.succeeded(count)),
                        Err(StoreError::Conflict(conflict::OTHER_EPOCH)) => {
                            return Err(Barred::OtherEpoch);
                        }
                        Err(StoreError::Conflict(_)) => return Err(Barred::Deleted),
                        Err(error) => self.failed(&error),
                    }
                }
            }
        }
    }

    /// Forgets what is not durable: who sent it is told that it will not be.
    pub(crate) fn give_up(&mut self) {
        if !self.unstored.is_empty() {
            let edits = self.unstored.len();
            tracing::warn!(edits, "edits came too late: the document has begun anew");
        }
        self.unstored.clear();
        self.work = Work::Idle;
    }

    fn begin(&mut self) {
        let (journal, doc, epoch) = (Arc::clone(&self.journal), self.doc, self.epoch);
        let updates = first_of(&self.unstored);
        let count = updates.len();
        let append = async move { journal.append(doc, epoch, updates).await };
        self.work = Work::Appending(Box::pin(append), count);
    }

    fn succeeded(&mut self, entries: usize) -> Stored {
        self.work = Work::Idle;
        self.pause = FIRST_PAUSE;
        self.trouble = None;
        let mut stored = Stored { until: Revision::default(), entries, bytes: 0 };
        for (revision, update) in self.unstored.drain(..entries) {
            stored.until = revision;
            stored.bytes += update.len();
        }
        stored
    }

    fn failed(&mut self, error: &StoreError) {
        metrics::counter!("moim_journal_failures_total").increment(1);
        self.trouble.get_or_insert_with(|| Trouble::new(&self.troubled));
        let (waiting, pause) = (self.unstored.len(), self.pause);
        tracing::error!(%error, waiting, ?pause, "edits could not be stored; trying again");
        self.work = Work::Pausing(Box::pin(sleep(pause)));
        self.pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The edits of the next append: all, or as many as one may take.
fn first_of(unstored: &[(Revision, Bytes)]) -> Vec<Bytes> {
    let mut bytes = 0;
    let fits = |update: &Bytes| {
        let is_first = bytes == 0;
        bytes += update.len();
        is_first || bytes <= APPEND_BYTES
    };
    unstored.iter().map(|(_, update)| update.clone()).take_while(fits).collect()
}

impl Drop for Persist {
    fn drop(&mut self) {
        if !self.is_settled() {
            // The stop was cut short, or the room panicked. Who sent them was not told that they are stored.
            tracing::error!(doc = %self.doc, edits = self.unstored.len(), "edits were not stored");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_append_takes_what_fits_and_at_least_one() {
        let of = |sizes: &[usize]| {
            let edits = sizes.iter().map(|size| (Revision(1), Bytes::from(vec![0; *size])));
            first_of(&edits.collect::<Vec<_>>()).len()
        };
        let half = APPEND_BYTES / 2;
        assert_eq!(of(&[half, half, 1]), 2);
        assert_eq!(of(&[APPEND_BYTES + 1, 1]), 1);
        assert_eq!(of(&[1; 500]), 500);
    }
}
