//! What people are told of what others did: kept in the store, and told at once to who listens, on whichever node.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::sleep_until;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    ids::{DocId, UserId},
    store::{self, Accounts, NewNotice, Notice, Notices, Plans, Stores},
};

mod bursts;
mod ears;
mod owed;
mod page;
mod rules;

pub use ears::{Ear, Ears};
pub use page::{NoticeView, NoticesPage, ReadView};
pub use rules::Deed;

use bursts::{Bursts, Done, Due, Noted, Topic};
use owed::{Owed, Turn};

/// People who are told at once.
const TOLD_AT_ONCE: usize = 16;
/// The most notices that are read at once.
pub const MAX_PAGE: usize = 100;

/// Tells people what others did.
#[derive(Clone)]
pub struct Notifier {
    notices: Arc<dyn Notices>,
    plans: Arc<dyn Plans>,
    accounts: Arc<dyn Accounts>,
    ears: Ears,
    owed: Owed,
    bursts: Arc<Mutex<Bursts<News>>>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

/// Who did what with which trip, when, and who knows of it.
struct News {
    trip: DocId,
    by: UserId,
    deed: Deed,
    at: Timestamp,
    told: HashSet<UserId>,
}

impl Notifier {
    /// Notices in these stores, told to who listens with these ears; what can't be told at once is told on
    /// `tasks`, until `closing`.
    pub fn new(
        stores: &Stores,
        ears: Ears,
        tasks: TaskTracker,
        closing: CancellationToken,
    ) -> Self {
        Self {
            notices: Arc::clone(&stores.notices),
            plans: Arc::clone(&stores.plans),
            accounts: Arc::clone(&stores.accounts),
            ears,
            owed: Owed::new(tasks.clone(), closing.clone()),
            bursts: Arc::default(),
            tasks,
            closing,
        }
    }

    /// Tells everybody whom it concerns. The deed is done: who can't be told now is told later. Where much is done
    /// to the same thing in quick succession, the first is told at once and what comes of the rest in the end.
    pub async fn tell(&self, trip: DocId, by: UserId, deed: Deed, now: Timestamp) {
        let news = News { trip, by, deed, at: now, told: HashSet::new() };
        let (noted, news) = self.bursts().note(Done { trip, by, deed }, news, Instant::now());
        if let Noted::First(topic) = noted {
            let this = self.clone();
            self.tasks.spawn(async move { this.follow(topic).await });
        }
        if let Some(news) = news {
            self.tell_now(news).await;
        }
    }

    fn bursts(&self) -> MutexGuard<'_, Bursts<News>> {
        self.bursts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what is held about a thing when it is due, or at the stop, until nothing is.
    async fn follow(&self, topic: Topic) {
        let mut is_last = false;
        loop {
            let due = self.bursts().due(topic, Instant::now(), is_last);
            match due {
                Due::Wait(until) => {
                    let waiting = sleep_until(until.into());
                    is_last = self.closing.run_until_cancelled(waiting).await.is_none();
                }
                Due::Tell(news) => self.tell_now(news).await,
                Due::Over => return,
            }
        }
    }

    async fn tell_now(&self, mut news: News) {
        let trip = news.trip;
        let Err(error) = self.try_to_tell(&mut news).await else { return };
        tracing::warn!(doc = %trip, %error, "people can't be told what somebody did; trying again");
        let this = self.clone();
        let is_owed = self.owed.begin(async move |mut turns| {
            while let Some(turn) = turns.next().await {
                match this.try_to_tell(&mut news).await {
                    Ok(()) => return,
                    Err(error) if turn == Turn::Last => not_told(trip, &error.to_string()),
                    Err(_) => {}
                }
            }
        });
        if !is_owed {
            not_told(trip, "too much waits already");
        }
    }

    /// What a person was told after this number, oldest first, `MAX_PAGE` at most, and where they stand.
    pub async fn since(
        &self,
        user: UserId,
        after: u64,
        limit: usize,
    ) -> store::Result<NoticesPage> {
        let (notices, standing) = self.notices.since(user, after, limit.min(MAX_PAGE)).await?;
        let names = self.names(&notices).await?;
        Ok(NoticesPage::new(notices, standing, &names))
    }

    /// Notes that a person has read up to this number, and lets all their windows know.
    pub async fn mark_read(&self, user: UserId, until: u64) -> store::Result<ReadView> {
        let standing = self.notices.mark_read(user, until).await?;
        self.ears.wake(user);
        Ok(standing.into())
    }

    /// Hears whenever there may be something new for this person.
    pub fn listen(&self, user: UserId) -> Ear {
        self.ears.listen(user)
    }

    /// Of those who did what is told. Accounts that are gone have none.
    async fn names(&self, notices: &[Notice]) -> store::Result<HashMap<UserId, String>> {
        let mut names = HashMap::new();
        for Notice { said, .. } in notices {
            if let Entry::Vacant(unknown) = names.entry(said.by) {
                let account = self.accounts.get(said.by).await?;
                unknown.insert(account.map(|account| account.name).unwrap_or_default());
            }
        }
        Ok(names)
    }

    /// Who knows of it already is not told again.
    async fn try_to_tell(&self, news: &mut News) -> store::Result<()> {
        let News { trip, by, deed, at, told } = news;
        let (trip, by, deed, at) = (*trip, *by, *deed, *at);
        let Some(plan) = self.plans.get(trip).await? else { return Ok(()) };
        let members = self.plans.members(trip).await?;
        let members = members.into_iter().map(|(member, _)| (member.user, member.role));
        let mut concerned = rules::concerned(deed, by, members);
        concerned.retain(|user| !told.contains(user));
        let (kind, role) = (deed.kind(), deed.role());
        let notice = NewNotice { kind, trip, title: plan.summary.title, by, role };
        let notice = &notice;
        let mut posts = stream::iter(concerned)
            .map(|user| async move { (user, self.notices.post(user, notice, at).await) })
            .buffer_unordered(TOLD_AT_ONCE);
        let mut all = Ok(());
        while let Some((user, posted)) = posts.next().await {
            match posted {
                Ok(_) => {
                    metrics::counter!("moim_notices_total").increment(1);
                    told.insert(user);
                    self.ears.wake(user);
                }
                Err(error) => all = Err(error),
            }
        }
        all
    }
}

fn not_told(trip: DocId, cause: &str) {
    metrics::counter!("moim_notice_failures_total").increment(1);
    tracing::error!(doc = %trip, cause, "people were not told what somebody did");
}
