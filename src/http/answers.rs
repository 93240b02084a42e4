//! Large answers that wait to be read: so many bytes of them at the same time.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    response::Response,
};
use hyper::body::{Frame, SizeHint};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::error::ApiError;

/// A smaller answer is not counted: each connection has one at a time.
const LARGE: usize = 16 << 10;
/// An answer that is made waits so long for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Permits are counted in these.
const UNIT: usize = 1 << 10;

/// The memory for answers that are being read.
pub(crate) struct Answers {
    memory: Arc<Semaphore>,
    most: u32,
}

impl Answers {
    /// With so many bytes for all of them.
    pub(super) fn new(bytes: usize) -> Self {
        let most = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).max(1);
        let most = most.min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
        Self { memory: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// The answer as it was, but that it takes of the memory until it is read.
    pub(super) async fn hold(&self, response: Response) -> Result<Response, ApiError> {
        let length = response.body().size_hint().lower();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length <= LARGE {
            return Ok(response);
        }
        let units = u32::try_from(length.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.most);
        let permit = Arc::clone(&self.memory).acquire_many_owned(units);
        match timeout(PATIENCE, permit).await {
            Ok(Ok(permit)) => Ok(response.map(|body| Body::new(Held { body, _permit: permit }))),
            Ok(Err(_)) | Err(_) => {
                metrics::counter!("moim_limited_total", "limit" => "answers").increment(1);
                Err(ApiError::Unavailable("too many large answers are not read yet".to_owned()))
            }
        }
    }
}

/// A body with the memory that it takes.
struct Held {
    body: Body,
    _permit: OwnedSemaphorePermit,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    fn answer(bytes: usize) -> Response {
        Response::new(Body::from(vec![b'x'; bytes]))
    }

    #[tokio::test(start_paused = true)]
    async fn large_answers_wait_until_others_are_read_and_not_without_an_end() {
        let answers = Answers::new(100 << 10);
        let first = answers.hold(answer(80 << 10)).await.unwrap();
        assert!(matches!(answers.hold(answer(40 << 10)).await, Err(ApiError::Unavailable(_))));
        assert!(answers.hold(answer(1 << 10)).await.is_ok(), "a small one");
        assert_eq!(first.body().size_hint().exact(), Some(80 << 10));
        assert_eq!(to_bytes(first.into_body(), usize::MAX).await.unwrap().len(), 80 << 10);
        assert!(answers.hold(answer(40 << 10)).await.is_ok());
        assert!(answers.hold(answer(900 << 10)).await.is_ok(), "alone");
    }
}
