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
    store::{Invite, Result, TokenHash},
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
        let InviteRecord { _id, plan, token, role, by, created, expires, standing } = record;
        let (created, expires) = (created.0, expires.0);
        let revoked = standing == Standing::Revoked;
        Self { id: _id, plan, token: token.0, role, by, created, expires, revoked }
    }
}

impl MongoStore {
    fn invitations(&self) -> Collection<InviteRecord> {
        self.database.collection(connect::INVITES)
    }

    /// Keeps an invitation.
    pub(super) async fn insert_invite(&self, invite: &Invite) -> Result<()> {
        let Invite { id, plan, token, role, by, created, expires, revoked } = invite.clone();
        let (token, created, expires) = (Hash(token), Time(created), Time(expires));
        let standing = if revoked { Standing::Revoked } else { Standing::Open };
        let record = InviteRecord { _id: id, plan, token, role, by, created, expires, standing };
        within(self.invitations().insert_one(record)).await.map(drop)
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
        Ok(update.matched_count > 0)
    }
}
