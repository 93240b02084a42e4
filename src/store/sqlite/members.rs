//! Members of plans: never too many, never without an owner, and each change made by who may make it then.

use rusqlite::{Connection, OptionalExtension};

use super::{
    accounts::account,
    columns::{Time, time},
    decisions,
};
use crate::{
    ids::{DocId, Role, UserId},
    store::{
        Account, Authority, MAX_MEMBERS, Member, PlanStatus, Result, RoleChange, StoreError,
        conflict,
    },
};

/// The role of one person.
pub(super) fn role(db: &Connection, plan: DocId, user: UserId) -> Result<Option<Role>> {
    let sql = "SELECT role FROM members WHERE plan = ?1 AND user = ?2";
    Ok(db.prepare_cached(sql)?.query_one((plan, user), |row| row.get(0)).optional()?)
}

/// All members with their accounts, in the order of joining.
pub(super) fn all(db: &Connection, plan: DocId) -> Result<Vec<(Member, Account)>> {
    let mut select = db.prepare_cached(
        "SELECT accounts.*, role, joined FROM members JOIN accounts ON accounts.id = members.user
         WHERE plan = ?1 ORDER BY joined, accounts.id",
    )?;
    let members = select.query_map([plan], |row| {
        let found = account(row).and_then(|account| {
            let (user, role) = (account.id, row.get("role")?);
            Ok((Member { user, role, joined: time(row, "joined")? }, account))
        });
        // What is damaged in one member hides no other.
        Ok(found.inspect_err(|error| tracing::error!(%error, "a member can't be listed")).ok())
    })?;
    let members: Vec<_> = members.collect::<rusqlite::Result<_>>()?;
    Ok(members.into_iter().flatten().collect())
}

/// Makes the first member of a new plan.
pub(super) fn found(db: &Connection, plan: DocId, member: &Member, most: usize) -> Result<()> {
    keep_few_plans(db, member.user, most)?;
    insert(db, plan, member)
}

/// Gives a member another role. What it was before; `None`: was none, and still is.
pub(super) fn set_role(
    db: &Connection,
    plan: DocId,
    by: Authority,
    change: &RoleChange,
) -> Result<Option<Role>> {
    require(db, plan, by)?;
    let Some(before) = role(db, plan, change.user)? else { return Ok(None) };
    if change.from.is_some_and(|from| from != before) {
        return Err(StoreError::Conflict(conflict::OTHER_ROLE));
    }
    if before == Role::Owner && change.to != Role::Owner {
        keep_an_owner(db, plan)?;
    }
    update(db, plan, change.user, change.to)?;
    decisions::note(db, plan, change.user, Some(change.to))?;
    Ok(Some(before))
}

/// Takes a member out. `false`: was none.
pub(super) fn remove(db: &Connection, plan: DocId, by: Authority, user: UserId) -> Result<bool> {
    require(db, plan, by)?;
    if role(db, plan, user)? == Some(Role::Owner) {
        keep_an_owner(db, plan)?;
    }
    let sql = "DELETE FROM members WHERE plan = ?1 AND user = ?2";
    let is_out = db.prepare_cached(sql)?.execute((plan, user))? > 0;
    if is_out && by.user != user {
        decisions::note(db, plan, user, None)?;
    }
    Ok(is_out)
}

/// `Conflict` unless who asks is a member with such a role now.
pub(super) fn require(db: &Connection, plan: DocId, by: Authority) -> Result<()> {
    match role(db, plan, by.user)? {
        None => Err(StoreError::Conflict(conflict::OUTSIDE)),
        Some(role) if role < by.least => Err(StoreError::Conflict(conflict::WEAK)),
        Some(_) => Ok(()),
    }
}

pub(super) fn insert(db: &Connection, plan: DocId, member: &Member) -> Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO members (plan, user, role, joined, status, touched)
         SELECT id, ?2, ?3, ?4, status, touched FROM plans WHERE id = ?1",
    )?;
    match insert.execute((plan, member.user, member.role, Time(member.joined)))? {
        0 => Err(StoreError::Conflict(conflict::MISSING)),
        _ => Ok(()),
    }
}

pub(super) fn update(db: &Connection, plan: DocId, user: UserId, role: Role) -> Result<()> {
    let sql = "UPDATE members SET role = ?3 WHERE plan = ?1 AND user = ?2";
    db.prepare_cached(sql)?.execute((plan, user, role))?;
    Ok(())
}

/// Before one of the owners stops being one.
fn keep_an_owner(db: &Connection, plan: DocId) -> Result<()> {
    let sql = "SELECT count(*) FROM members WHERE plan = ?1 AND role = ?2";
    let owners: u32 = db.prepare_cached(sql)?.query_one((plan, Role::Owner), |row| row.get(0))?;
    if owners < 2 { Err(StoreError::Conflict(conflict::LAST_OWNER)) } else { Ok(()) }
}

pub(super) fn keep_room(db: &Connection, plan: DocId) -> Result<()> {
    let sql = "SELECT count(*) FROM members WHERE plan = ?1";
    let members: usize = db.prepare_cached(sql)?.query_one([plan], |row| row.get(0))?;
    if members < MAX_MEMBERS { Ok(()) } else { Err(StoreError::Conflict(conflict::FULL)) }
}

/// Before a person gets one more.
pub(super) fn keep_few_plans(db: &Connection, user: UserId, most: usize) -> Result<()> {
    let sql = "SELECT count(*) FROM members WHERE user = ?1 AND status IN (?2, ?3)";
    let in_use = (user, PlanStatus::Active, PlanStatus::Archived);
    let plans: usize = db.prepare_cached(sql)?.query_one(in_use, |row| row.get(0))?;
    if plans < most { Ok(()) } else { Err(StoreError::Conflict(conflict::PLANS)) }
}
