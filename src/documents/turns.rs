//! Turns: work that takes a multiple of a document for a moment waits until there is memory for it.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::error::DocumentError;

/// Documents that are read out of the store at the same time: only then is it known what they take.
const READS: usize = 4;
/// Somebody who waits for an answer waits so long for a turn.
const PATIENCE: Duration = Duration::from_secs(20);
/// Permits are counted in these.
const UNIT: usize = 4 << 10;

/// The memory that work may take: opening, folding, saving, restoring, answering at length. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Turns {
    reads: Arc<Semaphore>,
    work: Arc<Semaphore>,
    most: u32,
    patience: Option<Duration>,
}

/// Memory that a piece of work may take until this is dropped.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Turns {
    /// With so many bytes for all of it.
    pub(crate) fn new(bytes: usize) -> Self {
        let most = units(bytes).min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
        let work = Arc::new(Semaphore::new(most as usize));
        let reads = Arc::new(Semaphore::new(READS));
        Self { reads, work, most, patience: Some(PATIENCE) }
    }

    /// The same for whom nobody waits: it waits as long as it takes.
    pub(crate) fn in_background(&self) -> Self {
        Self { patience: None, ..self.clone() }
    }

    /// Waits until so many bytes are there, in the order of asking. What needs more than there is works alone.
    pub(crate) async fn take(&self, bytes: usize) -> Result<Turn, DocumentError> {
        let permits = units(bytes).min(self.most);
        self.wait(Arc::clone(&self.work).acquire_many_owned(permits)).await
    }

    /// Waits until a document may be read. To be held until its size is known and `take` has been answered; not to be
    /// asked for by who holds a turn.
    pub(crate) async fn read(&self) -> Result<Turn, DocumentError> {
        self.wait(Arc::clone(&self.reads).acquire_owned()).await
    }

    async fn wait<E>(
        &self,
        permit: impl Future<Output = Result<OwnedSemaphorePermit, E>>,
    ) -> Result<Turn, DocumentError> {
        let permit = match self.patience {
            Some(patience) => timeout(patience, permit).await,
            None => Ok(permit.await),
        };
        // Nobody closes the semaphore.
        let permit = permit.map_err(|_| DocumentError::full("memory_mb"))?;
        permit.map(|_permit| Turn { _permit }).map_err(|_| DocumentError::Full("memory_mb"))
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_waits_for_its_turn_and_not_without_an_end() {
        let turns = Turns::new(100 * UNIT);
        let first = turns.take(60 * UNIT).await.unwrap();
        let mut second = std::pin::pin!(turns.take(60 * UNIT));
        assert!(second.as_mut().now_or_never().is_none());
        let third = turns.take(1).now_or_never();
        assert!(third.is_none(), "who came later does not overtake");
        drop(first);
        assert!(second.await.is_ok());
        let all = turns.take(usize::MAX).await.unwrap();
        assert!(matches!(turns.take(1).await, Err(DocumentError::Full("memory_mb"))));
        let patient = turns.in_background();
        let waiting = timeout(10 * PATIENCE, patient.take(1));
        assert!(waiting.await.is_err(), "nobody waits for it");
        drop(all);
        assert!(patient.take(1).await.is_ok());
    }
}
