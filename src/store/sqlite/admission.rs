//! Lets people into plans by invitations.

use jiff::Timestamp;
use rusqlite::Connection;

use super::{decisions, invites, members};
use crate::{
    ids::UserId,
    store::{InviteEffect, InviteFacts, InviteRule, Member, Result, TokenHash},
};

/// Lets a person in by an invitation as far as the rule says.
pub(super) fn admit(
    db: &Connection,
    token: TokenHash,
    user: UserId,
    now: Timestamp,
    rule: InviteRule,
    most: usize,
) -> Result<Option<(InviteFacts, InviteEffect)>> {
    let Some(facts) = invites::facts(db, token, Some(user))? else { return Ok(None) };
    let effect = rule(&facts, now);
    if let InviteEffect::Granted(role) = effect {
        let plan = facts.invite.plan;
        if facts.current.is_some() {
            members::update(db, plan, user, role)?;
        } else {
            members::keep_room(db, plan)?;
            members::keep_few_plans(db, user, most)?;
            members::insert(db, plan, &Member { user, role, joined: now })?;
        }
        decisions::count_change(db, plan)?;
    }
    Ok(Some((facts, effect)))
}
