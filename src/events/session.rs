//! What one window has asked for and is owed, without a socket or a clock.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    bucket::Bucket,
    connection::session::{Due, Tenure},
    ids::DocId,
};

/// Rooms that one window may watch.
const MAX_WATCHED: usize = 200;
/// A window hears of a room's people at most once in this time.
const HERE_WINDOW: Duration = Duration::from_secs(1);
/// Requests a second, on average …
const REQUESTS_PER_SECOND: u32 = 20;
/// … of which so much time's worth may come at once.
const BURST: Duration = Duration::from_secs(3);
/// A new ticket is asked for so long before the old one ends, or at half of its life if that is shorter.
const ASK_BEFORE: Duration = Duration::from_secs(60);
/// What was told is looked up again after this time: whoever was to say that there is something new may not
/// have been heard.
const LOOK_AGAIN: Duration = Duration::from_secs(300);

/// What could not be looked up is looked up again after this time.
const RETRY_LOOK: Duration = Duration::from_secs(10);

/// A room that is watched.
#[derive(Debug)]
struct Watched {
    said: usize,
    said_at: Instant,
    /// It may be another number by now.
    is_stale: bool,
}

/// One window.
#[derive(Debug)]
pub(super) struct Session {
    watched: BTreeMap<DocId, Watched>,
    /// The last notice that was sent, once the window has asked for all of them.
    told: Option<u64>,
    /// How far the person had read when that was said last.
    read: u64,
    look_at: Instant,
    /// The last look failed.
    is_blind: bool,
    tenure: Tenure,
    ask_before: Duration,
    budget: Bucket,
}

impl Session {
    /// With a ticket that is good for so long.
    pub(super) fn new(life: Duration, now: Instant) -> Self {
        Self {
            watched: BTreeMap::new(),
            told: None,
            read: 0,
            look_at: now,
            is_blind: false,
            tenure: good(life, now),
            ask_before: ask_before(life),
            budget: Bucket::new(REQUESTS_PER_SECOND, BURST, now),
        }
    }

    /// Spends a request. `false`: there were too many.
    pub(super) fn may_ask(&mut self, now: Instant) -> bool {
        self.budget.spend(1.0, now).is_none()
    }

    /// Whether one more room may be watched, or this one again.
    pub(super) fn may_watch(&self, doc: DocId) -> bool {
        self.watched.len() < MAX_WATCHED || self.watched.contains_key(&doc)
    }

    /// Watches a room; so many people are in it, as is said in the answer.
    pub(super) fn watch(&mut self, doc: DocId, here: usize, now: Instant) {
        self.watched.insert(doc, Watched { said: here, said_at: now, is_stale: false });
    }

    /// Watches it no longer. `false`: did not.
    pub(super) fn unwatch(&mut self, doc: DocId) -> bool {
        self.watched.remove(&doc).is_some()
    }

    /// The rooms that are watched.
    pub(super) fn rooms(&self) -> Vec<DocId> {
        self.watched.keys().copied().collect()
    }

    /// How many people are in a room may have changed; `None`: in any.
    pub(super) fn people_changed(&mut self, doc: Option<DocId>) {
        match doc {
            Some(doc) => {
                if let Some(room) = self.watched.get_mut(&doc) {
                    room.is_stale = true;
                }
            }
            None => self.watched.values_mut().for_each(|room| room.is_stale = true),
        }
    }

    /// Rooms whose people are to be counted now.
    pub(super) fn to_count(&self, now: Instant) -> Vec<DocId> {
        let due = |room: &Watched| room.is_stale && room.said_at + HERE_WINDOW <= now;
        self.watched.iter().filter(|(_, room)| due(room)).map(|(doc, _)| *doc).collect()
    }

    /// They were counted. `true`: it is to be said.
    pub(super) fn counted(&mut self, doc: DocId, here: usize, now: Instant) -> bool {
        let Some(room) = self.watched.get_mut(&doc) else { return false };
        room.is_stale = false;
        if room.said == here {
            return false;
        }
        (room.said, room.said_at) = (here, now);
        true
    }

    /// The window has been sent everything up to this notice, and whether there are more for which it has to ask.
    pub(super) fn answered(&mut self, last: u64, more: bool, read: u64, now: Instant) {
        self.told = (!more).then_some(last);
        self.looked(read, now);
    }

    /// After which notice the window is to be sent more, if it has asked for that.
    pub(super) fn told(&self) -> Option<u64> {
        self.told
    }

    /// A notice is sent.
    pub(super) fn tells(&mut self, seq: u64) {
        self.told = Some(seq);
    }

    /// It was looked up what there is. `true`: how far the person has read is to be said.
    pub(super) fn looked(&mut self, read: u64, now: Instant) -> bool {
        (self.look_at, self.is_blind) = (now + LOOK_AGAIN, false);
        std::mem::replace(&mut self.read, read) != read
    }

    /// It could not be looked up. `true`: the first time since it could.
    pub(super) fn look_failed(&mut self, now: Instant) -> bool {
        self.look_at = now + RETRY_LOOK;
        !std::mem::replace(&mut self.is_blind, true)
    }

    /// Whether to look what there is without having heard of anything.
    pub(super) fn is_to_look(&self, now: Instant) -> bool {
        self.told.is_some() && self.look_at <= now
    }

