//! Who listens for what a person is told: the person's windows on this node, over one subscription of the bus.
//!
//! What is heard says that there may be something new, and nothing else: the store has it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    bus::{Bus, Topic},
    ids::UserId,
};

/// Everybody who listens on this node.
#[derive(Clone, Default)]
pub struct Ears(Arc<Inner>);

#[derive(Default)]
struct Inner {
    people: Mutex<HashMap<UserId, Weak<Person>>>,
    /// Unset on a node that is alone.
    beyond: OnceLock<Beyond>,
}

/// The way to the other nodes.
struct Beyond {
    bus: Arc<dyn Bus>,
    tasks: TaskTracker,
}

/// A person somebody listens for.
struct Person {
    user: UserId,
    woken: watch::Sender<u64>,
    /// Ends the subscription.
    over: CancellationToken,
    ears: Weak<Inner>,
}

/// One window.
pub struct Ear {
    woken: watch::Receiver<u64>,
    _person: Arc<Person>,
}

impl Ear {
    /// Waits until there may be something new. Cancel-safe.
    pub async fn woken(&mut self) {
        // The sender is kept by the person, and the person by us.
        let _ = self.woken.changed().await;
    }
}

impl Ears {
    /// From now on what happens on other nodes is heard, too. To be called before anybody listens.
    pub fn join_nodes(&self, bus: Arc<dyn Bus>, tasks: TaskTracker) {
        // A node joins the others once.
        let _ = self.0.beyond.set(Beyond { bus, tasks });
    }

    /// Listens for this person.
    pub(super) fn listen(&self, user: UserId) -> Ear {
        let mut people = self.people();
        let known = people.get(&user).and_then(Weak::upgrade);
        let person = known.unwrap_or_else(|| {
            let person = Arc::new(Person {
                user,
                woken: watch::Sender::new(0),
                over: CancellationToken::new(),
                ears: Arc::downgrade(&self.0),
            });
            people.insert(user, Arc::downgrade(&person));
            self.listen_beyond(&person);
            person
        });
        Ear { woken: person.woken.subscribe(), _person: person }
    }

    /// Says that there may be something new for this person: here, and on other nodes.
    pub(super) fn wake(&self, user: UserId) {
        let person = self.people().get(&user).and_then(Weak::upgrade);
        if let Some(person) = person {
            person.wake();
        }
        if let Some(Beyond { bus, .. }) = self.0.beyond.get() {
            bus.publish(Topic::Person(user), Bytes::new());
        }
    }

    fn listen_beyond(&self, person: &Arc<Person>) {
        let Some(Beyond { bus, tasks }) = self.0.beyond.get() else { return };
        let (bus, over, user) = (Arc::clone(bus), person.over.clone(), person.user);
        let person = Arc::downgrade(person);
        tasks.spawn(async move {
            let hearing = async {
                let subscription = bus.subscribe(Topic::Person(user)).await;
                let mut frames = Vec::new();
                // What was said before the subscription was there.
                while let Some(person) = person.upgrade() {
                    person.wake();
                    drop(person);
                    // Frames or holes: both may be something new.
                    subscription.next(&mut frames).await;
                    frames.clear();
                }
            };
            over.run_until_cancelled(hearing).await;
        });
    }

    fn people(&self) -> MutexGuard<'_, HashMap<UserId, Weak<Person>>> {
        self.0.lock()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Weak<Person>>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Person {
    fn wake(&self) {
        self.woken.send_modify(|times| *times = times.wrapping_add(1));
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.over.cancel();
        let Some(ears) = self.ears.upgrade() else { return };
        let mut people = ears.lock();
        // Another one of this name may listen by now.
        if people.get(&self.user).is_some_and(|person| person.strong_count() == 0) {
            people.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bus::memory::MemoryBus;

    async fn hears(ear: &mut Ear) -> bool {
        tokio::time::timeout(Duration::from_secs(1), ear.woken()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_is_woken_in_all_windows_and_nobody_else_is() {
        let ears = Ears::default();
        let (user, other) = (UserId::new(), UserId::new());
        let (mut one, mut two) = (ears.listen(user), ears.listen(user));
        let mut three = ears.listen(other);
        ears.wake(user);
        assert!(hears(&mut one).await && hears(&mut two).await);
        assert!(!hears(&mut one).await && !hears(&mut three).await);
        drop((one, two, three));
        assert!(ears.people().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_is_woken_on_other_nodes_and_after_a_hole() {
        let bus = MemoryBus::new();
        let (here, there) = (bus.another(), bus.clone());
        let tasks = TaskTracker::new();
        let nodes = [here, there].map(|bus| {
            let ears = Ears::default();
            ears.join_nodes(Arc::new(bus), tasks.clone());
            ears
        });
        let user = UserId::new();
        let mut ear = nodes[0].listen(user);
        assert!(hears(&mut ear).await, "what was said before is not heard");
        assert!(!hears(&mut ear).await);
        nodes[1].wake(user);
        assert!(hears(&mut ear).await);
        drop(ear);
        tasks.close();
        tasks.wait().await;
    }
}
