//! Deeds about the same thing in quick succession: the first is told at once, of the others what comes of them in the
//! end. Pure; who keeps it reads the clock.

use std::{
    collections::{HashMap, hash_map::Entry},
    time::{Duration, Instant},
};

use super::rules::Deed;
use crate::ids::{DocId, UserId};

/// What comes of several deeds is told once nothing more has come for so long …
pub(super) const QUIET: Duration = Duration::from_secs(10);
/// … or after so long, if more keeps coming.
pub(super) const LONGEST_HOLD: Duration = Duration::from_secs(60);
/// Things that are remembered at once. A deed about one more is told at once, and so is the next about it.
const MOST: usize = 10_000;

/// What a deed is about: of several about the same only the last counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// Whether a trip is in the trash.
    Trash(DocId),
    /// What a member may do.
    Role(DocId, UserId),
    /// That a member is out.
    Removal(DocId, UserId),
    /// Whether somebody is in by their own will.
    Coming(DocId, UserId),
    /// A document that is what it was in a version.
    Restored(DocId),
    /// A document that began anew.
    Anew(DocId),
}

impl Topic {
    fn of(trip: DocId, by: UserId, deed: Deed) -> Self {
        match deed {
            Deed::Trashed | Deed::Untrashed => Self::Trash(trip),
            Deed::RoleChanged(user, _) => Self::Role(trip, user),
            Deed::Removed(user) => Self::Removal(trip, user),
            Deed::Joined(_) | Deed::Left => Self::Coming(trip, by),
            Deed::VersionRestored => Self::Restored(trip),
            Deed::BeganAnew => Self::Anew(trip),
        }
    }
}

/// Somebody did this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) trip: DocId,
    pub(super) by: UserId,
    pub(super) deed: Deed,
}

/// What is to become of a deed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Noted {
    /// It is told, and somebody has to ask what is due about this from now on.
    First(Topic),
    /// It is told.
    Told,
    /// It is told later, if it is news then.
    Held,
}

/// What is to be done about a thing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due<N> {
    /// Nothing before this.
    Wait(Instant),
    /// This is told, and what is due afterwards is asked again.
    Tell(N),
    /// Nothing any more.
    Over,
}

/// The things about which something was done just now. `N` is what there is to tell.
#[derive(Debug)]
pub(super) struct Bursts<N>(HashMap<Topic, Burst<N>>);

#[derive(Debug)]
struct Burst<N> {
    /// The last that was told.
    told: Done,
    held: Option<Held<N>>,
    /// Of the last deed, told or held.
    last: Instant,
}

#[derive(Debug)]
struct Held<N> {
    done: Done,
    news: N,
    since: Instant,
    /// Others did something meanwhile: who did that knows less than everybody else.
    by_several: bool,
}

impl<N> Default for Bursts<N> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<N> Bursts<N> {
    /// Takes a deed. What there is to tell is returned unless it is held.
    pub(super) fn note(&mut self, done: Done, news: N, now: Instant) -> (Noted, Option<N>) {
        let topic = Topic::of(done.trip, done.by, done.deed);
        self.forget_role_of_who_is_out(done);
        let is_full = self.0.len() >= MOST;
        match self.0.entry(topic) {
            Entry::Vacant(_) if is_full => (Noted::Told, Some(news)),
            Entry::Vacant(new) => {
                new.insert(Burst { told: done, held: None, last: now });
                (Noted::First(topic), Some(news))
            }
            Entry::Occupied(mut known) => {
                let burst = known.get_mut();
                let before = burst.held.take();
                let others = |held: &Held<N>| held.by_several || held.done.by != done.by;
                let by_several = burst.told.by != done.by || before.as_ref().is_some_and(others);
                let since = before.map_or(now, |held| held.since);
                burst.held = Some(Held { done, news, since, by_several });
                burst.last = now;
                (Noted::Held, None)
            }
        }
    }

    /// Which role somebody has who is out is no news any more.
    fn forget_role_of_who_is_out(&mut self, Done { trip, by, deed }: Done) {
        let user = match deed {
            Deed::Removed(user) => user,
            Deed::Left => by,
            Deed::Joined(_)
            | Deed::RoleChanged(..)
            | Deed::Trashed
            | Deed::Untrashed
            | Deed::VersionRestored
            | Deed::BeganAnew => return,
        };
        if let Some(burst) = self.0.get_mut(&Topic::Role(trip, user)) {
            burst.held = None;
        }
    }

