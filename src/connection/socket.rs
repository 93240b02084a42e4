//! Moves frames between one WebSocket and its room until either ends.

use std::{
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use jiff::Timestamp;
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use tracing::Instrument;

use super::{
    holds::Caller,
    metered::Meter,
    role::tell_role,
    session::{Budget, Due, Tenure},
    silence::{Arrivals, Silence},
    state::ConnectionState,
    websocket::{
        CloseFrame, Error, Message as Frame, ProtocolError, Sink, Stream, WebSocket, feed_binary,
    },
};
use crate::{
    auth::Ticket,
    protocol::{self, CloseCode, Message, Messages},
    rooms::{Acks, Permit, Said, Seat, Waiting},
};

/// The other side gets so long to answer a close frame.
const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// How a connection ends: by our close code, or because the other side is gone.
pub(crate) type Ending = Result<CloseCode, Gone>;

/// The other side has closed, or the network has.
pub(crate) struct Gone;

impl From<Error> for Gone {
    fn from(_: Error) -> Self {
        Self
    }
}

/// Who is answered: asks the writing half to send a pong, and learns that it is sent.
type Pong = oneshot::Sender<()>;

/// Closes a connection that may not come in.
pub(crate) async fn refuse(
    state: &ConnectionState,
    websocket: WebSocket,
    caller: &Caller,
    code: CloseCode,
) {
    metrics::counter!("moim_connections_refused_total", "reason" => code.reason()).increment(1);
    let (mut sink, mut stream) = websocket.split();
    state.holds.hold(caller, code, &state.closing).await;
    close(&mut sink, &mut stream, code).await;
}

/// Serves a connection that has a seat in its room. Reading is a task of its own: what goes out, the far larger
/// part, then wakes and polls nothing but the writing.
pub(super) async fn serve(
    state: ConnectionState,
    websocket: WebSocket,
    caller: &Caller,
    admitted: Admitted,
) {
    metrics::gauge!("moim_connections").increment(1);
    tracing::info!("connected");
    let meter = websocket.get_ref().meter();
    let (mut sink, stream) = websocket.split();
    let Admitted { ticket, seat, acks, arrivals } = admitted;
    let seat = Arc::new(seat);
    // One at most is owed: nothing is read until it is sent.
    let (answer, mut pongs) = mpsc::channel(1);
    let ends = (meter, answer);
    let reader = Reader::new(state.clone(), ticket, acks, Arc::clone(&seat), ends, arrivals);
    let (stop, stopped) = oneshot::channel();
    let mut reading = state.tasks.spawn(reader.run(stream, stopped).in_current_span());
    let (ending, read) = tokio::select! {
        biased;
        read = &mut reading => (None, read),
        ending = write(&state, &seat, &mut sink, &mut pongs) => {
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
                    state.holds.hold(caller, code, &state.closing).await;
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
    let frame = CloseFrame { code: code.code().into(), reason: code.reason().into() };
    let goodbye = async {
        sink.send(Frame::Close(Some(frame))).await?;
        while let Some(Ok(_)) = stream.next().await {}
        Ok::<_, Error>(())
    };
    // Whoever does not answer in time, or is gone, has no use for the reason.
    let _ = timeout(CLOSE_GRACE, goodbye).await;
}

/// Who was let in.
pub(super) struct Admitted {
    pub(super) ticket: Ticket,
    pub(super) seat: Seat,
    pub(super) acks: Acks,
    pub(super) arrivals: Arrivals,
}

/// The reading half.
struct Reader {
    state: ConnectionState,
    ticket: Ticket,
    acks: Acks,
    seat: Arc<Seat>,
    budget: Budget,
    tenure: Tenure,
    /// The first message must be here by then (W12).
    hello: Option<Instant>,
    silence: Silence,
    /// What was read is paid for then. Nothing more is read before, so that TCP slows the sender down.
    paid: Option<Instant>,
    /// What the last frame still holds (W1).
    rest: Option<Messages>,
    meter: Meter,
    answer: mpsc::Sender<Pong>,
    /// The pong that is not sent yet.
    owed: Option<oneshot::Receiver<()>>,
}

/// What the reading half goes on with.
enum Happening<'a> {
    Due,
    /// The room takes one more message.
    Turn(Option<Permit<'a>>),
    Frame(Option<Result<Frame, Error>>),
}

impl Reader {
    fn new(
        state: ConnectionState,
        ticket: Ticket,
        acks: Acks,
        seat: Arc<Seat>,
        (meter, answer): (Meter, mpsc::Sender<Pong>),
        arrivals: Arrivals,
    ) -> Self {
        let now = Instant::now();
        let silence = Silence::new(arrivals, 2 * state.limits.ping_every, now);
        let tenure = Tenure::Good(now + life_of(&ticket));
        let budget = Budget::new(&state.limits, now);
        let hello = Some(now + state.limits.hello_within);
        let (paid, rest, owed) = (None, None, None);
        Self {
            state,
            ticket,
            acks,
            seat,
            budget,
            tenure,
            hello,
            silence,
            paid,
            rest,
            meter,
            answer,
            owed,
        }
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

    /// The alarm comes before everything else: neither a flood nor a frame with many messages holds it up.
    async fn read(&mut self, stream: &mut Stream) -> Ending {
        let seat = Arc::clone(&self.seat);
        let alarm = sleep_until(self.deadline().into());
        tokio::pin!(alarm);
        loop {
            let happening = tokio::select! {
                biased;
                () = &mut alarm => Happening::Due,
                happening = self.next(&seat, stream) => happening,
            };
            match happening {
                Happening::Due => {
                    if let ControlFlow::Break(ending) = self.tick(Instant::now()) {
                        return ending;
                    }
                    alarm.as_mut().reset(self.deadline().into());
                }
                Happening::Turn(permit) => {
                    // Without one the room has ended; the outbox knows why.
                    let Some(permit) = permit else { return Ok(CloseCode::Internal) };
                    if let ControlFlow::Break(code) = self.message(permit).await {
                        return Ok(code);
                    }
                }
                Happening::Frame(frame) => {
                    if let ControlFlow::Break(code) = self.frame(frame.ok_or(Gone)?)? {
                        return Ok(code);
                    }
                }
            }
        }
    }

    /// Waits for the next thing to do. Cancel-safe.
    async fn next<'a>(&mut self, seat: &'a Seat, stream: &mut Stream) -> Happening<'a> {
        if let Some(paid) = self.paid {
            sleep_until(paid.into()).await;
            self.paid = None;
        }
        if let Some(sent) = &mut self.owed {
            // An error: the writing half has ended, and so will this one.
            let _ = sent.await;
            self.owed = None;
        }
        if self.rest.is_some() {
            Happening::Turn(seat.ready().await.ok())
        } else {
            Happening::Frame(stream.next().await)
        }
    }

    /// Whether it is not the other side's turn to say something.
    fn is_busy(&self) -> bool {
        self.rest.is_some() || self.paid.is_some()
    }

    fn deadline(&self) -> Instant {
        let silence = self.silence.deadline();
        let hello = self.hello.unwrap_or(silence);
        self.tenure.deadline().min(silence).min(hello)
    }

    fn tick(&mut self, now: Instant) -> ControlFlow<Ending> {
        if self.is_busy() {
            self.silence.heard(now);
        }
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
                // Stock clients can't renew: some take this for a permission, and trip over its text.
                if self.acks == Acks::Counted {
                    self.seat.outbox().say(protocol::token_wanted("the ticket has run out"));
                }
                ControlFlow::Continue(())
            }
            Due::Close => ControlFlow::Break(Ok(CloseCode::Token)),
        }
    }

    fn frame(&mut self, frame: Result<Frame, Error>) -> Result<ControlFlow<CloseCode>, Gone> {
        self.silence.heard(Instant::now());
        let frame = match frame {
            Ok(Frame::Binary(frame)) => frame,
            Ok(Frame::Ping(said)) => {
                self.pay(said.len());
                self.owe_pong();
                return Ok(ControlFlow::Continue(()));
            }
            Ok(Frame::Pong(said)) => {
                self.pay(said.len());
                return Ok(ControlFlow::Continue(()));
            }
            Ok(Frame::Text(_) | Frame::Frame(_)) => {
                return Ok(ControlFlow::Break(CloseCode::Malformed));
            }
            Ok(Frame::Close(_)) => return Err(Gone),
            // Others take the memory that the rest of the frame would need.
            Err(_) if self.meter.is_refused() => {
                metrics::counter!("moim_limited_total", "limit" => "memory_mb").increment(1);
                return Ok(ControlFlow::Break(CloseCode::TryAgainLater));
            }
            Err(error) => return ending_of(&error).map(ControlFlow::Break),
        };
        self.hello = None;
        // The first message, and the frame's bytes.
        self.pay(frame.len());
        metrics::counter!("moim_frames_received_total").increment(1);
        self.rest = Some(protocol::messages(frame)).filter(|messages| !messages.is_over());
        Ok(ControlFlow::Continue(()))
    }

    /// Spends a message; what is beyond the rate is paid for later.
    fn pay(&mut self, bytes: usize) {
        let now = Instant::now();
        if let Some((pause, limit)) = self.budget.spend(bytes, now) {
            metrics::counter!("moim_throttled_total", "limit" => limit).increment(1);
            self.paid = Some(now + pause);
        }
    }

    /// The pong itself is made where the ping was read; it goes out with the next flush.
    fn owe_pong(&mut self) {
        let (done, sent) = oneshot::channel();
        if self.answer.try_send(done).is_ok() {
            self.owed = Some(sent);
        }
    }

    /// The next message of the frame.
    async fn message(&mut self, permit: Permit<'_>) -> ControlFlow<CloseCode> {
        let Some(messages) = &mut self.rest else { return ControlFlow::Continue(()) };
        let message = messages.next();
        if messages.is_over() {
            self.rest = None;
            self.meter.dealt_with();
        } else {
            self.pay(0);
        }
        match message {
            Some(Ok(Message::Token(token))) => {
                drop(permit);
                match self.renew(&token).await {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(code) => ControlFlow::Break(code),
                }
            }
            Some(Ok(Message::Probe)) => {
                self.seat.outbox().answer_probe();
                ControlFlow::Continue(())
            }
            Some(Ok(message)) => {
                permit.tell(Said::Message(message));
                ControlFlow::Continue(())
            }
            Some(Err(error)) => {
                tracing::info!(%error, "malformed frame");
                ControlFlow::Break(CloseCode::Malformed)
            }
            None => ControlFlow::Continue(()),
        }
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
        let told =
            timeout(self.state.limits.token_grace, tell_role(&self.state, &ticket, &self.seat));
        told.await.map_err(|_| CloseCode::TryAgainLater)??;
        let life = life_of(&ticket);
        self.tenure = Tenure::Good(Instant::now() + life);
        self.ticket = ticket;
        if self.acks == Acks::Counted {
            self.seat.outbox().say(protocol::token_accepted(life.as_secs()));
        }
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
pub(crate) fn ending_of(error: &Error) -> Ending {
    if matches!(error, Error::Capacity(_)) {
        metrics::counter!("moim_limited_total", "limit" => "frame_bytes").increment(1);
        return Ok(CloseCode::TooLarge);
    }
    // A cable was pulled, or a program killed.
    let is_cut = matches!(error, Error::Protocol(ProtocolError::ResetWithoutClosingHandshake));
    let is_wrong = matches!(error, Error::Protocol(_) | Error::Utf8(_));
    if is_wrong && !is_cut { Ok(CloseCode::Malformed) } else { Err(Gone) }
}

/// The writing half: whatever waits goes out with one flush.
async fn write(
    state: &ConnectionState,
    seat: &Seat,
    sink: &mut Sink,
    pongs: &mut mpsc::Receiver<Pong>,
) -> Ending {
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
                    if seat.tell(Said::FellBehind(from)).await.is_err() {
                        return Ok(CloseCode::Internal);
                    }
                }
                Waiting::Closed(code) => return Ok(code),
            },
            Some(sent) = pongs.recv() => {
                if let ControlFlow::Break(code) = flush(state, seat, sink, &mut frames).await? {
                    return Ok(code);
                }
                // Who asked may have ended.
                let _ = sent.send(());
            }
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
            feed_binary(sink, frame).await?;
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
