//! Calls to the server, each with its deadline.

use std::{future::IntoFuture, time::Duration};

use futures_util::TryStreamExt;
use mongodb::{Collection, action::Find, bson::doc};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    ids::DocId,
    store::{Result, StoreError, conflict},
};

/// How long one call may take, with the search for a server.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// How long it may take to read many records, if there is always another one in time.
const READING: Duration = Duration::from_secs(60);

/// Carries out one call, in time.
pub(super) async fn within<T>(
    call: impl IntoFuture<Output = mongodb::error::Result<T>>,
) -> Result<T> {
    // Boxed: the driver's futures are several kilobytes.
    let call = Box::pin(call.into_future());
    Ok(tokio::time::timeout(ANSWER, call).await.map_err(|_| late(ANSWER))??)
}

/// All records that a query finds, in time.
pub(super) async fn all<T>(find: Find<'_, T>) -> Result<Vec<T>>
where
    T: DeserializeOwned + Send + Sync + Unpin,
{
    let reading = Box::pin(async {
        let mut cursor = within(find).await?;
        let mut found = Vec::new();
        // Each step has its deadline: a connection that was lost without a word is not waited for to the end.
        while let Some(record) = within(cursor.try_next()).await? {
            found.push(record);
        }
        Ok(found)
    });
    tokio::time::timeout(READING, reading).await.map_err(|_| late(READING))?
}

/// The deadline has passed.
pub(super) fn late(time: Duration) -> StoreError {
    StoreError::Unavailable(format!("no answer within {time:?}"))
}

/// Whether the record was there already.
pub(super) fn is_duplicate(error: &StoreError) -> bool {
    matches!(error, StoreError::Conflict(conflict::EXISTS))
}

/// Deletes up to `most` of the records that were due by `now`, oldest first.
pub(super) async fn clear_old<T: Send + Sync>(
    collection: &Collection<T>,
    field: &str,
    now: i64,
    most: i64,
) -> Result<()> {
    let named = collection.clone_with_type::<Named>();
    let due = named.find(doc! { field: { "$lte": now } });
    let due = all(due.sort(doc! { field: 1 }).limit(most).projection(doc! { "_id": 1 })).await?;
    if due.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = due.into_iter().map(|Named { _id }| _id).collect();
    within(named.delete_many(doc! { "_id": { "$in": names }, field: { "$lte": now } })).await?;
    Ok(())
}

/// Documents that records are named after, in the order of their names.
pub(super) async fn documents_after<T: Send + Sync>(
    collection: &Collection<T>,
    after: Option<DocId>,
    limit: usize,
) -> Result<Vec<DocId>> {
    let named = collection.clone_with_type::<Named>();
    let after = after.map_or_else(String::new, |doc| doc.to_string());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let find = named.find(doc! { "_id": { "$gt": after } }).sort(doc! { "_id": 1 });
    let found = all(find.limit(limit).projection(doc! { "_id": 1 })).await?;
    let unnamed = |_| StoreError::Corrupt("a document's name is none".to_owned());
    found.into_iter().map(|Named { _id }| _id.parse().map_err(unnamed)).collect()
}

/// A record's name without the rest.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) _id: String,
}
