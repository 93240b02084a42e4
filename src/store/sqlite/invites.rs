//! Invitations into plans.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::{
    columns::{Time, time},
    decisions, members,
};
use crate::{
    ids::{DocId, InviteId, UserId},
    store::{Invite, InviteFacts, MAX_ENDED_INVITES, Result, StoreError, TokenHash, conflict},
};

/// Keeps an invitation.
pub(super) fn insert(db: &Connection, invite: &Invite, most: usize) -> Result<()> {
    let Invite { id, plan, token, role, by, created, expires, revoked, .. } = invite;
    let sql = "SELECT count(*) FROM invites WHERE plan = ?1 AND NOT revoked AND expires > ?2";
    let open: usize =
        db.prepare_cached(sql)?.query_one((plan, Time(*created)), |row| row.get(0))?;
    if open >= most {
        return Err(StoreError::Conflict(conflict::INVITES));
    }
    forget_ended(db, *plan, *created)?;
    let mut insert = db.prepare_cached(
        "INSERT INTO invites (id, plan, token, role, author, created, expires, revoked, since)
         SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, changes FROM plans WHERE id = ?2",
    )?;
    match insert.execute((id, plan, token, role, by, Time(*created), Time(*expires), revoked))? {
        0 => Err(StoreError::Conflict(conflict::MISSING)),
        _ => Ok(()),
    }
}

fn forget_ended(db: &Connection, plan: DocId, now: Timestamp) -> Result<()> {
    let mut delete = db.prepare_cached(
        "DELETE FROM invites WHERE id IN
             (SELECT id FROM invites WHERE plan = ?1 AND (revoked OR expires <= ?2)
              ORDER BY created DESC, id DESC LIMIT -1 OFFSET ?3)",
    )?;
    delete.execute((plan, Time(now), MAX_ENDED_INVITES))?;
    Ok(())
}

/// What decides about a person and the invitation with this token.
pub(super) fn facts(
    db: &Connection,
    token: TokenHash,
    user: Option<UserId>,
) -> Result<Option<InviteFacts>> {
    let Some(invite) = with_token(db, token)? else { return Ok(None) };
    let sql = "SELECT status FROM plans WHERE id = ?1";
    let status = db.prepare_cached(sql)?.query_one([invite.plan], |row| row.get(0)).optional()?;
    let Some(status) = status else { return Ok(None) };
    let inviter = members::role(db, invite.plan, invite.by)?;
    let (current, decision) = match user {
        Some(user) => {
            (members::role(db, invite.plan, user)?, decisions::about(db, invite.plan, user)?)
        }
        None => (None, None),
    };
    Ok(Some(InviteFacts { invite, status, inviter, current, decision }))
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
        since: row.get("since")?,
    })
}
