//! Takes connections in and serves them: how many at once, how long a request's head may take, and how they end.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{ConnectInfo, Request},
    response::Response,
};
use bytes::Bytes;
use hyper::{
    body::{Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use super::files::connections_that_fit;
use crate::connection::Arrivals;

/// The head of a request, and what is read or written of a body at a time, in bytes.
const MAX_BUFFER: usize = 16 * 1024;
/// A connection on which no byte moves for so long is closed. Longer than proxies keep idle ones, so that they,
/// not we, end those: a request that meets the end of its connection fails.
const IDLE: Duration = Duration::from_secs(150);
/// After the system refused a connection, mostly because no more files may be open.
const PAUSE: Duration = Duration::from_millis(200);

/// What visitors may take before they have said anything sensible.
#[derive(Debug, Clone, Copy)]
pub struct DoorLimits {
    /// Connections at once, document sockets included. Who is too many is hung up on.
    pub connections: usize,
    /// Within this time the head of a request must be here.
    pub head_within: Duration,
    /// Requests that are being answered when the server stops may take so long.
    pub answer_within: Duration,
}

/// Serves until `stop`, and then what is being answered. Who says nothing is not waited for.
pub async fn serve(
    listener: &TcpListener,
    router: Router,
    limits: DoorLimits,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(most(limits.connections)));
    let tasks = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((socket, peer)) => match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => {
                    let (router, stop) = (router.clone(), stop.clone());
                    tasks.spawn(connection(socket, peer, place, router, limits, stop));
                }
                Err(_) => {
                    metrics::counter!("moim_limited_total", "limit" => "connections").increment(1);
                }
            },
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "can't accept connections");
                sleep(PAUSE).await;
            }
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// What was set, or what the system has files for.
fn most(connections: usize) -> usize {
    let fit = connections_that_fit().filter(|fit| *fit < connections);
    if let Some(fit) = fit {
        tracing::warn!(connections, fit, "too few open files are allowed: raise `ulimit -n`");
    }
    fit.unwrap_or(connections).min(Semaphore::MAX_PERMITS)
}

/// It had ended before it was accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn connection(
    socket: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    router: Router,
    limits: DoorLimits,
    stop: CancellationToken,
) {
    // An edit is a small frame that somebody waits for.
    let _ = socket.set_nodelay(true);
    let progress = Arc::new(Progress::default());
    let arrivals = Arrivals::default();
    let socket = Watched {
        socket,
        progress: Arc::clone(&progress),
        arrivals: arrivals.clone(),
        _place: Place::new(place),
    };
    let seen = Arc::clone(&progress);
    let service = service_fn(move |request: Request<Incoming>| {
        let answering = Answering::new(Arc::clone(&seen));
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(arrivals.clone());
        let answer = router.clone().call(request);
        async move { Ok::<_, Infallible>(answering.until_sent(answer.await?)) }
    });
    let http = http1::Builder::new()
        .max_buf_size(MAX_BUFFER)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut http = pin!(http);
    let mut stop = pin!(stop.cancelled());
    let mut patience = Patience::new(progress, limits);
    poll_fn(|cx| {
        loop {
            // It has ended, or has become a WebSocket, which lives on by itself.
            if http.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if patience.stopped.is_some() || stop.as_mut().poll(cx).is_pending() {
                return patience.poll(cx);
            }
            if patience.progress.phase() == NEW {
                return Poll::Ready(());
            }
            http.as_mut().graceful_shutdown();
            patience.stopped = Some(Instant::now());
        }
    })
    .await;
}

/// Where a connection stands, told by its socket and its requests and looked at between their turns.
#[derive(Debug, Default)]
struct Progress {
    phase: AtomicU8,
    /// Bytes came or went since this was last looked at.
    moved: AtomicBool,
}

/// The head of the first request is awaited.
const NEW: u8 = 0;
/// Some of the head of a later request is here.
const HEAD: u8 = 1;
/// A request is being answered.
const ANSWERING: u8 = 2;
/// Another request may come.
const BETWEEN: u8 = 3;

impl Progress {
    fn phase(&self) -> u8 {
        self.phase.load(Ordering::Relaxed)
    }

    fn read(&self) {
        self.moved.store(true, Ordering::Relaxed);
        if self.phase() == BETWEEN {
            self.phase.store(HEAD, Ordering::Relaxed);
        }
    }

    fn written(&self) {
        self.moved.store(true, Ordering::Relaxed);
    }
}

/// How long a connection may go on as it does.
struct Patience {
    progress: Arc<Progress>,
    limits: DoorLimits,
    head_until: Option<Instant>,
    idle_until: Instant,
    stopped: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl Patience {
    fn new(progress: Arc<Progress>, limits: DoorLimits) -> Self {
        let now = Instant::now();
        let head_until = now + limits.head_within;
        Self {
            progress,
            limits,
            head_until: Some(head_until),
            idle_until: now + IDLE,
            stopped: None,
            alarm: Box::pin(sleep_until(head_until)),
        }
    }

    /// Ready when it has come to an end.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline(Instant::now());
        if deadline != self.alarm.deadline() {
            self.alarm.as_mut().reset(deadline);
        }
        ready!(self.alarm.as_mut().poll(cx));
        if self.head_until == Some(deadline) {
            metrics::counter!("moim_limited_total", "limit" => "header_seconds").increment(1);
        }
        Poll::Ready(())
    }

    fn deadline(&mut self, now: Instant) -> Instant {
        if self.progress.moved.swap(false, Ordering::Relaxed) {
            self.idle_until = now + IDLE;
        }
        let in_head = matches!(self.progress.phase(), NEW | HEAD);
        let head_within = self.limits.head_within;
        self.head_until = in_head.then(|| self.head_until.unwrap_or(now + head_within));
        let stopped = self.stopped.map(|since| since + self.limits.answer_within);
        [self.head_until, stopped].into_iter().flatten().fold(self.idle_until, Instant::min)
    }
}

/// A request from its head to the last of its answer.
struct Answering(Arc<Progress>);

impl Answering {
    fn new(progress: Arc<Progress>) -> Self {
        progress.phase.store(ANSWERING, Ordering::Relaxed);
        Self(progress)
    }

    fn until_sent(self, response: Response) -> Response {
        response.map(|body| Body::new(Answer { body, _answering: self }))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.phase.store(BETWEEN, Ordering::Relaxed);
    }
}

/// A body that is dropped when all of it is on its way.
struct Answer {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Answer {
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

/// A counted connection.
struct Place(OwnedSemaphorePermit);

impl Place {
    fn new(permit: OwnedSemaphorePermit) -> Self {
        metrics::gauge!("moim_tcp_connections").increment(1);
        Self(permit)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        debug_assert_eq!(self.0.num_permits(), 1, "one connection, one place");
        metrics::gauge!("moim_tcp_connections").decrement(1);
    }
}

/// A socket that tells when bytes move, and keeps its place for as long as it is open: through the upgrade, too.
struct Watched {
    socket: TcpStream,
    progress: Arc<Progress>,
    arrivals: Arrivals,
    _place: Place,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        let more = buffer.filled().len() - before;
        if more > 0 {
            self.progress.read();
            self.arrivals.add(more);
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        if written.is_ready() {
            self.progress.written();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, pieces);
        if written.is_ready() {
            self.progress.written();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}
