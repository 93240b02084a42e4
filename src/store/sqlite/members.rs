//! Members of plans: never too many, never without an owner.

use rusqlite::{Connection, OptionalExtension};

use super::{
    accounts::account,
    columns::{Time, time},
};
use crate::{
    ids::{DocId, Role, UserId},
    store::{Account, MAX_MEMBERS, Member, Result, StoreError, conflict},
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
        let account = account(row)?;
        let role = row.get("role")?;
        Ok((Member { user: account.id, role, joined: time(row, "joined")? }, account))
    })?;
    Ok(members.collect::<rusqlite::Result<_>>()?)
}

/// Adds a member, or sets the role of one.
pub(super) fn put(db: &Connection, plan: DocId, member: &Member) -> Result<()> {
    match role(db, plan, member.user)? {
        Some(Role::Owner) if member.role != Role::Owner => keep_an_owner(db, plan)?,
        Some(_) => {}
        None => keep_room(db, plan)?,
    }
    let mut upsert = db.prepare_cached(
        "INSERT INTO members (plan, user, role, joined, status, touched)
         SELECT id, ?2, ?3, ?4, status, touched FROM plans WHERE id = ?1
         ON CONFLICT (plan, user) DO UPDATE SET role = excluded.role",
    )?;
    match upsert.execute((plan, member.user, member.role, Time(member.joined)))? {
        0 => Err(StoreError::Conflict(conflict::MISSING)),
        _ => Ok(()),
    }
}

/// Takes a member out.
pub(super) fn remove(db: &Connection, plan: DocId, user: UserId) -> Result<bool> {
    if role(db, plan, user)? == Some(Role::Owner) {
        keep_an_owner(db, plan)?;
    }
    let sql = "DELETE FROM members WHERE plan = ?1 AND user = ?2";
    Ok(db.prepare_cached(sql)?.execute((plan, user))? > 0)
}

/// Before one of the owners stops being one.
fn keep_an_owner(db: &Connection, plan: DocId) -> Result<()> {
    let sql = "SELECT count(*) FROM members WHERE plan = ?1 AND role = ?2";
    let owners: u32 = db.prepare_cached(sql)?.query_one((plan, Role::Owner), |row| row.get(0))?;
    if owners < 2 { Err(StoreError::Conflict(conflict::LAST_OWNER)) } else { Ok(()) }
}

fn keep_room(db: &Connection, plan: DocId) -> Result<()> {
    let sql = "SELECT count(*) FROM members WHERE plan = ?1";
    let members: usize = db.prepare_cached(sql)?.query_one([plan], |row| row.get(0))?;
    if members < MAX_MEMBERS { Ok(()) } else { Err(StoreError::Conflict(conflict::FULL)) }
}
