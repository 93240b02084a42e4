//! Moves frames between one WebSocket and its room until either ends.

use std::{
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Error,
    extract::ws::{CloseFrame, Message as Frame, WebSocket},
};
use bytes::Bytes;
use futures_util::{
    FutureExt, SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use jiff::Timestamp;
use tokio::{
    sync::oneshot,
    time::{MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use tracing::Instrument;

use super::{
    Arrivals, ConnectionState,
    session::{Budget, Due, Tenure},
    silence::Silence,
    upgrade::tell_role,
};
use crate::{
    auth::Ticket,
    protocol::{self, CloseCode, Message},
    rooms::{Event, Seat, Waiting},
};

/// The other side gets so long to answer a close frame.
const CLOSE_GRACE: Duration = Duration::from_secs(2);

pub(crate) type Sink = SplitSink<WebSocket, Frame>;
pub(crate) type Stream = SplitStream<WebSocket>;

/// How a connection ends: by our close code, or because the other side is gone.
pub(crate) type Ending = Result<CloseCode, Gone>;

/// The other side has closed, or the network has.
pub(crate) struct Gone;

impl From<Error> for Gone {
    fn from(_: Error) -> Self {
        Self
    }
}

/// Closes a connection that may not come in.
pub(crate) async fn refuse(websocket: WebSocket, code: CloseCode) {
    metrics::counter!("moim_connections_refused_total", "reason" => code.reason()).increment(1);
    let (mut sink, mut stream) = websocket.split();
    close(&mut sink, &mut stream, code).await;
}

/// Serves a connection that has a seat in its room. Reading is a task of its own: what goes out, the far larger
/// part, then wakes and polls nothing but the writing.
pub(super) async fn serve(
    state: ConnectionState,
    websocket: WebSocket,
    ticket: Ticket,
    seat: Seat,
    arrivals: Arrivals,
) {
    metrics::gauge!("moim_connections").increment(1);
    tracing::info!("connected");
    let (mut sink, stream) = websocket.split();
    let seat = Arc::new(seat);
    let reader = Reader::new(state.clone(), ticket, Arc::clone(&seat), arrivals);
    let (stop, stopped) = oneshot::channel();
    let mut reading = state.tasks.spawn(reader.run(stream, stopped).in_current_span());
    let (ending, read) = tokio::select! {
        biased;
        read = &mut reading => (None, read),
        ending = write(&state, &seat, &mut sink) => {
            drop(stop);
            (Some(ending), reading.await)
        }
    };
    // Before the close: the others are not to see somebody who is on the way out.
    drop(seat);
    if let Ok((ended, mut stream)) = read {
        match ending.unwrap_or(ended) {
            Ok(code) => {
                tracing::info!(code = code.code(), "closing: {}", code.reason());
                if code == CloseCode::TooSlow {
                    close_slowly(&state, &mut sink, &mut stream).await;
                } else {
                    close(&mut sink, &mut stream, code).await;
                }
            }
            Err(Gone) => tracing::info!("gone"),
        }
    }
    metrics::gauge!("moim_connections").decrement(1);
}

/// W10: who doesn't read hears why as soon as it does. Only the rest of a frame and the reason wait for it.
async fn close_slowly(state: &ConnectionState, sink: &mut Sink, stream: &mut Stream) {
    metrics::counter!("moim_slow_readers_total").increment(1);
    let until_heard = timeout(2 * state.limits.ping_every, sink.flush());
    if let Some(Ok(Ok(()))) = state.closing.run_until_cancelled(until_heard).await {
        close(sink, stream, CloseCode::TooSlow).await;
    }
}

/// Says why, and waits for the other side to have heard it: what is unread when a socket is dropped resets
/// it, and the reason is lost.
pub(crate) async fn close(sink: &mut Sink, stream: &mut Stream, code: CloseCode) {
    let frame = CloseFrame { code: code.code(), reason: code.reason().into() };
    let goodbye = async {
        sink.send(Frame::Close(Some(frame))).await?;
        while let Some(Ok(_)) = stream.next().await {}
        Ok::<_, Error>(())
    };
    // Whoever does not answer in time, or is gone, has no use for the reason.
    let _ = timeout(CLOSE_GRACE, goodbye).await;
}

/// The reading half.
struct Reader {
    state: ConnectionState,
    ticket: Ticket,
    seat: Arc<Seat>,
    budget: Budget,
    tenure: Tenure,
    /// The first message must be here by then (W12).
    hello: Option<Instant>,
    silence: Silence,
}

impl Reader {
    fn new(state: ConnectionState, ticket: Ticket, seat: Arc<Seat>, arrivals: Arrivals) -> Self {
        let now = Instant::now();
        let silence = Silence::new(arrivals, 2 * state.limits.ping_every, now);
        let tenure = Tenure::Good(now + life_of(&ticket));
        let budget = Budget::new(&state.limits, now);
        let hello = Some(now + state.limits.hello_within);
        Self { state, ticket, seat, budget, tenure, hello, silence }
    }

    /// Reads until the connection ends, the server does, or `stopped` says so; gives the stream back.
    async fn run(mut self, mut stream: Stream, stopped: oneshot::Receiver<()>) -> (Ending, Stream) {
        let closing = self.state.closing.clone();
        let ending = tokio::select! {
            biased;
            ending = self.read(&mut stream) => ending,
            _ = stopped => Err(Gone),
            () = closing.cancelled() => Ok(CloseCode::GoingAway),
        };
        (ending, stream)
    }

    async fn read(&mut self, stream: &mut Stream) -> Ending {
        let alarm = sleep_until(self.deadline().into());
        tokio::pin!(alarm);
        loop {
            tokio::select! {
                biased;
                frame = stream.next() => {
                    let frame = frame.ok_or(Gone)?;
                    if let ControlFlow::Break(code) = self.frame(frame).await? {
                        return Ok(code);
                    }
                }
                () = &mut alarm => {
                    if let ControlFlow::Break(ending) = self.tick(Instant::now()) {
                        return ending;
                    }
                    alarm.as_mut().reset(self.deadline().into());
                }
            }
        }
    }

    fn deadline(&self) -> Instant {
        let silence = self.silence.deadline();
        let hello = self.hello.unwrap_or(silence);
        self.tenure.deadline().min(silence).min(hello)
    }

    fn tick(&mut self, now: Instant) -> ControlFlow<Ending> {
        if self.silence.is_over(now) {
            return ControlFlow::Break(Err(Gone));
        }
        if self.hello.is_some_and(|until| now >= until) {
            metrics::counter!("moim_limited_total", "limit" => "hello_seconds").increment(1);
            return ControlFlow::Break(Ok(CloseCode::TooSlow));
        }
        match self.tenure.tick(now, self.state.limits.token_grace) {
            Due::Nothing => ControlFlow::Continue(()),
            Due::AskForTicket => {
                self.seat.outbox().say(protocol::token_wanted("the ticket has run out"));
                ControlFlow::Continue(())
            }
            Due::Close => ControlFlow::Break(Ok(CloseCode::Token)),
        }
    }

    async fn frame(&mut self, frame: Result<Frame, Error>) -> Result<ControlFlow<CloseCode>, Gone> {
        self.silence.heard(Instant::now());
        let frame = match frame {
            Ok(Frame::Binary(frame)) => frame,
            Ok(Frame::Ping(_) | Frame::Pong(_)) => return Ok(ControlFlow::Continue(())),
            Ok(Frame::Text(_)) => return Ok(ControlFlow::Break(CloseCode::Malformed)),
            Ok(Frame::Close(_)) => return Err(Gone),
            Err(error) => return ending_of(error).map(ControlFlow::Break),
        };
        self.hello = None;
        self.pace(frame.len()).await;
        metrics::counter!("moim_frames_received_total").increment(1);
        self.messages(frame).await
    }

    /// Spends a message, and waits until it is paid for. Nothing more is read meanwhile, so TCP slows the sender
    /// down.
    async fn pace(&mut self, bytes: usize) {
        if let Some((pause, limit)) = self.budget.spend(bytes, Instant::now()) {
            metrics::counter!("moim_throttled_total", "limit" => limit).increment(1);
            sleep(pause).await;
        }
    }

    /// W1
    async fn messages(&mut self, frame: Bytes) -> Result<ControlFlow<CloseCode>, Gone> {
        for (at, message) in protocol::messages(frame).enumerate() {
            // The first one, and the frame's bytes, are paid for.
            if at > 0 {
                self.pace(0).await;
            }
            let message = match message {
                Ok(Message::Token(token)) => match self.renew(&token).await {
                    Ok(()) => continue,
                    Err(code) => return Ok(ControlFlow::Break(code)),
                },
                Ok(Message::Probe) => {
                    self.seat.outbox().answer_probe();
                    continue;
                }
                Ok(message) => message,
                Err(error) => {
                    tracing::info!(%error, "malformed frame");
                    return Ok(ControlFlow::Break(CloseCode::Malformed));
                }
            };
            if self.seat.tell(Event::Received(self.seat.id(), message)).await.is_err() {
                // The room has ended; the outbox knows why.
                return Ok(ControlFlow::Break(CloseCode::Internal));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// W11: goes on with a new ticket, and with the role that the member has now.
    async fn renew(&mut self, token: &str) -> Result<(), CloseCode> {
        let ticket = self.state.keys.verify_ticket(token, Timestamp::now());
        let ticket = ticket.map_err(|_| CloseCode::Token)?;
        if (ticket.user, ticket.doc) != (self.ticket.user, self.ticket.doc) {
            return Err(CloseCode::Forbidden);
        }
        if ticket.epoch != self.ticket.epoch {
            return Err(CloseCode::Epoch);
        }
        tell_role(&self.state, &ticket, &self.seat).await?;
        let life = life_of(&ticket);
        self.tenure = Tenure::Good(Instant::now() + life);
        self.ticket = ticket;
        self.seat.outbox().say(protocol::token_accepted(life.as_secs()));
        Ok(())
    }
}

fn life_of(ticket: &Ticket) -> Duration {
    left_until(ticket.expires)
}

/// How long it is until then; nothing if that is over.
pub(crate) fn left_until(time: Timestamp) -> Duration {
    Duration::try_from(time.duration_since(Timestamp::now())).unwrap_or_default()
}

/// A frame beyond the limit is the client's doing, everything else the network's.
pub(crate) fn ending_of(error: Error) -> Ending {
    use tokio_tungstenite::tungstenite::{
        Error as Cause, error::ProtocolError::ResetWithoutClosingHandshake,
    };
    match error.into_inner().downcast_ref::<Cause>() {
        Some(Cause::Capacity(_)) => {
            metrics::counter!("moim_limited_total", "limit" => "frame_bytes").increment(1);
            Ok(CloseCode::TooLarge)
        }
        // A cable was pulled, or a program killed.
        Some(Cause::Protocol(ResetWithoutClosingHandshake)) => Err(Gone),
        Some(Cause::Protocol(_) | Cause::Utf8(_)) => Ok(CloseCode::Malformed),
        Some(_) | None => Err(Gone),
    }
}

/// The writing half: whatever waits goes out with one flush.
async fn write(state: &ConnectionState, seat: &Seat, sink: &mut Sink) -> Ending {
    let mut ping = interval(state.limits.ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut frames = Vec::new();
    loop {
        tokio::select! {
            biased;
            waiting = seat.outbox().next(&mut frames) => match waiting {
                Waiting::Frames => {
                    if let ControlFlow::Break(code) = flush(state, seat, sink, &mut frames).await? {
                        return Ok(code);
                    }
                }
                Waiting::Behind(from) => {
                    let event = Event::FellBehind(seat.id(), from);
                    if seat.tell(event).await.is_err() {
                        return Ok(CloseCode::Internal);
                    }
                }
                Waiting::Closed(code) => return Ok(code),
            },
            _ = ping.tick() => sink.send(Frame::Ping(Bytes::new())).await?,
        }
    }
}

async fn flush(
    state: &ConnectionState,
    seat: &Seat,
    sink: &mut Sink,
    frames: &mut Vec<Bytes>,
) -> Result<ControlFlow<CloseCode>, Gone> {
    metrics::counter!("moim_frames_sent_total").increment(frames.len() as u64);
    let writing = async {
        for frame in frames.drain(..) {
            sink.feed(Frame::Binary(frame)).await?;
        }
        sink.flush().await
    };
    tokio::pin!(writing);
    // Mostly the kernel takes it at once, and no timer is needed.
    if let Some(written) = writing.as_mut().now_or_never() {
        written?;
        return Ok(ControlFlow::Continue(()));
    }
    loop {
        tokio::select! {
            biased;
            written = &mut writing => {
                written?;
                return Ok(ControlFlow::Continue(()));
            }
            // W10
            () = sleep(state.limits.slow_after) => {
                if seat.outbox().is_behind() {
                    return Ok(ControlFlow::Break(CloseCode::TooSlow));
                }
            }
        }
    }
}
