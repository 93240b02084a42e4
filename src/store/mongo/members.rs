//! Members of plans: never too many, never without an owner. They stand in the plan's own record.

use serde::{Deserialize, Serialize};

use super::fields::Time;
use crate::{
    ids::{Role, UserId},
    store::{MAX_MEMBERS, Member, Result, StoreError, conflict},
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

/// Adds a member, or sets the role of one.
pub(super) fn put(members: &mut Vec<MemberRecord>, member: Member) -> Result<()> {
    match role(members, member.user) {
        Some(Role::Owner) if member.role != Role::Owner => keep_an_owner(members)?,
        Some(_) => {}
        None if members.len() >= MAX_MEMBERS => return Err(StoreError::Conflict(conflict::FULL)),
        None => members.push(member.into()),
    }
    for known in members.iter_mut().filter(|known| known.user == member.user) {
        known.role = member.role;
    }
    Ok(())
}

/// Takes a member out. `false`: was none.
pub(super) fn remove(members: &mut Vec<MemberRecord>, user: UserId) -> Result<bool> {
    if role(members, user) == Some(Role::Owner) {
        keep_an_owner(members)?;
    }
    let before = members.len();
    members.retain(|member| member.user != user);
    Ok(members.len() < before)
}

/// Before one of the owners stops being one.
fn keep_an_owner(members: &[MemberRecord]) -> Result<()> {
    let owners = members.iter().filter(|member| member.role == Role::Owner).count();
    if owners < 2 { Err(StoreError::Conflict(conflict::LAST_OWNER)) } else { Ok(()) }
}
