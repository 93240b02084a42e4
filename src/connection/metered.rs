//! What a client has sent of a frame that is not whole yet, reckoned: a large frame may come slowly, from many at once.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::documents::Share;

/// A connection whose unread bytes are reckoned.
#[derive(Debug)]
pub(crate) struct Metered<S> {
    inner: S,
    meter: Meter,
}

/// What came since the last frame was dealt with.
#[derive(Debug, Clone)]
pub(crate) struct Meter(Arc<Mutex<Unread>>);

#[derive(Debug)]
struct Unread {
    bytes: usize,
    share: Share,
    /// What the connection takes without any of this, and how much of a frame is in that.
    base: usize,
    free: usize,
    is_refused: bool,
}

impl<S> Metered<S> {
    /// With a share for the connection itself, of which so much may be used for what comes in.
    pub(super) fn new(inner: S, share: Share, free: usize) -> Self {
        let (bytes, base) = (0, share.bytes());
        let unread = Unread { bytes, share, base, free, is_refused: false };
        Self { inner, meter: Meter(Arc::new(Mutex::new(unread))) }
    }

    /// To say when a frame was dealt with.
    pub(crate) fn meter(&self) -> Meter {
        self.meter.clone()
    }
}

impl Meter {
    /// What came so far was dealt with.
    pub(crate) fn dealt_with(&self) {
        let mut unread = self.lock();
        let base = unread.base;
        unread.bytes = 0;
        unread.share.shrink(base);
    }

    /// Whether there was no memory for what came.
    pub(crate) fn is_refused(&self) -> bool {
        self.lock().is_refused
    }

    fn came(&self, bytes: usize) -> io::Result<()> {
        let mut unread = self.lock();
        unread.bytes += bytes;
        let needed = unread.base + unread.bytes.saturating_sub(unread.free);
        let has = unread.share.bytes();
        if needed > has && !unread.share.grow(needed - has) {
            unread.is_refused = true;
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Unread> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, into))?;
        Poll::Ready(self.meter.came(into.filled().len() - before))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::documents::Memory;

    #[tokio::test]
    async fn what_comes_of_a_frame_is_reckoned_until_it_is_dealt_with() {
        let memory = Memory::new(10_000);
        let (mut client, server) = duplex(64);
        let mut server = Metered::new(server, memory.take(1_000).unwrap(), 500);
        let meter = server.meter();
        let mut read = async |bytes: usize| {
            client.write_all(&vec![7; bytes.min(64)]).await.unwrap();
            server.read(&mut vec![0; bytes]).await
        };
        for _ in 0..100 {
            assert_eq!(read(50).await.unwrap(), 50);
        }
        assert!(memory.take(5_000).is_none() && memory.take(4_000).is_some());
        meter.dealt_with();
        let others = memory.take(8_800).unwrap();
        for _ in 0..14 {
            assert_eq!(read(50).await.unwrap(), 50);
        }
        assert!(read(50).await.is_err() && meter.is_refused());
        drop((others, server, meter));
        assert!(memory.take(10_000).is_some());
    }
}
