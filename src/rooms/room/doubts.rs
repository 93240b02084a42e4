//! Doubts about what the people in a room may do now, and the store's answers: whoever says that it has changed is not believed.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::task::JoinHandle;

use super::beside::ended;
use crate::{
    access::Access,
    ids::{DocId, Role, UserId},
    rooms::context::Context,
};

/// After a store that doesn't say what people may do, it is asked again after this time.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// What people may do now; `None` for who is no member any more.
pub(crate) type Roles = Vec<(UserId, Option<Role>)>;

/// One room's questions.
pub(crate) struct Doubts {
    doc: DocId,
    asking: Option<JoinHandle<Option<Roles>>>,
    /// To be asked about next. Who is in here when an answer comes is not believed in it: it may be too old.
    to_ask: BTreeSet<UserId>,
}

impl Doubts {
    pub(crate) fn new(doc: DocId) -> Self {
        Self { doc, asking: None, to_ask: BTreeSet::new() }
    }

    /// These people are to be asked about.
    pub(crate) fn doubt(&mut self, users: impl IntoIterator<Item = UserId>) {
        self.to_ask.extend(users);
    }

    /// Begins to ask about who is to be asked about, unless an answer is still waited for.
    pub(crate) fn ask(&mut self, context: &Context) {
        if self.asking.is_some() || self.to_ask.is_empty() {
            return;
        }
        let users = std::mem::take(&mut self.to_ask);
        let (doc, access) = (self.doc, Arc::clone(&context.access));
        let closing = context.closing.clone();
        let ask = async move { closing.run_until_cancelled(roles(&*access, doc, users)).await };
        self.asking = Some(context.tasks.spawn(ask));
    }

    /// Somebody's role was set: what the store is being asked about them may be too old.
    pub(crate) fn role_changed(&mut self, user: UserId) {
        if self.asking.is_some() {
            self.to_ask.insert(user);
        }
    }

    /// Waits for an answer. Cancel-safe.
    pub(crate) async fn answer(&mut self) -> Roles {
        let mut roles = ended(&mut self.asking).await.unwrap_or_default();
        roles.retain(|(user, _)| !self.to_ask.contains(user));
        roles
    }
}

impl Drop for Doubts {
    fn drop(&mut self) {
        if let Some(task) = &self.asking {
            task.abort();
        }
    }
}

/// Asks until the store answers: a member who was removed must not stay in because of a bad moment.
async fn roles(access: &dyn Access, doc: DocId, users: BTreeSet<UserId>) -> Roles {
    let mut roles = Vec::with_capacity(users.len());
    for user in users {
        loop {
            match access.role_now(doc, user).await {
                Ok(role) => break roles.push((user, role)),
                Err(error) => {
                    tracing::warn!(%doc, %error, "a role could not be read; trying again");
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            }
        }
    }
    roles
}
