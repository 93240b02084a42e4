//! The one answer to "may this person do this with that plan": the store is read once, and the trash counts.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    auth::{Act, least, permits},
    ids::{DocId, Role, UserId},
    store::{Authority, PlanStatus, Plans, Result},
};

/// Why a member may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Their role does not go so far.
    #[error("the role does not permit it")]
    Role,
    /// In the trash nothing is changed.
    #[error("the plan is in the trash")]
    Trashed,
}

/// Somebody who is in a plan. To have one is to have been let in, as of one read of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The plan's document.
    pub doc: DocId,
    /// Who.
    pub user: UserId,
    role: Role,
    status: PlanStatus,
}

impl Member {
    /// Looks somebody up. `None` for who is no member.
    pub async fn find(plans: &dyn Plans, doc: DocId, user: UserId) -> Result<Option<Self>> {
        let found = plans.membership(doc, user).await?;
        Ok(found.map(|(role, status)| Self { doc, user, role, status }))
    }

    /// As what they are in the plan, wherever that is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// What their role comes to in the document now: in the trash, a plan can only be read.
    pub const fn role_in_document(&self) -> Role {
        in_document(self.role, self.status)
    }

    /// The same member once the plan has this status.
    #[must_use]
    pub const fn in_status(self, status: PlanStatus) -> Self {
        Self { status, ..self }
    }

    /// `Err` if they may not do this now.
    pub const fn may(&self, act: Act) -> std::result::Result<(), Denied> {
        if !permits(self.role, act) {
            return Err(Denied::Role);
        }
        match self.status {
            PlanStatus::Trashed if !act.goes_on_in_trash() => Err(Denied::Trashed),
            PlanStatus::Active | PlanStatus::Archived | PlanStatus::Trashed => Ok(()),
        }
    }

    /// As who they do this, if they may: the store looks again in the step in which it is done.
    pub fn with(&self, act: Act) -> std::result::Result<Authority, Denied> {
        self.may(act)?;
        Ok(Authority { user: self.user, least: least(act) })
    }

    /// As who they take this person out: anybody may leave.
    pub fn may_remove(&self, user: UserId) -> std::result::Result<Authority, Denied> {
        if user == self.user {
            return Ok(Authority { user, least: Role::Viewer });
        }
        self.with(Act::Manage)
    }
}

/// What a role comes to in the document of a plan with this status.
pub const fn in_document(role: Role, status: PlanStatus) -> Role {
    match status {
        PlanStatus::Active | PlanStatus::Archived => role,
        PlanStatus::Trashed => Role::Viewer,
    }
}

/// What people may do in a document now, for rooms and connections that have reason to ask.
#[async_trait]
pub trait Access: Send + Sync {
    /// `None` for who is no member.
    async fn role_now(&self, doc: DocId, user: UserId) -> Result<Option<Role>>;
}

/// Asks the store.
pub struct StoredAccess(pub Arc<dyn Plans>);

#[async_trait]
impl Access for StoredAccess {
    async fn role_now(&self, doc: DocId, user: UserId) -> Result<Option<Role>> {
        let member = Member::find(&*self.0, doc, user).await?;
        Ok(member.map(|member| member.role_in_document()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DocKind;

    fn member(role: Role, status: PlanStatus) -> Member {
        Member { doc: DocId::new(DocKind::Trip), user: UserId::new(), role, status }
    }

    #[test]
    fn in_the_trash_owners_manage_and_nobody_edits() {
        let owner = member(Role::Owner, PlanStatus::Trashed);
        assert_eq!((owner.may(Act::Read), owner.may(Act::Manage)), (Ok(()), Ok(())));
        for act in [Act::Comment, Act::Edit, Act::Save, Act::Renew] {
            assert_eq!(owner.may(act), Err(Denied::Trashed), "{act:?}");
            assert_eq!(owner.in_status(PlanStatus::Active).may(act), Ok(()), "{act:?}");
        }
        assert_eq!((owner.role(), owner.role_in_document()), (Role::Owner, Role::Viewer));
    }

    #[test]
    fn who_may_not_do_it_at_all_is_told_so_before_the_trash_is_named() {
        let viewer = member(Role::Viewer, PlanStatus::Trashed);
        assert_eq!(viewer.may(Act::Edit), Err(Denied::Role));
        assert_eq!(viewer.may(Act::Read), Ok(()));
    }

    #[test]
    fn anybody_may_leave_and_only_owners_take_others_out() {
        let other = UserId::new();
        let viewer = member(Role::Viewer, PlanStatus::Active);
        assert_eq!(viewer.may_remove(viewer.user).unwrap().least, Role::Viewer);
        assert_eq!(viewer.may_remove(other), Err(Denied::Role));
        let owner = member(Role::Owner, PlanStatus::Active);
        let as_owner = Authority { user: owner.user, least: Role::Owner };
        assert_eq!(owner.may_remove(other), Ok(as_owner));
    }
}
