//! What owners decided about people, in the order of the changes of a plan's members.

use rusqlite::{Connection, OptionalExtension};

use crate::{
    ids::{DocId, Role, UserId},
    store::{Decision, MAX_DECISIONS, Result},
};

/// The decision about one person that counts, if there is any.
pub(super) fn about(db: &Connection, plan: DocId, user: UserId) -> Result<Option<Decision>> {
    let sql = "SELECT at, role FROM decisions WHERE plan = ?1 AND user = ?2";
    let own = db
        .prepare_cached(sql)?
        .query_one((plan, user), |row| Ok(Decision { at: row.get("at")?, role: row.get("role")? }));
    if let Some(own) = own.optional()? {
        return Ok(Some(own));
    }
    let sql = "SELECT floor FROM plans WHERE id = ?1";
    let floor = db.prepare_cached(sql)?.query_one([plan], |row| row.get(0)).optional()?;
    Ok(floor.filter(|floor| *floor > 0).map(|at| Decision { at, role: None }))
}

/// Counts one more change of the members: invitations that are made from now on are newer.
pub(super) fn count_change(db: &Connection, plan: DocId) -> Result<()> {
    let sql = "UPDATE plans SET changes = changes + 1 WHERE id = ?1";
    db.prepare_cached(sql)?.execute([plan])?;
    Ok(())
}

/// Notes a change that was an owner's decision about a person.
pub(super) fn note(db: &Connection, plan: DocId, user: UserId, role: Option<Role>) -> Result<()> {
    count_change(db, plan)?;
    let mut upsert = db.prepare_cached(
        "INSERT INTO decisions (plan, user, at, role)
         SELECT id, ?2, changes, ?3 FROM plans WHERE id = ?1
         ON CONFLICT (plan, user) DO UPDATE SET at = excluded.at, role = excluded.role",
    )?;
    upsert.execute((plan, user, role))?;
    let sql = "SELECT at FROM decisions WHERE plan = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2";
    let too_many = db.prepare_cached(sql)?.query_one((plan, MAX_DECISIONS), |row| row.get(0));
    let Some(oldest): Option<u64> = too_many.optional()? else { return Ok(()) };
    let sql = "DELETE FROM decisions WHERE plan = ?1 AND at <= ?2";
    db.prepare_cached(sql)?.execute((plan, oldest))?;
    let sql = "UPDATE plans SET floor = ?2 WHERE id = ?1";
    db.prepare_cached(sql)?.execute((plan, oldest))?;
    Ok(())
}
