//! Other epochs for all documents of a store that was put back to what it was by something else than `moim restore`.

use crate::store::{Care, Result};

/// Documents that are named at a time.
const PAGE: usize = 200;

/// Puts every document into an epoch that it never was in, so that nobody goes on from what they had of the course of
/// events before. Says how many there are. To be called while nobody serves them.
pub(super) async fn begin_epochs(care: &dyn Care) -> Result<usize> {
    let (mut count, mut after) = (0, None);
    loop {
        let page = care.documents(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = Some(*last);
        for doc in page {
            care.begin_epoch(doc).await?;
            count += 1;
        }
    }
}
