//! The rules of plans, apart from where they are kept: who is in, who may do what, what an invitation is worth.

use jiff::{SignedDuration, Timestamp};

use crate::{
    access::Denied,
    auth::{Act, TokenError, permits},
    fields::Invalid,
    ids::Role,
    notify::Deed,
    store::{InviteEffect, InviteFacts, PlanStatus, StoreError, conflict},
};

/// How long an invitation is good for if nobody says otherwise.
const INVITE_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long it may be at most.
const INVITE_LIFE_MAX: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Why something is not done with a plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// There is none, or not for this person: strangers can't tell the difference.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The person is in, and may not do it now.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// What was filled in can't be taken.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The invitation has run out or was taken back.
    #[error("the invitation is over")]
    InviteOver,
    /// An owner took the person out after the invitation was made.
    #[error("the invitation is of no use for this person any more")]
    InviteSpent,
    /// The member has another role by now than the change is from.
    #[error("the member has another role by now")]
    OtherRole,
    /// As many invitations are open as may be.
    #[error("too many invitations are open")]
    ManyInvites,
    /// The person has as many plans as they may have.
    #[error("the person has too many plans")]
    ManyPlans,
    /// The plan would be left without an owner.
    #[error("the plan needs an owner")]
    LastOwner,
    /// The plan has as many members as it may have.
    #[error("the plan is full")]
    Full,
    /// The document's room did not do it.
    #[error(transparent)]
    Room(#[from] crate::rooms::RoomError),
    /// Something inside failed.
    #[error("{0}")]
    Failed(String),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for PlanError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(conflict::LAST_OWNER) => Self::LastOwner,
            StoreError::Conflict(conflict::FULL) => Self::Full,
            StoreError::Conflict(conflict::OUTSIDE) => Self::NotFound("trip"),
            StoreError::Conflict(conflict::WEAK) => Self::Denied(Denied::Role),
            StoreError::Conflict(conflict::OTHER_ROLE) => Self::OtherRole,
            StoreError::Conflict(conflict::INVITES) => Self::ManyInvites,
            StoreError::Conflict(conflict::PLANS) => Self::ManyPlans,
            StoreError::Conflict(_) | StoreError::Unavailable(_) | StoreError::Corrupt(_) => {
                Self::Store(error)
            }
        }
    }
}

/// The role that an invitation may give. Owners are made by name, not by a link that travels.
pub(super) fn inviting_role(role: Role) -> Result<Role, Invalid> {
    match role {
        Role::Viewer | Role::Commenter | Role::Editor => Ok(role),
        Role::Owner => Err(Invalid::field(
            "role",
            "must be viewer, commenter or editor; make somebody an owner when they are in",
        )),
    }
}

