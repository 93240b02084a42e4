//! Moves frames between one window and what it has asked for until either ends.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::{error::Elapsed, sleep_until, timeout};

use super::{
    frames::{self, Asked, Request, Wrong},
    hub::{News, Place},
    session::Session,
    state::EventsState,
};
use crate::{
    auth::EventsTicket,
    connection::{
        Caller, Meter,
        session::Due,
        socket::{Ending, Gone, close, ending_of, left_until},
        websocket::{Error, Message as Frame, Sink, Stream, WebSocket, send_text},
    },
    ids::{DocId, UserId},
    notify::{Ear, MAX_PAGE, NoticesPage, ReadView},
    protocol::CloseCode,
    store::StoreError,
};

/// Serves a window whose ticket is good.
pub(super) async fn serve(
    state: EventsState,
    websocket: WebSocket,
    caller: &Caller,
    ticket: EventsTicket,
) {
    tracing::info!("connected");
    let meter = websocket.get_ref().meter();
    let (sink, mut stream) = websocket.split();
    let (holds, closing) = (state.connections.holds.clone(), state.connections.closing.clone());
    let mut window = Window::new(state, sink, meter, ticket);
    match window.run(&mut stream).await {
        Ok(code) => {
            tracing::info!(code = code.code(), "closing: {}", code.reason());
            metrics::counter!("moim_closes_total", "reason" => code.reason()).increment(1);
            let Window { mut sink, .. } = window;
            holds.hold(caller, code, &closing).await;
            close(&mut sink, &mut stream, code).await;
        }
        Err(Gone) => tracing::info!("gone"),
    }
}

/// Goes on, or ends.
type Step = Result<ControlFlow<CloseCode>, Gone>;

const GO_ON: Step = Ok(ControlFlow::Continue(()));

/// What there is to do.
enum Happening {
    Said(Option<Result<Frame, Error>>),
    /// There may be something new for the person.
    Woken,
    News(News),
    Due,
}

/// One window. A single task reads and writes: who does not read is read from no more, and nothing waits for it but
/// one frame. What happens meanwhile is looked up once that is written.
struct Window {
    state: EventsState,
    user: UserId,
    sink: Sink,
    meter: Meter,
    session: Session,
    place: Place,
    ear: Ear,
    heard: Instant,
    pinged: Instant,
}

impl Window {
    fn new(state: EventsState, sink: Sink, meter: Meter, ticket: EventsTicket) -> Self {
        let now = Instant::now();
        let user = ticket.user;
        let (place, ear) = (state.hub.enter(user), state.notify.listen(user));
        let session = Session::new(left_until(ticket.expires), now);
        Self { state, user, sink, meter, session, place, ear, heard: now, pinged: now }
    }

    async fn run(&mut self, stream: &mut Stream) -> Ending {
        let closing = self.state.connections.closing.clone();
        loop {
            let deadline = self.deadline();
            let happening = tokio::select! {
                biased;
                () = closing.cancelled() => return Ok(CloseCode::GoingAway),
                said = stream.next() => Happening::Said(said),
                () = self.ear.woken() => Happening::Woken,
                news = self.place.news() => Happening::News(news),
                () = sleep_until(deadline.into()) => Happening::Due,
            };
            // What is due comes before everything else: no flood holds it up.
            if Instant::now() >= deadline
                && let ControlFlow::Break(code) = self.due().await?
            {
                return Ok(code);
            }
            let step = match happening {
                Happening::Said(said) => self.said(said.ok_or(Gone)?).await?,
                Happening::Woken => self.look().await?,
                Happening::News(news) => self.news(news).await?,
                Happening::Due => self.due().await?,
            };
            if let ControlFlow::Break(code) = step {
                return Ok(code);
            }
        }
    }

    fn deadline(&self) -> Instant {
        let every = self.state.connections.limits.ping_every;
        self.session.deadline().min(self.pinged + every).min(self.heard + 2 * every)
    }

