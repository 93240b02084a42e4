//! Members of plans: never too many, never without an owner. They stand in the plan's own record, with what
//! owners decided about people.

use serde::{Deserialize, Serialize};

use super::fields::Time;
use crate::{
    ids::{Role, UserId},
    store::{
        Authority, Decision, MAX_DECISIONS, MAX_MEMBERS, Member, Result, RoleChange, StoreError,
        conflict,
    },
};

/// One of the members in a plan's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MemberRecord {
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) joined: Time,
}

impl From<Member> for MemberRecord {
    fn from(Member { user, role, joined }: Member) -> Self {
        Self { user, role, joined: Time(joined) }
    }
}

impl From<&MemberRecord> for Member {
    fn from(record: &MemberRecord) -> Self {
        Self { user: record.user, role: record.role, joined: record.joined.0 }
    }
}

/// The role of one person.
pub(super) fn role(members: &[MemberRecord], user: UserId) -> Option<Role> {
    members.iter().find(|member| member.user == user).map(|member| member.role)
}

/// Everything about the people of a plan that one update of its record changes.
#[derive(Debug, Clone, Default)]
pub(super) struct People {
    pub(super) members: Vec<MemberRecord>,
    pub(super) decisions: Vec<DecisionRecord>,
    /// Invitations that were made before this change let nobody in who is not.
    pub(super) floor: i64,
    /// The number of the change that is being made.
    pub(super) change: i64,
}

/// What an owner decided about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DecisionRecord {
    user: UserId,
    at: i64,
    role: Option<Role>,
}

impl People {
    /// Gives a member another role. What it was before; `None`: was none, and still is.
    pub(super) fn set_role(&mut self, by: Authority, change: RoleChange) -> Result<Option<Role>> {
        require(&self.members, by)?;
        let Some(before) = role(&self.members, change.user) else { return Ok(None) };
        if change.from.is_some_and(|from| from != before) {
            return Err(StoreError::Conflict(conflict::OTHER_ROLE));
        }
        if before == Role::Owner && change.to != Role::Owner {
            keep_an_owner(&self.members)?;
        }
        self.update(change.user, change.to);
        self.note(change.user, Some(change.to));
        Ok(Some(before))
    }

    /// Takes a member out. `false`: was none.
    pub(super) fn remove(&mut self, by: Authority, user: UserId) -> Result<bool> {
        require(&self.members, by)?;
        let Some(role) = role(&self.members, user) else { return Ok(false) };
        if role == Role::Owner {
            keep_an_owner(&self.members)?;
        }
        self.members.retain(|member| member.user != user);
        if by.user != user {
            self.note(user, None);
        }
        Ok(true)
    }

    /// Adds a member, or gives one this role.
    pub(super) fn admit(&mut self, member: Member) -> Result<()> {
        if role(&self.members, member.user).is_some() {
            self.update(member.user, member.role);
        } else if self.members.len() < MAX_MEMBERS {
            self.members.push(member.into());
        } else {
            return Err(StoreError::Conflict(conflict::FULL));
        }
        Ok(())
    }

    /// The decision about one person that counts, if there is any.
    pub(super) fn decision(&self, user: UserId) -> Option<Decision> {
        let own = self.decisions.iter().find(|decision| decision.user == user);
        let decision = |at: i64, role| Decision { at: u64::try_from(at).unwrap_or(0), role };
        own.map(|own| decision(own.at, own.role))
            .or_else(|| (self.floor > 0).then(|| decision(self.floor, None)))
    }

    fn update(&mut self, user: UserId, role: Role) {
        for known in self.members.iter_mut().filter(|known| known.user == user) {
            known.role = role;
        }
    }

    fn note(&mut self, user: UserId, role: Option<Role>) {
        self.decisions.retain(|decision| decision.user != user);
        // The newest come last: each change has a later number than the one before.
        self.decisions.push(DecisionRecord { user, at: self.change, role });
        if self.decisions.len() > MAX_DECISIONS {
            self.floor = self.decisions.remove(0).at;
        }
    }
}

/// `Conflict` unless who asks is a member with such a role.
pub(super) fn require(members: &[MemberRecord], by: Authority) -> Result<()> {
    match role(members, by.user) {
        None => Err(StoreError::Conflict(conflict::OUTSIDE)),
        Some(role) if role < by.least => Err(StoreError::Conflict(conflict::WEAK)),
        Some(_) => Ok(()),
    }
}

/// Before one of the owners stops being one.
fn keep_an_owner(members: &[MemberRecord]) -> Result<()> {
    let owners = members.iter().filter(|member| member.role == Role::Owner).count();
    if owners < 2 { Err(StoreError::Conflict(conflict::LAST_OWNER)) } else { Ok(()) }
}
