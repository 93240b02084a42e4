//! Invitations into plans.

use rusqlite::{Connection, OptionalExtension, Row};

use super::columns::{Time, time};
use crate::{
    ids::{DocId, InviteId},
    store::{Invite, Result, TokenHash},
};

/// Keeps an invitation.
pub(super) fn insert(db: &Connection, invite: &Invite) -> Result<()> {
    let Invite { id, plan, token, role, by, created, expires, revoked } = invite;
    let mut insert = db.prepare_cached(
        "INSERT INTO invites (id, plan, token, role, author, created, expires, revoked)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    insert.execute((id, plan, token, role, by, Time(*created), Time(*expires), revoked))?;
    Ok(())
}

/// The invitation with this token, whatever became of it.
pub(super) fn with_token(db: &Connection, token: TokenHash) -> Result<Option<Invite>> {
    let sql = "SELECT * FROM invites WHERE token = ?1";
    Ok(db.prepare_cached(sql)?.query_one([token], invite).optional()?)
}

/// Those of a plan that are not revoked, newest first.
pub(super) fn of_plan(db: &Connection, plan: DocId) -> Result<Vec<Invite>> {
    let mut select = db.prepare_cached(
        "SELECT * FROM invites WHERE plan = ?1 AND NOT revoked ORDER BY created DESC, id DESC",
    )?;
    let invites = select.query_map([plan], invite)?;
    Ok(invites.collect::<rusqlite::Result<_>>()?)
}

/// Ends an invitation that was not ended yet.
pub(super) fn revoke(db: &Connection, plan: DocId, invite: InviteId) -> Result<bool> {
    let sql = "UPDATE invites SET revoked = 1 WHERE id = ?1 AND plan = ?2 AND NOT revoked";
    Ok(db.prepare_cached(sql)?.execute((invite, plan))? > 0)
}

fn invite(row: &Row<'_>) -> rusqlite::Result<Invite> {
    Ok(Invite {
        id: row.get("id")?,
        plan: row.get("plan")?,
        token: row.get("token")?,
        role: row.get("role")?,
        by: row.get("author")?,
        created: time(row, "created")?,
        expires: time(row, "expires")?,
        revoked: row.get("revoked")?,
    })
}