    async fn due(&mut self) -> Step {
        let (now, limits) = (Instant::now(), &self.state.connections.limits);
        if now >= self.heard + 2 * limits.ping_every {
            return Err(Gone);
        }
        match self.session.tick(now, limits.token_grace) {
            Due::Nothing => {}
            Due::AskForTicket => return self.say(frames::token_wanted()).await,
            Due::Close => return Ok(ControlFlow::Break(CloseCode::Token)),
        }
        if now >= self.pinged + limits.ping_every {
            self.pinged = now;
            if let ControlFlow::Break(code) = self.say(frames::alive()).await? {
                return Ok(ControlFlow::Break(code));
            }
            return self.send(Frame::Ping(Bytes::new())).await;
        }
        if self.session.is_to_look(now) {
            return self.look().await;
        }
        self.count(now).await
    }

    async fn said(&mut self, frame: Result<Frame, Error>) -> Step {
        let now = Instant::now();
        self.heard = now;
        self.meter.dealt_with();
        let text = match frame {
            Ok(Frame::Text(text)) => text,
            Ok(Frame::Ping(_)) => return self.send_pong(now).await,
            Ok(Frame::Pong(_)) => return self.spend(now),
            Ok(Frame::Binary(_) | Frame::Frame(_)) => {
                return Ok(ControlFlow::Break(CloseCode::Malformed));
            }
            Ok(Frame::Close(_)) => return Err(Gone),
            Err(error) => {
                // Too large is no more than malformed here: no honest request is.
                let code = ending_of(&error)?;
                let is_large = code == CloseCode::TooLarge;
                return Ok(ControlFlow::Break(if is_large { CloseCode::Malformed } else { code }));
            }
        };
        if let ControlFlow::Break(code) = self.spend(now)? {
            return Ok(ControlFlow::Break(code));
        }
        let Ok(Asked { id, request }) = frames::read(&text) else {
            return Ok(ControlFlow::Break(CloseCode::Malformed));
        };
        match request {
            Ok(request) => self.carry_out(id, request).await,
            Err(wrong) => self.say(frames::refused(id, wrong)).await,
        }
    }

    async fn carry_out(&mut self, id: u32, request: Request) -> Step {
        let done = match request {
            Request::Watch(doc) => self.watch(doc).await.map(|here| json!({ "here": here })),
            Request::Unwatch(doc) => {
                self.unwatch(doc);
                Ok(json!({}))
            }
            Request::Notices { after } => return self.answer_notices(id, after).await,
            Request::Read { until } => {
                let read = self.state.notify.mark_read(self.user, until).await;
                read.map(|read| json!(read)).map_err(|error| unavailable(&error))
            }
            Request::Alive => Ok(json!({})),
            Request::Token(token) => match self.renew(&token) {
                Ok(()) => Ok(json!({})),
                Err(code) => return Ok(ControlFlow::Break(code)),
            },
        };
        self.say(match done {
            Ok(ok) => frames::done(id, &ok),
            Err(wrong) => frames::refused(id, wrong),
        })
        .await
    }

    async fn watch(&mut self, doc: DocId) -> Result<usize, Wrong> {
        if !self.session.may_watch(doc) {
            metrics::counter!("moim_limited_total", "limit" => "event_rooms").increment(1);
            return Err(Wrong::TooMany);
        }
        // Before the look: what changes in between is heard.
        self.place.watch(doc);
        match self.may_see(doc).await {
            Ok(true) => {
                let here = self.state.connections.rooms.present(doc);
                self.session.watch(doc, here, Instant::now());
                Ok(here)
            }
            Ok(false) => {
                self.unwatch(doc);
                Err(Wrong::NotFound)
            }
            Err(error) => {
                self.unwatch(doc);
                Err(unavailable(&error))
            }
        }
    }

    fn unwatch(&mut self, doc: DocId) -> bool {
        self.place.unwatch(doc);
        self.session.unwatch(doc)
    }

    async fn may_see(&self, doc: DocId) -> Result<bool, StoreError> {
        let role = self.state.connections.access.role_now(doc, self.user).await?;
        Ok(role.is_some())
    }

    /// W11
    fn renew(&mut self, token: &str) -> Result<(), CloseCode> {
        let ticket = self.state.connections.keys.verify_events_ticket(token, Timestamp::now());
        let ticket = ticket.map_err(|_| CloseCode::Token)?;
        if ticket.user != self.user {
            return Err(CloseCode::Forbidden);
        }
        self.session.renew(left_until(ticket.expires), Instant::now());
        Ok(())
    }

