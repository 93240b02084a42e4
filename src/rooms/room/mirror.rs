//! Keeps what lists show of a document (title, dates, counts) in step with it, a little behind.

use std::{
    future::pending,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use crate::{
    crdt::Document,
    ids::DocId,
    store::{Result, Summaries},
};

/// A change is shown in lists after so long.
const LAG: Duration = Duration::from_secs(2);

/// The summary of one document on its way to the plans.
pub(crate) struct Mirror {
    doc: DocId,
    summaries: Arc<dyn Summaries>,
    due: Option<Instant>,
    writing: Option<Pin<Box<dyn Future<Output = Result<()>> + Send>>>,
}

impl Mirror {
    pub(crate) fn new(doc: DocId, summaries: Arc<dyn Summaries>) -> Self {
        Self { doc, summaries, due: None, writing: None }
    }

    /// Notes that the document has changed.
    pub(crate) fn changed(&mut self, now: Instant) {
        self.due.get_or_insert(now + LAG);
    }

    /// When `write` is to be called.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due.filter(|_| self.writing.is_none())
    }

    /// Whether the lists show the document as it is.
    pub(crate) fn is_settled(&self) -> bool {
        self.due.is_none() && self.writing.is_none()
    }

    /// Begins to write the summary if there is news and nothing is being written.
    pub(crate) fn write(&mut self, document: &Document, now: Timestamp) {
        if self.writing.is_none() && self.due.take().is_some() {
            let (summaries, doc, summary) =
                (Arc::clone(&self.summaries), self.doc, document.summary());
            let write = async move { summaries.set_summary(doc, &summary, now).await };
            self.writing = Some(Box::pin(write));
        }
    }

    /// Waits for what is being written. Cancel-safe.
    pub(crate) async fn written(&mut self) {
        let Some(writing) = &mut self.writing else { return pending().await };
        let written = writing.await;
        self.writing = None;
        if let Err(error) = written {
            // The next edit brings it, or the next time that the room is opened and left.
            tracing::warn!(%error, "a summary could not be stored");
        }
    }
}