    /// Goes on with a new ticket, good for so long.
    pub(super) fn renew(&mut self, life: Duration, now: Instant) {
        (self.tenure, self.ask_before) = (good(life, now), ask_before(life));
    }

    /// What is to be done about the ticket (W11); `grace` is how long after its end a new one may come.
    pub(super) fn tick(&mut self, now: Instant, grace: Duration) -> Due {
        self.tenure.tick(now, self.ask_before + grace)
    }

    /// When there is something to do next.
    pub(super) fn deadline(&self) -> Instant {
        let counts = self.watched.values().filter(|room| room.is_stale);
        let counts = counts.map(|room| room.said_at + HERE_WINDOW);
        let look = self.told.map(|_| self.look_at);
        counts.chain(look).fold(self.tenure.deadline(), Instant::min)
    }
}

fn good(life: Duration, now: Instant) -> Tenure {
    Tenure::Good(now + life.saturating_sub(ask_before(life)))
}

fn ask_before(life: Duration) -> Duration {
    ASK_BEFORE.min(life / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DocKind;

    const LIFE: Duration = Duration::from_secs(600);
    const GRACE: Duration = Duration::from_secs(25);

    fn begun() -> (Session, Instant) {
        let now = Instant::now();
        (Session::new(LIFE, now), now)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn people_who_come_and_go_are_said_once_a_second_and_only_if_the_number_is_another() {
        let (mut session, now) = begun();
        let doc = DocId::new(DocKind::Trip);
        session.watch(doc, 1, now);
        session.people_changed(Some(doc));
        assert_eq!(session.to_count(now), []);
        assert_eq!(session.deadline(), now + HERE_WINDOW);
        assert_eq!(session.to_count(now + HERE_WINDOW), [doc]);
        assert!(session.counted(doc, 2, now + HERE_WINDOW));
        session.people_changed(None);
        assert_eq!(session.to_count(now + HERE_WINDOW), []);
        assert!(!session.counted(doc, 2, now + 2 * HERE_WINDOW), "two came and went");
        assert_eq!(session.to_count(now + 9 * HERE_WINDOW), []);
        assert!(session.unwatch(doc) && !session.unwatch(doc));
        assert!(!session.counted(doc, 5, now + 9 * HERE_WINDOW));
    }

    #[test]
    fn a_window_watches_so_many_rooms_and_no_more() {
        let (mut session, now) = begun();
        let docs: Vec<_> = (0..MAX_WATCHED).map(|_| DocId::new(DocKind::Trip)).collect();
        for doc in &docs {
            assert!(session.may_watch(*doc));
            session.watch(*doc, 0, now);
        }
        assert!(session.may_watch(docs[0]) && !session.may_watch(DocId::new(DocKind::Trip)));
    }

    #[test]
    fn a_window_that_has_not_asked_to_the_end_is_told_nothing_by_itself() {
        let (mut session, now) = begun();
        assert_eq!(session.told(), None);
        session.answered(100, true, 0, now);
        assert_eq!(session.told(), None);
        session.answered(120, false, 0, now);
        assert_eq!(session.told(), Some(120));
        assert!(!session.looked(0, now) && session.looked(120, now));
        assert!(!session.is_to_look(now + seconds(299)) && session.is_to_look(now + seconds(300)));
    }

    #[test]
    fn what_could_not_be_looked_up_is_looked_up_soon_and_not_at_once() {
        let (mut session, now) = begun();
        session.answered(3, false, 0, now);
        let later = now + seconds(300);
        assert!(session.is_to_look(later) && session.look_failed(later));
        assert!(!session.is_to_look(later) && session.deadline() == later + seconds(10));
        assert!(session.is_to_look(later + seconds(10)));
        assert!(!session.look_failed(later + seconds(10)), "said once is enough");
        session.looked(0, later + seconds(20));
        assert_eq!(session.deadline(), later + seconds(240), "the ticket's");
        assert!(session.look_failed(later + seconds(30)));
    }

    #[test]
    fn a_new_ticket_is_asked_for_in_time_and_waited_for_until_after_the_end() {
        let (mut session, now) = begun();
        assert_eq!(session.tick(now + seconds(539), GRACE), Due::Nothing);
        assert_eq!(session.tick(now + seconds(540), GRACE), Due::AskForTicket);
        assert_eq!(session.tick(now + seconds(624), GRACE), Due::Nothing);
        assert_eq!(session.tick(now + seconds(625), GRACE), Due::Close);
        session.renew(LIFE, now + seconds(625));
        assert_eq!(session.tick(now + seconds(700), GRACE), Due::Nothing);
    }

    #[test]
    fn a_ticket_of_a_short_life_is_not_asked_for_again_and_again() {
        let (mut session, now) = begun();
        session.renew(seconds(20), now);
        assert_eq!(session.tick(now + seconds(9), GRACE), Due::Nothing);
        assert_eq!(session.tick(now + seconds(10), GRACE), Due::AskForTicket);
        assert_eq!(session.tick(now + seconds(44), GRACE), Due::Nothing);
        assert_eq!(session.tick(now + seconds(45), GRACE), Due::Close);
    }

    #[test]
    fn who_asks_without_end_is_stopped() {
        let (mut session, now) = begun();
        assert!((0..60).all(|_| session.may_ask(now)));
        assert!(!session.may_ask(now));
    }
}
