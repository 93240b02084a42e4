//! Invitations into plans.

use mongodb::{Collection, bson::doc};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    calls::{all, within},
    connect,
    fields::{Hash, Time},
};
use crate::{
    ids::{DocId, InviteId, Role, UserId},
    store::{Invite, MAX_ENDED_INVITES, Result, StoreError, TokenHash, conflict},
};

#[derive(Serialize, Deserialize)]
struct InviteRecord {
    _id: InviteId,
    plan: DocId,
    /// Its unique index holds that it belongs to one invitation.
    token: Hash,
    role: Role,
    by: UserId,
    created: Time,
    expires: Time,
    standing: Standing,
    #[serde(default)]
    since: i64,
}

/// A word, since not every server keeps a truth value one when it is set.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Standing {
    Open,
    Revoked,
}

impl From<InviteRecord> for Invite {
    fn from(record: InviteRecord) -> Self {
        let InviteRecord { _id, plan, token, role, by, created, expires, standing, since } = record;
        let (created, expires) = (created.0, expires.0);
        let revoked = standing == Standing::Revoked;
        let since = u64::try_from(since).unwrap_or(0);
        Self { id: _id, plan, token: token.0, role, by, created, expires, revoked, since }
    }
}

impl MongoStore {
    fn invitations(&self) -> Collection<InviteRecord> {
        self.database.collection(connect::INVITES)
    }

    /// Keeps an invitation that is made after so many changes of members.
    pub(super) async fn insert_invite(
        &self,
        invite: &Invite,
        since: i64,
        most: usize,
    ) -> Result<()> {
        let Invite { id, plan, token, role, by, created, expires, revoked, .. } = invite.clone();
        let now = Time(created);
        self.forget_ended(plan, now).await?;
        let (token, created, expires) = (Hash(token), Time(created), Time(expires));
        let standing = if revoked { Standing::Revoked } else { Standing::Open };
        let record =
            InviteRecord { _id: id, plan, token, role, by, created, expires, standing, since };
        within(self.invitations().insert_one(record)).await?;
        // Counted with itself: of several at once none goes beyond the limit.
        let open = doc! { "plan": plan, "standing": "open", "expires": { "$gt": now } };
        let open = all(self.invitations().find(open)).await?.len();
        if open > most {
            within(self.invitations().delete_one(doc! { "_id": id })).await?;
            return Err(StoreError::Conflict(conflict::INVITES));
        }
        Ok(())
    }

    /// Forgets invitations that ended long ago; as many stay as tell who holds their links.
    async fn forget_ended(&self, plan: DocId, now: Time) -> Result<()> {
        let invitations = self.invitations();
        let of_plan = invitations.find(doc! { "plan": plan });
        let of_plan = all(of_plan.sort(doc! { "created": -1, "_id": -1 })).await?;
        let ended = of_plan
            .into_iter()
            .filter(|invite| invite.standing == Standing::Revoked || invite.expires <= now);
        let old: Vec<_> = ended.skip(MAX_ENDED_INVITES).map(|invite| invite._id).collect();
        if !old.is_empty() {
            within(self.invitations().delete_many(doc! { "_id": { "$in": old } })).await?;
        }
        Ok(())
    }

    /// The invitation with this token, whatever became of it.
    pub(super) async fn invite_with(&self, token: TokenHash) -> Result<Option<Invite>> {
        let found = within(self.invitations().find_one(doc! { "token": Hash(token) })).await?;
        Ok(found.map(Invite::from))
    }

    /// Those of a plan that are not revoked, newest first.
    pub(super) async fn invites_of(&self, plan: DocId) -> Result<Vec<Invite>> {
        let query = doc! { "plan": plan, "standing": "open" };
        let invitations = self.invitations();
        let find = invitations.find(query).sort(doc! { "created": -1, "_id": -1 });
        Ok(all(find).await?.into_iter().map(Invite::from).collect())
    }

    /// Ends an invitation that was not ended yet.
    pub(super) async fn end_invite(&self, plan: DocId, invite: InviteId) -> Result<bool> {
        let query = doc! { "_id": invite, "plan": plan, "standing": "open" };
        let to = doc! { "$set": { "standing": "revoked" } };
        let update = within(self.invitations().update_one(query, to)).await?;
        // Whoever has read it as open before this is held up by the count, and reads it again.
        self.count_change(plan).await?;
        Ok(update.matched_count > 0)
    }
}
