//! The rules of plans, apart from where they are kept: who is in, who may do what, what an invitation is worth.

use jiff::{SignedDuration, Timestamp};

use crate::{
    auth::{Act, permits},
    fields::Invalid,
    ids::{DocId, Role, UserId},
    store::{Invite, PlanStatus, StoreError, conflict},
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
    /// The person is in, but their role does not go so far.
    #[error("the role does not permit it")]
    Forbidden,
    /// What was filled in can't be taken.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The invitation has run out or was taken back.
    #[error("the invitation is over")]
    InviteOver,
    /// The plan would be left without an owner.
    #[error("the plan needs an owner")]
    LastOwner,
    /// The plan has as many members as it may have.
    #[error("the plan is full")]
    Full,
    /// In the trash nothing is changed.
    #[error("the plan is in the trash")]
    Trashed,
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
            StoreError::Conflict(_) | StoreError::Unavailable(_) | StoreError::Corrupt(_) => {
                Self::Store(error)
            }
        }
    }
}

/// Somebody who is in a plan. To have one is to have been let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Insider {
    /// The plan's document.
    pub doc: DocId,
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
}

impl Insider {
    /// `Err` if their role does not permit this.
    pub fn may(&self, act: Act) -> Result<(), PlanError> {
        if permits(self.role, act) { Ok(()) } else { Err(PlanError::Forbidden) }
    }

    /// Whether they may take this person out: anybody may leave.
    pub(super) fn may_remove(&self, user: UserId) -> Result<(), PlanError> {
        if user == self.user { Ok(()) } else { self.may(Act::Manage) }
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

/// Whether an invitation still opens the door. It lasts no longer than its maker's right to invite: who was
/// taken out can't come back through a link of their own.
pub(super) fn check_invite(
    invite: &Invite,
    inviter: Option<Role>,
    status: PlanStatus,
    now: Timestamp,
) -> Result<(), PlanError> {
    let inviter_may = inviter.is_some_and(|role| permits(role, Act::Invite));
    let is_good = !invite.revoked && now < invite.expires && inviter_may;
    if is_good && status != PlanStatus::Trashed { Ok(()) } else { Err(PlanError::InviteOver) }
}

/// The role after accepting; `None` if that changes nothing. Accepting never lowers a role.
pub(super) fn accepted(current: Option<Role>, invite: &Invite) -> Option<Role> {
    (current < Some(invite.role)).then_some(invite.role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{DocKind, InviteId},
        store::TokenHash,
    };

    fn now() -> Timestamp {
        "2026-11-21T09:00:00Z".parse().unwrap()
    }

    fn invite(role: Role) -> Invite {
        Invite {
            id: InviteId::new(),
            plan: DocId::new(DocKind::Trip),
            token: TokenHash([0; 32]),
            role,
            by: UserId::new(),
            created: now(),
            expires: now() + INVITE_LIFE,
            revoked: false,
        }
    }

    #[test]
    fn accepting_never_lowers_a_role() {
        let editor = invite(Role::Editor);
        assert_eq!(accepted(None, &editor), Some(Role::Editor));
        assert_eq!(accepted(Some(Role::Viewer), &editor), Some(Role::Editor));
        assert_eq!(accepted(Some(Role::Editor), &editor), None);
        assert_eq!(accepted(Some(Role::Owner), &editor), None);
    }

    #[test]
    fn an_invitation_ends_with_its_time_its_revocation_and_its_makers_rights() {
        let good = invite(Role::Viewer);
        let check = |invite: &Invite, inviter, now| {
            check_invite(invite, inviter, PlanStatus::Active, now).is_ok()
        };
        assert!(check(&good, Some(Role::Owner), now()));
        assert!(!check(&good, Some(Role::Owner), good.expires));
        assert!(!check(&good, Some(Role::Editor), now()));
        assert!(!check(&good, None, now()));
        assert!(!check(&Invite { revoked: true, ..good.clone() }, Some(Role::Owner), now()));
        let trashed = check_invite(&good, Some(Role::Owner), PlanStatus::Trashed, now());
        assert!(matches!(trashed, Err(PlanError::InviteOver)));
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

    #[test]
    fn anybody_may_leave_and_only_owners_take_others_out() {
        let (doc, me, other) = (DocId::new(DocKind::Trip), UserId::new(), UserId::new());
        let viewer = Insider { doc, user: me, role: Role::Viewer };
        assert!(viewer.may_remove(me).is_ok());
        assert!(matches!(viewer.may_remove(other), Err(PlanError::Forbidden)));
        assert!(Insider { role: Role::Owner, ..viewer }.may_remove(other).is_ok());
    }
}