    /// What is due about a thing now; all that is held if no more time is left.
    pub(super) fn due(&mut self, topic: Topic, now: Instant, is_last: bool) -> Due<N> {
        let Some(burst) = self.0.get_mut(&topic) else { return Due::Over };
        let quiet = burst.last + QUIET;
        let until = burst.held.as_ref().map_or(quiet, |held| quiet.min(held.since + LONGEST_HOLD));
        if now < until && !is_last {
            return Due::Wait(until);
        }
        let Some(Held { done, news, by_several, .. }) = burst.held.take() else {
            self.0.remove(&topic);
            return Due::Over;
        };
        let is_news = by_several || done.deed != burst.told.deed;
        burst.told = done;
        if is_news {
            return Due::Tell(news);
        }
        if now < quiet && !is_last {
            return Due::Wait(quiet);
        }
        self.0.remove(&topic);
        Due::Over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{DocKind, Role};

    struct Play {
        bursts: Bursts<Deed>,
        trip: DocId,
        now: Instant,
        topic: Option<Topic>,
        told: Vec<Deed>,
    }

    impl Play {
        fn new() -> Self {
            let (trip, now) = (DocId::new(DocKind::Trip), Instant::now());
            Self { bursts: Bursts::default(), trip, now, topic: None, told: Vec::new() }
        }

        fn does(&mut self, by: UserId, deed: Deed) {
            let done = Done { trip: self.trip, by, deed };
            let (noted, news) = self.bursts.note(done, deed, self.now);
            self.told.extend(news);
            if let Noted::First(topic) = noted {
                self.topic = Some(topic);
            }
        }

        /// Lets time pass, as who asks what is due would.
        fn pass(&mut self, seconds: u64) {
            let until = self.now + Duration::from_secs(seconds);
            while let Some(topic) = self.topic {
                match self.bursts.due(topic, self.now, false) {
                    Due::Wait(at) if at > until => break,
                    Due::Wait(at) => self.now = at,
                    Due::Tell(deed) => self.told.push(deed),
                    Due::Over => self.topic = None,
                }
            }
            self.now = until;
        }
    }

    #[test]
    fn thirty_times_into_the_trash_and_out_are_one_notice_or_two() {
        let owner = UserId::new();
        for (last, expected) in [
            (Deed::Trashed, vec![Deed::Trashed]),
            (Deed::Untrashed, vec![Deed::Trashed, Deed::Untrashed]),
        ] {
            let mut play = Play::new();
            for _ in 0..30 {
                play.does(owner, Deed::Trashed);
                play.pass(1);
                play.does(owner, Deed::Untrashed);
                play.pass(1);
            }
            if last == Deed::Trashed {
                play.does(owner, Deed::Trashed);
            }
            let at_once = play.told.clone();
            assert_eq!(at_once[0], Deed::Trashed, "without delay");
            play.pass(100);
            // Over a minute of it, what is known is said in between.
            assert!(play.told.len() <= expected.len() + 1, "{:?}", play.told);
            assert_eq!(play.told.last(), expected.last());
            assert!(play.bursts.0.is_empty(), "it is not remembered for ever");
        }
    }

    #[test]
    fn what_comes_to_the_same_in_the_end_is_no_news() {
        let (owner, jun) = (UserId::new(), UserId::new());
        let mut play = Play::new();
        let role = |role| Deed::RoleChanged(jun, role);
        for to in [Role::Viewer, Role::Editor, Role::Viewer, Role::Owner, Role::Viewer] {
            play.does(owner, role(to));
        }
        play.pass(20);
        assert_eq!(play.told, [role(Role::Viewer)]);
        play.does(owner, role(Role::Editor));
        assert_eq!(play.told.len(), 2, "after a while it is told at once again");
    }

    #[test]
    fn who_is_taken_out_hears_it_at_once_and_nothing_of_roles_afterwards() {
        let (owner, jun) = (UserId::new(), UserId::new());
        let mut play = Play::new();
        let topic = Topic::Role(play.trip, jun);
        play.does(owner, Deed::RoleChanged(jun, Role::Viewer));
        play.does(owner, Deed::RoleChanged(jun, Role::Editor));
        play.does(owner, Deed::Removed(jun));
        let expected = [Deed::RoleChanged(jun, Role::Viewer), Deed::Removed(jun)];
        assert_eq!(play.told, expected);
        play.topic = Some(topic);
        play.pass(20);
        assert_eq!(play.told, expected);
    }

    #[test]
    fn who_took_part_hears_what_another_made_of_it() {
        let (one, other) = (UserId::new(), UserId::new());
        let mut play = Play::new();
        play.does(one, Deed::Trashed);
        play.does(other, Deed::Untrashed);
        // The others know as much already; who took it out does not.
        play.does(one, Deed::Trashed);
        play.pass(20);
        assert_eq!(play.told, [Deed::Trashed, Deed::Trashed]);
    }

    #[test]
    fn different_things_do_not_wait_for_each_other() {
        let (owner, jun) = (UserId::new(), UserId::new());
        let mut play = Play::new();
        let all = [
            Deed::Trashed,
            Deed::RoleChanged(jun, Role::Viewer),
            Deed::RoleChanged(owner, Role::Editor),
            Deed::VersionRestored,
            Deed::BeganAnew,
            Deed::Joined(Role::Viewer),
        ];
        all.into_iter().for_each(|deed| play.does(owner, deed));
        assert_eq!(play.told, all);
    }

    #[test]
    fn at_the_end_everything_is_told_and_of_too_many_all() {
        let owner = UserId::new();
        let (mut bursts, now) = (Bursts::default(), Instant::now());
        let trip = DocId::new(DocKind::Trip);
        let done = |deed| Done { trip, by: owner, deed };
        let (Noted::First(topic), Some(())) = bursts.note(done(Deed::Trashed), (), now) else {
            panic!("it was not told");
        };
        assert_eq!(bursts.note(done(Deed::Untrashed), (), now), (Noted::Held, None));
        assert_eq!(bursts.due(topic, now, true), Due::Tell(()));
        assert_eq!(bursts.due(topic, now, true), Due::Over);
        for _ in 0..MOST {
            let other = Done { trip: DocId::new(DocKind::Trip), ..done(Deed::Trashed) };
            assert!(matches!(bursts.note(other, (), now), (Noted::First(_), Some(()))));
        }
        for _ in 0..2 {
            assert_eq!(bursts.note(done(Deed::Trashed), (), now), (Noted::Told, Some(())));
        }
    }
}