/// When an invitation that is made now ends.
pub(super) fn invite_end(asked: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Invalid> {
    let end = asked.unwrap_or(now + INVITE_LIFE);
    if end <= now {
        Err(Invalid::field("expires", "must be in the future"))
    } else if end > now + INVITE_LIFE_MAX {
        Err(Invalid::field("expires", "must be at most 90 days away"))
    } else {
        Ok(end)
    }
}

/// What an invitation does for somebody.
///
/// It lasts no longer than its maker's right to invite: who was taken out can't come back through a link of their
/// own. It never lowers a role. And what an owner decided about a person later than it was made counts for more:
/// it lets nobody in who was taken out since, and gives nobody more than the role that was set since.
pub(super) fn invite_effect(facts: &InviteFacts, now: Timestamp) -> InviteEffect {
    let InviteFacts { invite, status, inviter, current, decision } = facts;
    let inviter_may = inviter.is_some_and(|role| permits(role, Act::Invite));
    let is_good = !invite.revoked && now < invite.expires && inviter_may;
    if !is_good || *status == PlanStatus::Trashed {
        return InviteEffect::Over;
    }
    let later = decision.filter(|decision| invite.since < decision.at);
    let offered = match later {
        None => Some(invite.role),
        Some(decision) => decision.role.map(|role| role.min(invite.role)),
    };
    match (offered, current) {
        (None, None) => InviteEffect::Spent,
        (Some(role), current) if *current < Some(role) => InviteEffect::Granted(role),
        (Some(_) | None, _) => InviteEffect::Unchanged,
    }
}

impl From<TokenError> for PlanError {
    fn from(error: TokenError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What it is to the others that a plan is put somewhere else. Where somebody archives it is hardly worth a word.
pub(super) fn moved(from: PlanStatus, to: PlanStatus) -> Option<Deed> {
    match (from, to) {
        (PlanStatus::Trashed, PlanStatus::Trashed) => None,
        (_, PlanStatus::Trashed) => Some(Deed::Trashed),
        (PlanStatus::Trashed, _) => Some(Deed::Untrashed),
        (_, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{DocId, DocKind, InviteId, UserId},
        store::{Decision, Invite, TokenHash},
    };

    fn now() -> Timestamp {
        "2026-11-21T09:00:00Z".parse().unwrap()
    }

    /// An owner's invitation, made after seven changes of the members, before somebody who is not in.
    fn facts(role: Role) -> InviteFacts {
        let invite = Invite {
            id: InviteId::new(),
            plan: DocId::new(DocKind::Trip),
            token: TokenHash([0; 32]),
            role,
            by: UserId::new(),
            created: now(),
            expires: now() + INVITE_LIFE,
            revoked: false,
            since: 7,
        };
        let (status, inviter) = (PlanStatus::Active, Some(Role::Owner));
        InviteFacts { invite, status, inviter, current: None, decision: None }
    }

    #[test]
    fn accepting_never_lowers_a_role() {
        let as_one =
            |current| invite_effect(&InviteFacts { current, ..facts(Role::Editor) }, now());
        assert_eq!(as_one(None), InviteEffect::Granted(Role::Editor));
        assert_eq!(as_one(Some(Role::Viewer)), InviteEffect::Granted(Role::Editor));
        assert_eq!(as_one(Some(Role::Editor)), InviteEffect::Unchanged);
        assert_eq!(as_one(Some(Role::Owner)), InviteEffect::Unchanged);
    }

    #[test]
    fn an_invitation_ends_with_its_time_its_revocation_and_its_makers_rights() {
        let good = facts(Role::Viewer);
        let is_over = |facts: &InviteFacts| invite_effect(facts, now()) == InviteEffect::Over;
        assert!(!is_over(&good));
        assert_eq!(invite_effect(&good, good.invite.expires), InviteEffect::Over);
        assert!(is_over(&InviteFacts { inviter: Some(Role::Editor), ..good.clone() }));
        assert!(is_over(&InviteFacts { inviter: None, ..good.clone() }));
        let revoked = Invite { revoked: true, ..good.invite.clone() };
        assert!(is_over(&InviteFacts { invite: revoked, ..good.clone() }));
        assert!(is_over(&InviteFacts { status: PlanStatus::Trashed, ..good }));
    }

    #[test]
    fn what_an_owner_decided_since_counts_for_more_than_an_invitation() {
        let effect = |current, at, role| {
            let decision = Some(Decision { at, role });
            invite_effect(&InviteFacts { current, decision, ..facts(Role::Editor) }, now())
        };
        // Taken out since: neither the link that was used nor another old one lets them in.
        assert_eq!(effect(None, 8, None), InviteEffect::Spent);
        // Lowered since, and still in or gone by themselves: no more than was left to them.
        assert_eq!(effect(Some(Role::Viewer), 8, Some(Role::Viewer)), InviteEffect::Unchanged);
        let left_to_them = InviteEffect::Granted(Role::Viewer);
        assert_eq!(effect(None, 8, Some(Role::Viewer)), left_to_them);
        // Made an owner since, and gone: as anybody else.
        let as_invited = InviteEffect::Granted(Role::Editor);
        assert_eq!(effect(None, 8, Some(Role::Owner)), as_invited);
        // Of before the invitation: whoever makes a new one means it.
        assert_eq!(effect(None, 7, None), as_invited);
        assert_eq!(effect(Some(Role::Viewer), 7, Some(Role::Viewer)), as_invited);
    }

    #[test]
    fn an_invitation_lasts_between_a_moment_and_ninety_days() {
        let end = |hours: i64| invite_end(Some(now() + SignedDuration::from_hours(hours)), now());
        assert_eq!(invite_end(None, now()), Ok(now() + INVITE_LIFE));
        assert!(end(1).is_ok() && end(90 * 24).is_ok());
        assert!(end(0).is_err() && end(-1).is_err() && end(90 * 24 + 1).is_err());
    }

    #[test]
    fn no_link_makes_owners() {
        assert!(inviting_role(Role::Owner).is_err());
        assert_eq!(inviting_role(Role::Editor), Ok(Role::Editor));
    }
}
