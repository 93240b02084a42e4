//! Trips as things with a status and a summary; members and invitations are in the files beside.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    SqliteStore, admission,
    columns::{DateColumn, Time, counts, date, time},
    invites,
    lookup::{is_the_one, look_up},
    members,
};
use crate::{
    ids::{DocId, InviteId, Role, UserId},
    store::{
        Account, Authority, Invite, InviteEffect, InviteFacts, InviteRule, Member, Plan,
        PlanCursor, PlanStatus, Plans, Result, RoleChange, Summaries, Summary, TokenHash,
    },
};

#[async_trait]
impl Plans for SqliteStore {
    async fn create(&self, plan: &Plan, owner: UserId, most: usize) -> Result<()> {
        let plan = plan.clone();
        self.write(0, move |db| {
            insert(db, &plan)?;
            let member = Member { user: owner, role: Role::Owner, joined: plan.created };
            members::found(db, plan.id, &member, most)
        })
        .await
    }

    async fn ids(&self, after: Option<DocId>, limit: usize) -> Result<Vec<DocId>> {
        self.read(move |db| {
            let sql = "SELECT id FROM plans WHERE id > ?1 ORDER BY id LIMIT ?2";
            let after = after.map_or_else(String::new, |id| id.to_string());
            let mut select = db.prepare_cached(sql)?;
            let ids = select.query_map((after, limit), |row| row.get(0))?;
            Ok(ids.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn get(&self, id: DocId) -> Result<Option<Plan>> {
        self.read(move |db| {
            look_up(|way| {
                let found = db.prepare_cached(way.of(&BY_ID))?.query_one([id], plan).optional()?;
                found.as_ref().map_or(Ok(()), |found| is_the_one(&found.id, &id))?;
                Ok(found)
            })
        })
        .await
    }

    async fn list(
        &self,
        user: UserId,
        status: PlanStatus,
        after: Option<PlanCursor>,
        limit: usize,
    ) -> Result<Vec<(Plan, Role)>> {
        self.read(move |db| list(db, user, status, after, limit)).await
    }

    async fn set_status(
        &self,
        id: DocId,
        by: Authority,
        to: PlanStatus,
        now: Timestamp,
    ) -> Result<Option<PlanStatus>> {
        self.write(0, move |db| set_status(db, id, by, to, now)).await
    }

    async fn membership(&self, id: DocId, user: UserId) -> Result<Option<(Role, PlanStatus)>> {
        self.read(move |db| {
            look_up(|way| {
                let found =
                    db.prepare_cached(way.of(&BY_ID_WITH_ROLE))?.query_one((id, user), |row| {
                        Ok((plan(row)?, row.get::<_, Option<Role>>("member_role")?))
                    });
                let Some((found, role)) = found.optional()? else { return Ok(None) };
                is_the_one(&found.id, &id)?;
                Ok(role.map(|role| (role, found.status)))
            })
        })
        .await
    }

    async fn members(&self, id: DocId) -> Result<Vec<(Member, Account)>> {
        self.read(move |db| members::all(db, id)).await
    }

    async fn set_role(&self, id: DocId, by: Authority, change: RoleChange) -> Result<Option<Role>> {
        self.write(0, move |db| members::set_role(db, id, by, &change)).await
    }

    async fn remove_member(&self, id: DocId, by: Authority, user: UserId) -> Result<bool> {
        self.write(0, move |db| members::remove(db, id, by, user)).await
    }

    async fn create_invite(&self, invite: &Invite, most: usize) -> Result<()> {
        let invite = invite.clone();
        self.write(0, move |db| invites::insert(db, &invite, most)).await
    }

    async fn invite(&self, token: TokenHash) -> Result<Option<Invite>> {
        self.read(move |db| invites::with_token(db, token)).await
    }

    async fn invites(&self, id: DocId) -> Result<Vec<Invite>> {
        self.read(move |db| invites::of_plan(db, id)).await
    }

    async fn revoke_invite(&self, id: DocId, invite: InviteId) -> Result<bool> {
        self.write(0, move |db| invites::revoke(db, id, invite)).await
    }

    async fn invite_facts(
        &self,
        token: TokenHash,
        user: Option<UserId>,
    ) -> Result<Option<InviteFacts>> {
        self.read(move |db| invites::facts(db, token, user)).await
    }

    async fn admit(
        &self,
        token: TokenHash,
        user: UserId,
        now: Timestamp,
        rule: InviteRule,
        most: usize,
    ) -> Result<Option<(InviteFacts, InviteEffect)>> {
        self.write(0, move |db| admission::admit(db, token, user, now, rule, most)).await
    }
}

#[async_trait]
impl Summaries for SqliteStore {
    async fn set_summary(&self, id: DocId, summary: &Summary, now: Timestamp) -> Result<()> {
        let summary = summary.clone();
        self.write(0, move |db| set_summary(db, id, &summary, now)).await
    }
}

fn insert(db: &Connection, plan: &Plan) -> Result<()> {
    let Summary { title, start, end, counts, cover, color } = &plan.summary;
    let mut insert = db.prepare_cached(
        "INSERT INTO plans (id, status, title, starts, ends, days, cards, places,
                            cover, color, created, touched)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    insert.execute(params![
        plan.id,
        plan.status,
        title,
        start.map(DateColumn),
        end.map(DateColumn),
        counts.days,
        counts.cards,
        counts.places,
        cover,
        color,
        Time(plan.created),
        Time(plan.touched),
    ])?;
    Ok(())
}

fn set_status(
    db: &Connection,
    id: DocId,
    by: Authority,
    to: PlanStatus,
    now: Timestamp,
) -> Result<Option<PlanStatus>> {
    let sql = "SELECT status FROM plans WHERE id = ?1";
    let before = db.prepare_cached(sql)?.query_one([id], |row| row.get(0)).optional()?;
    if before.is_some() {
        members::require(db, id, by)?;
        let sql = "UPDATE plans SET status = ?2, touched = ?3 WHERE id = ?1";
        db.prepare_cached(sql)?.execute((id, to, Time(now)))?;
    }
    Ok(before)
}

fn set_summary(db: &Connection, id: DocId, summary: &Summary, now: Timestamp) -> Result<()> {
    let Summary { title, start, end, counts, cover, color } = summary;
    let mut update = db.prepare_cached(
        "UPDATE plans SET title = ?2, starts = ?3, ends = ?4, days = ?5, cards = ?6, places = ?7,
                          cover = ?8, color = ?9, touched = ?10
         WHERE id = ?1",
    )?;
    update.execute(params![
        id,
        title,
        start.map(DateColumn),
        end.map(DateColumn),
        counts.days,
        counts.cards,
        counts.places,
        cover,
        color,
        Time(now),
    ])?;
    Ok(())
}

/// By the rowid outside, so that what is found is the row's own and not the index's.
const BY_ID: [&str; 2] = [
    "SELECT own.* FROM (SELECT rowid AS found FROM plans WHERE id = ?1)
     LEFT JOIN plans AS own ON own.rowid = found",
    "SELECT * FROM plans NOT INDEXED WHERE id = ?1",
];

/// The same with the role of one person in it, if they have one.
const BY_ID_WITH_ROLE: [&str; 2] = [
    "SELECT own.*, members.role AS member_role FROM (SELECT rowid AS found FROM plans WHERE id = ?1)
     LEFT JOIN plans AS own ON own.rowid = found
     LEFT JOIN members ON members.plan = ?1 AND members.user = ?2",
    "SELECT plans.*, members.role AS member_role FROM plans NOT INDEXED
     LEFT JOIN members ON members.plan = ?1 AND members.user = ?2 WHERE id = ?1",
];

/// A page in the order of the index `members_by_user`, read backwards.
pub(super) const LIST: &str = "
    SELECT plans.*, members.role FROM members JOIN plans ON plans.id = members.plan
    WHERE members.user = ?1 AND members.status = ?2 AND (members.touched, members.plan) < (?3, ?4)
    ORDER BY members.touched DESC, members.plan DESC LIMIT ?5";

fn list(
    db: &Connection,
    user: UserId,
    status: PlanStatus,
    after: Option<PlanCursor>,
    limit: usize,
) -> Result<Vec<(Plan, Role)>> {
    let touched = after.map_or(Timestamp::MAX, |cursor| cursor.touched);
    let id = after.map_or_else(String::new, |cursor| cursor.id.to_string());
    let mut select = db.prepare_cached(LIST)?;
    let page = select.query_map((user, status, Time(touched), id, limit), |row| {
        let found = plan(row).and_then(|plan| Ok((plan, row.get("role")?)));
        // What is damaged in one plan hides no other.
        Ok(found.inspect_err(|error| tracing::error!(%error, "a plan can't be listed")).ok())
    })?;
    let page: Vec<_> = page.collect::<rusqlite::Result<_>>()?;
    Ok(page.into_iter().flatten().collect())
}

fn plan(row: &Row<'_>) -> rusqlite::Result<Plan> {
    let summary = Summary {
        title: row.get("title")?,
        start: date(row, "starts")?,
        end: date(row, "ends")?,
        counts: counts(row)?,
        cover: row.get("cover")?,
        color: row.get("color")?,
    };
    Ok(Plan {
        id: row.get("id")?,
        status: row.get("status")?,
        summary,
        created: time(row, "created")?,
        touched: time(row, "touched")?,
    })
}
