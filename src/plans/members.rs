//! Who is in a plan and as what. A change takes effect at once, also on open connections.

use jiff::Timestamp;

use super::{rules::PlanError, service::Plans};
use crate::{
    access,
    auth::Act,
    ids::{DocId, UserId},
    notify::Deed,
    store::{self, Account, Member, RoleChange},
};

impl Plans {
    /// Everybody in the plan, in the order of joining.
    pub async fn members(&self, me: &access::Member) -> Result<Vec<(Member, Account)>, PlanError> {
        me.may(Act::Read)?;
        Ok(self.plans.members(me.doc).await?)
    }

    /// Gives a member another role.
    pub async fn set_role(
        &self,
        me: &access::Member,
        change: RoleChange,
    ) -> Result<(Member, Account), PlanError> {
        let by = me.with(Act::Manage)?;
        let RoleChange { user, to, .. } = change;
        let set = self.plans.set_role(me.doc, by, change).await;
        let before = self.or_doubt(me.doc, &[user], set).await?;
        let before = before.ok_or(PlanError::NotFound("member"))?;
        self.tell_access(me.doc, user).await;
        if before != to {
            let deed = Deed::RoleChanged(user, to);
            self.notify.tell(me.doc, me.user, deed, Timestamp::now()).await;
        }
        let members = self.plans.members(me.doc).await?;
        let found = members.into_iter().find(|(member, _)| member.user == user);
        // Somebody may have taken them out in between; what was done here is done.
        let (member, account) = found.ok_or(PlanError::NotFound("member"))?;
        Ok((member, account))
    }

    /// Takes a member out, or leaves.
    pub async fn remove(&self, me: &access::Member, user: UserId) -> Result<(), PlanError> {
        let by = me.may_remove(user)?;
        let removed = self.plans.remove_member(me.doc, by, user).await;
        if !self.or_doubt(me.doc, &[user], removed).await? {
            // Who asks once more, because there was no answer, has them sent away all the same.
            self.rooms.access_doubted(me.doc, user).await;
            return Err(PlanError::NotFound("member"));
        }
        self.rooms.access_changed(me.doc, user, None).await;
        let deed = if user == me.user { Deed::Left } else { Deed::Removed(user) };
        self.notify.tell(me.doc, me.user, deed, Timestamp::now()).await;
        Ok(())
    }

    /// Tells the room what somebody may do now, after it was changed.
    pub(super) async fn tell_access(&self, doc: DocId, user: UserId) {
        match access::Member::find(&*self.plans, doc, user).await {
            Ok(member) => {
                let role = member.map(|member| member.role_in_document());
                self.rooms.access_changed(doc, user, role).await;
            }
            // It is done all the same, and the room asks until there is an answer.
            Err(_) => self.rooms.access_doubted(doc, user).await,
        }
    }

    /// Passes on what became of a change of what these people may do. One that failed may have been made: only
    /// its answer may be lost.
    pub(super) async fn or_doubt<T>(
        &self,
        doc: DocId,
        users: &[UserId],
        changed: store::Result<T>,
    ) -> store::Result<T> {
        if changed.is_err() {
            for user in users {
                self.rooms.access_doubted(doc, *user).await;
            }
        }
        changed
    }
}