    async fn answer_notices(&mut self, id: u32, after: u64) -> Step {
        let page = match self.state.notify.since(self.user, after, MAX_PAGE).await {
            Ok(page) => page,
            Err(error) => return self.say(frames::refused(id, unavailable(&error))).await,
        };
        // Who asks from beyond the last one hears of the next one all the same.
        let last = page.notices.last().map_or(after.min(page.last), |notice| notice.seq);
        self.session.answered(last, page.more, page.read, Instant::now());
        self.say(frames::done(id, &page)).await
    }

    /// Sends what there is beyond what the window has.
    async fn look(&mut self) -> Step {
        while let Some(after) = self.session.told() {
            let page = match self.state.notify.since(self.user, after, MAX_PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    if self.session.look_failed(Instant::now()) {
                        unavailable(&error);
                    }
                    return GO_ON;
                }
            };
            let NoticesPage { notices, more, unread, read, .. } = page;
            let is_read = self.session.looked(read, Instant::now());
            for notice in &notices {
                self.session.tells(notice.seq);
                if let ControlFlow::Break(code) = self.say(frames::notice(notice, unread)).await? {
                    return Ok(ControlFlow::Break(code));
                }
            }
            if is_read {
                let read = frames::read_elsewhere(&ReadView { unread, read });
                if let ControlFlow::Break(code) = self.say(read).await? {
                    return Ok(ControlFlow::Break(code));
                }
            }
            if !more {
                break;
            }
        }
        GO_ON
    }

    async fn news(&mut self, news: News) -> Step {
        let News { people, all_people, access, all_access } = news;
        people.into_iter().for_each(|doc| self.session.people_changed(Some(doc)));
        if all_people {
            self.session.people_changed(None);
        }
        let doubtful = if all_access { self.session.rooms() } else { access.into_iter().collect() };
        for doc in doubtful {
            if let ControlFlow::Break(code) = self.recheck(doc).await? {
                return Ok(ControlFlow::Break(code));
            }
        }
        self.count(Instant::now()).await
    }

    /// A room that is none of theirs any more is watched no longer, also if that can't be told just now.
    async fn recheck(&mut self, doc: DocId) -> Step {
        let may_see = self.may_see(doc).await.map_err(|error| unavailable(&error));
        if may_see.unwrap_or(false) || !self.unwatch(doc) {
            return GO_ON;
        }
        self.say(frames::unwatched(doc)).await
    }

    async fn count(&mut self, now: Instant) -> Step {
        for doc in self.session.to_count(now) {
            let here = self.state.connections.rooms.present(doc);
            if self.session.counted(doc, here, now)
                && let ControlFlow::Break(code) = self.say(frames::here(doc, here)).await?
            {
                return Ok(ControlFlow::Break(code));
            }
        }
        GO_ON
    }

    /// Whatever is said counts, pings too.
    fn spend(&mut self, now: Instant) -> Step {
        if self.session.may_ask(now) {
            return GO_ON;
        }
        metrics::counter!("moim_limited_total", "limit" => "event_requests").increment(1);
        Ok(ControlFlow::Break(CloseCode::TooMany))
    }

    /// The pong was made where the ping was read. Nothing more is read before it is sent, so that one at most is owed.
    async fn send_pong(&mut self, now: Instant) -> Step {
        match self.spend(now)? {
            ControlFlow::Continue(()) => {
                written(timeout(self.slow_after(), self.sink.flush()).await)
            }
            ControlFlow::Break(code) => Ok(ControlFlow::Break(code)),
        }
    }

    async fn say(&mut self, text: String) -> Step {
        written(timeout(self.slow_after(), send_text(&mut self.sink, text)).await)
    }

    async fn send(&mut self, frame: Frame) -> Step {
        written(timeout(self.slow_after(), self.sink.send(frame)).await)
    }

    fn slow_after(&self) -> Duration {
        self.state.connections.limits.slow_after
    }
}

/// W10: who does not read for long is too slow.
fn written(sent: Result<Result<(), Error>, Elapsed>) -> Step {
    match sent {
        Ok(sent) => sent.map(|()| ControlFlow::Continue(())).map_err(Gone::from),
        Err(_) => Ok(ControlFlow::Break(CloseCode::TooSlow)),
    }
}

fn unavailable(error: &StoreError) -> Wrong {
    tracing::warn!(%error, "a window could not be told what it asked for");
    Wrong::Unavailable
}
