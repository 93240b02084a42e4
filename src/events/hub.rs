//! Tells the sockets of this node what has changed in the rooms that they watch, and nobody else.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, broadcast::error::RecvError};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    ids::{DocId, UserId},
    rooms::{Change, Rooms},
};

/// All sockets of this node.
#[derive(Clone, Default)]
pub struct Hub(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    next: u64,
    sockets: HashMap<u64, Socket>,
    /// By the document that they watch.
    watchers: HashMap<DocId, BTreeSet<u64>>,
}

/// One socket.
struct Socket {
    stirred: Arc<Stirred>,
    watches: BTreeSet<DocId>,
}

/// What one socket has to look at.
struct Stirred {
    user: UserId,
    news: Mutex<News>,
    ready: Notify,
}

/// What may have changed, of what one socket watches. Bounded by that.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// How many people are in these documents …
    pub(super) people: BTreeSet<DocId>,
    /// … or in any.
    pub(super) all_people: bool,
    /// What the person may do with these documents …
    pub(super) access: BTreeSet<DocId>,
    /// … or with any.
    pub(super) all_access: bool,
}

/// One socket's place, which is left when it is dropped.
pub(super) struct Place {
    id: u64,
    stirred: Arc<Stirred>,
    hub: Hub,
}

impl Hub {
    /// Passes on what changes in rooms, until `closing`.
    pub fn listen(&self, rooms: &Rooms, tasks: &TaskTracker, closing: CancellationToken) {
        let (hub, mut changes) = (self.clone(), rooms.changes());
        tasks.spawn(async move {
            while let Some(heard) = closing.run_until_cancelled(changes.recv()).await {
                match heard {
                    Ok(change) => hub.tell(change),
                    Err(RecvError::Lagged(_)) => hub.tell(Change::Anything),
                    Err(RecvError::Closed) => break,
                }
            }
        });
    }

    /// A place for one more socket of this person.
    pub(super) fn enter(&self, user: UserId) -> Place {
        let stirred = Arc::new(Stirred { user, news: Mutex::default(), ready: Notify::new() });
        let mut inner = self.lock();
        inner.next += 1;
        let id = inner.next;
        let socket = Socket { stirred: Arc::clone(&stirred), watches: BTreeSet::new() };
        inner.sockets.insert(id, socket);
        metrics::gauge!("moim_event_sockets").set(inner.sockets.len() as f64);
        Place { id, stirred, hub: self.clone() }
    }

    fn tell(&self, change: Change) {
        let inner = self.lock();
        match change {
            Change::People(doc) => {
                for socket in inner.watching(doc) {
                    socket.stir(|news| news.people.insert(doc));
                }
            }
            Change::Access(doc, user) => {
                for socket in inner.watching(doc).filter(|socket| socket.user == user) {
                    socket.stir(|news| news.access.insert(doc));
                }
            }
            Change::Anything => {
                for socket in inner.sockets.values() {
                    socket.stirred.stir(|news| (news.all_people, news.all_access) = (true, true));
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn watching(&self, doc: DocId) -> impl Iterator<Item = &Arc<Stirred>> {
        let watchers = self.watchers.get(&doc).into_iter().flatten();
        watchers.filter_map(|id| self.sockets.get(id)).map(|socket| &socket.stirred)
    }

    fn watch(&mut self, doc: DocId, id: u64) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.watches.insert(doc);
            self.watchers.entry(doc).or_default().insert(id);
        }
    }

    fn unwatch(&mut self, doc: DocId, id: u64) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.watches.remove(&doc);
        }
        if let Some(watchers) = self.watchers.get_mut(&doc) {
            watchers.remove(&id);
            if watchers.is_empty() {
                self.watchers.remove(&doc);
            }
        }
    }
}

impl Stirred {
    fn stir<T>(&self, note: impl FnOnce(&mut News) -> T) {
        note(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner));
        self.ready.notify_one();
    }
}

impl Place {
    /// From now on hears what changes in this document.
    pub(super) fn watch(&self, doc: DocId) {
        self.hub.lock().watch(doc, self.id);
    }

    /// No longer.
    pub(super) fn unwatch(&self, doc: DocId) {
        self.hub.lock().unwatch(doc, self.id);
    }

    /// Waits until something may have changed. Cancel-safe.
    pub(super) async fn news(&self) -> News {
        loop {
            let news = std::mem::take(
                &mut *self.stirred.news.lock().unwrap_or_else(PoisonError::into_inner),
            );
            if news != News::default() {
                return news;
            }
            self.stirred.ready.notified().await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.hub.lock();
        let socket = inner.sockets.remove(&self.id);
        let watches = socket.map(|socket| socket.watches).unwrap_or_default();
        watches.into_iter().for_each(|doc| inner.unwatch(doc, self.id));
        metrics::gauge!("moim_event_sockets").set(inner.sockets.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::ids::DocKind;

    fn heard(place: &Place) -> Option<News> {
        place.news().now_or_never()
    }

    #[test]
    fn who_watches_a_document_hears_of_it_and_nobody_else_does() {
        let hub = Hub::default();
        let (user, doc) = (UserId::new(), DocId::new(DocKind::Trip));
        let (one, other) = (hub.enter(user), hub.enter(UserId::new()));
        hub.tell(Change::People(doc));
        assert_eq!((heard(&one), heard(&other)), (None, None));
        one.watch(doc);
        other.watch(doc);
        hub.tell(Change::People(doc));
        hub.tell(Change::Access(doc, user));
        let people = || BTreeSet::from([doc]);
        let all = News { people: people(), access: people(), ..News::default() };
        assert_eq!(heard(&one), Some(all));
        assert_eq!(heard(&other), Some(News { people: people(), ..News::default() }));
        one.unwatch(doc);
        hub.tell(Change::People(doc));
        assert_eq!(heard(&one), None);
        hub.tell(Change::Anything);
        assert!(heard(&one).is_some_and(|news| news.all_people && news.all_access));
        drop((one, other));
        assert!(hub.lock().watchers.is_empty() && hub.lock().sockets.is_empty());
    }
}
