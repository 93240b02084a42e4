//! Trips as things with a status, members and invitations.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{accounts::Account, error::Result, hashes::TokenHash};
use crate::{
    ids::{DocId, InviteId, Role, UserId},
    summary::Summary,
};

/// The most members that a plan may have.
pub const MAX_MEMBERS: usize = 200;

/// The most decisions about people that a plan remembers. Of more the oldest go, and with it the use of all
/// invitations that are older, for who is not in.
pub const MAX_DECISIONS: usize = 500;

/// The most invitations of a plan that are kept after they ended, so that their links say so.
pub const MAX_ENDED_INVITES: usize = 100;

/// Where a plan is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlanStatus {
    /// In use.
    #[default]
    Active,
    /// Kept, out of the way; its document can still be edited.
    Archived,
    /// On its way out; can be taken back.
    Trashed,
}

/// A trip as a thing that people have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The name of its document.
    pub id: DocId,
    /// Where it is in its life.
    pub status: PlanStatus,
    /// What the list shows of its document.
    pub summary: Summary,
    /// When it was made.
    pub created: Timestamp,
    /// When it or its document was last changed.
    pub touched: Timestamp,
}

/// Where a list of plans goes on: after the plan with this time and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanCursor {
    /// `touched` of the last plan of the page.
    pub touched: Timestamp,
    /// Its id.
    pub id: DocId,
}

/// A person in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub joined: Timestamp,
}

/// Who makes a change, and the weakest role that they must have when it is made: asked again in the same step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authority {
    /// Who.
    pub user: UserId,
    /// At least as what.
    pub least: Role,
}

/// Another role for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleChange {
    /// Whose.
    pub user: UserId,
    /// The role that they must have until then, if that matters to who asks.
    pub from: Option<Role>,
    /// Which one.
    pub to: Role,
}

/// What an owner decided last about a person: a role that was set, or that they were taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The change of the plan's members that it was. Invitations of before (`since`) are older than it.
    pub at: u64,
    /// `None`: they were taken out.
    pub role: Option<Role>,
}

/// All that decides whether an invitation lets somebody in, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteFacts {
    /// The invitation.
    pub invite: Invite,
    /// Of the plan.
    pub status: PlanStatus,
    /// The role of who made the invitation.
    pub inviter: Option<Role>,
    /// The role of the person, if it is known who asks.
    pub current: Option<Role>,
    /// What an owner decided about them.
    pub decision: Option<Decision>,
}

/// What an invitation does for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InviteEffect {
    /// It is over, for everybody.
    Over,
    /// An owner decided otherwise about this person after it was made.
    Spent,
    /// They have as much already.
    Unchanged,
    /// They get this role.
    Granted(Role),
}

/// The rule that decides: a function of what there is at one moment.
pub type InviteRule = fn(&InviteFacts, Timestamp) -> InviteEffect;

/// An invitation by link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Its name for who manages it.
    pub id: InviteId,
    /// Where to.
    pub plan: DocId,
    /// Of the token in the link.
    pub token: TokenHash,
    /// What it makes of who accepts.
    pub role: Role,
    /// Who invites.
    pub by: UserId,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
    /// Taken back by hand.
    pub revoked: bool,
    /// How often the plan's members had been changed when it was made. The store sets it.
    pub since: u64,
}

/// Trips as things with a status, members and invitations. Their content is the document's.
///
/// Each change is decided and made in one step, on what is there at that moment: of two at once, the second sees
/// what the first has made.
#[async_trait]
pub trait Plans: Send + Sync {
    /// Keeps a new plan whose only member is its owner. `Conflict` if it exists, or if the owner would have more
    /// than `most` plans outside the trash.
    async fn create(&self, plan: &Plan, owner: UserId, most: usize) -> Result<()>;

    /// Every plan, whatever its status, in the order of their ids, those after `after` if given.
    async fn ids(&self, after: Option<DocId>, limit: usize) -> Result<Vec<DocId>>;

    /// The plan, whatever its status.
    async fn get(&self, id: DocId) -> Result<Option<Plan>>;

    /// A person's plans of one status, most recently touched first, those after the cursor if given. One that
    /// is damaged hides no other.
    async fn list(
        &self,
        user: UserId,
        status: PlanStatus,
        after: Option<PlanCursor>,
        limit: usize,
    ) -> Result<Vec<(Plan, Role)>>;

    /// Sets the status. What it was before; `None`: no such plan. `Conflict` if who asks may not.
    async fn set_status(
        &self,
        id: DocId,
        by: Authority,
        to: PlanStatus,
        now: Timestamp,
    ) -> Result<Option<PlanStatus>>;

    /// The role of one person and where the plan is, as of one moment; `None` for who is no member.
    async fn membership(&self, id: DocId, user: UserId) -> Result<Option<(Role, PlanStatus)>>;

    /// All members with their accounts, in the order of joining.
    async fn members(&self, id: DocId) -> Result<Vec<(Member, Account)>>;

    /// Gives a member another role, which is an owner's decision about them. What it was before; `None`: there is
    /// no such member, and none is made. `Conflict` if who asks may not, if the role is not the one that the
    /// change is from, or if that would leave the plan without an owner.
    async fn set_role(&self, id: DocId, by: Authority, change: RoleChange) -> Result<Option<Role>>;

    /// Takes a member out, which is an owner's decision about them unless they leave by themselves. `false`: was
    /// none. `Conflict` if who asks may not, or if it is the last owner.
    async fn remove_member(&self, id: DocId, by: Authority, user: UserId) -> Result<bool>;

    /// Keeps an invitation, and forgets those of the plan that ended before the last `MAX_ENDED_INVITES`.
    /// `Conflict` if it exists, if its plan does not, or if more than `most` would be open as of its making.
    async fn create_invite(&self, invite: &Invite, most: usize) -> Result<()>;

    /// The invitation with this token, revoked and expired ones too.
    async fn invite(&self, token: TokenHash) -> Result<Option<Invite>>;

    /// The invitations of a plan that are not revoked, newest first.
    async fn invites(&self, id: DocId) -> Result<Vec<Invite>>;

    /// Ends an invitation of this plan: nobody comes in by it after this has returned. `false`: no such one.
    async fn revoke_invite(&self, id: DocId, invite: InviteId) -> Result<bool>;

    /// What decides about this person and the invitation with this token, as of now. `None`: no such invitation, or
    /// its plan is gone.
    async fn invite_facts(
        &self,
        token: TokenHash,
        user: Option<UserId>,
    ) -> Result<Option<InviteFacts>>;

    /// Lets a person in by an invitation as far as the rule says, on what there is in the same step. `Conflict` if
    /// the plan has `MAX_MEMBERS` already, if the person has `most` plans outside the trash, or without account.
    async fn admit(
        &self,
        token: TokenHash,
        user: UserId,
        now: Timestamp,
        rule: InviteRule,
        most: usize,
    ) -> Result<Option<(InviteFacts, InviteEffect)>>;
}

/// What lists show of documents: copies that the rooms keep in step.
#[async_trait]
pub trait Summaries: Send + Sync {
    /// Replaces the summary of a document's plan, which was touched now. An unknown plan is no error.
    async fn set_summary(&self, id: DocId, summary: &Summary, now: Timestamp) -> Result<()>;
}
