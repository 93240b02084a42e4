//! Work that a room has begun beside everything else.

use tokio::task::JoinHandle;

/// Waits for its end, if there is any. A panic in there is like a failure. Cancel-safe.
pub(crate) async fn ended<T>(task: &mut Option<JoinHandle<Option<T>>>) -> Option<T> {
    let Some(running) = task else { return std::future::pending().await };
    let result = running.await;
    *task = None;
    result.unwrap_or(None)
}
