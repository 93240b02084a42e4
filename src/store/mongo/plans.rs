//! Trips as things with a status, a summary and members, all in one record each; invitations are beside.

use async_trait::async_trait;
use jiff::Timestamp;
use mongodb::{
    Collection,
    bson::{doc, serialize_to_bson},
    error::Error,
};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    calls::{all, documents_after, within},
    connect,
    fields::{Time, status},
    members::{self, MemberRecord},
};
use crate::{
    ids::{DocId, InviteId, Role, UserId},
    store::{
        Account, Invite, Member, Plan, PlanCursor, PlanStatus, Plans, Result, StoreError,
        Summaries, Summary, TokenHash, conflict,
    },
};

/// How often a change of members begins anew because another one was faster. Each time one of them is done.
const CHANGE_ATTEMPTS: usize = 64;

#[derive(Serialize, Deserialize)]
struct PlanRecord {
    _id: DocId,
    /// The same as `_id`, for the index.
    plan: DocId,
    status: PlanStatus,
    summary: Summary,
    created: Time,
    touched: Time,
    /// Counts the changes of members: each is made on what was read.
    revision: i64,
    members: Vec<MemberRecord>,
}

impl From<PlanRecord> for Plan {
    fn from(record: PlanRecord) -> Self {
        let PlanRecord { _id, status, summary, created, touched, .. } = record;
        Self { id: _id, status, summary, created: created.0, touched: touched.0 }
    }
}

#[async_trait]
impl Plans for MongoStore {
    async fn create(&self, plan: &Plan, owner: UserId) -> Result<()> {
        self.require_account(owner).await?;
        let Plan { id, status, summary, created, touched } = plan.clone();
        let member = Member { user: owner, role: Role::Owner, joined: created };
        let (created, touched, members) = (Time(created), Time(touched), vec![member.into()]);
        let record = PlanRecord {
            _id: id,
            plan: id,
            status,
            summary,
            created,
            touched,
            revision: 0,
            members,
        };
        within(self.plans().insert_one(record)).await.map(drop)
    }

    async fn ids(&self, after: Option<DocId>, limit: usize) -> Result<Vec<DocId>> {
        documents_after(&self.plans(), after, limit).await
    }

    async fn get(&self, id: DocId) -> Result<Option<Plan>> {
        Ok(self.plan(id).await?.map(Plan::from))
    }

    async fn list(
        &self,
        user: UserId,
        status: PlanStatus,
        after: Option<PlanCursor>,
        limit: usize,
    ) -> Result<Vec<(Plan, Role)>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // In the order of the index on just these fields.
        let order = doc! { "touched": -1, "plan": -1 };
        let plans = self.plans();
        let find = plans.find(page(user, status, after)).sort(order).limit(limit);
        let found = all(find).await?.into_iter();
        let with_role = |plan: PlanRecord| Some((members::role(&plan.members, user)?, plan));
        Ok(found.filter_map(with_role).map(|(role, plan)| (plan.into(), role)).collect())
    }

    async fn set_status(&self, id: DocId, to: PlanStatus, now: Timestamp) -> Result<bool> {
        let to = doc! { "$set": { "status": status(to), "touched": Time(now) } };
        let update = within(self.plans().update_one(doc! { "_id": id }, to)).await?;
        Ok(update.matched_count > 0)
    }

    async fn role(&self, id: DocId, user: UserId) -> Result<Option<Role>> {
        let plan = self.plan(id).await?;
        Ok(plan.and_then(|plan| members::role(&plan.members, user)))
    }

    async fn members(&self, id: DocId) -> Result<Vec<(Member, Account)>> {
        let Some(plan) = self.plan(id).await? else { return Ok(Vec::new()) };
        let mut accounts = self.accounts_of(plan.members.iter().map(|member| member.user)).await?;
        let with_account =
            |member: &MemberRecord| Some((member.into(), accounts.remove(&member.user)?));
        let mut members: Vec<(Member, Account)> =
            plan.members.iter().filter_map(with_account).collect();
        members.sort_by_key(|(member, _)| (member.joined, member.user));
        Ok(members)
    }

    async fn put_member(&self, id: DocId, member: &Member) -> Result<()> {
        self.require_account(member.user).await?;
        let changed = self.change_members(id, |members| members::put(members, *member)).await?;
        changed.ok_or(StoreError::Conflict(conflict::MISSING))
    }

    async fn remove_member(&self, id: DocId, user: UserId) -> Result<bool> {
        let removed = self.change_members(id, |members| members::remove(members, user)).await?;
        Ok(removed.unwrap_or(false))
    }

    async fn create_invite(&self, invite: &Invite) -> Result<()> {
        if self.plan(invite.plan).await?.is_none() {
            return Err(StoreError::Conflict(conflict::MISSING));
        }
        self.insert_invite(invite).await
    }

    async fn invite(&self, token: TokenHash) -> Result<Option<Invite>> {
        self.invite_with(token).await
    }

    async fn invites(&self, id: DocId) -> Result<Vec<Invite>> {
        self.invites_of(id).await
    }

    async fn revoke_invite(&self, id: DocId, invite: InviteId) -> Result<bool> {
        self.end_invite(id, invite).await
    }
}

#[async_trait]
impl Summaries for MongoStore {
    async fn set_summary(&self, id: DocId, summary: &Summary, now: Timestamp) -> Result<()> {
        let summary = serialize_to_bson(summary).map_err(Error::from)?;
        let to = doc! { "$set": { "summary": summary, "touched": Time(now) } };
        within(self.plans().update_one(doc! { "_id": id }, to)).await.map(drop)
    }
}

impl MongoStore {
    fn plans(&self) -> Collection<PlanRecord> {
        self.database.collection(connect::PLANS)
    }

    async fn plan(&self, id: DocId) -> Result<Option<PlanRecord>> {
        within(self.plans().find_one(doc! { "_id": id })).await
    }

    /// Changes the members as they were read, or reads them again. `None`: no such plan.
    async fn change_members<T>(
        &self,
        id: DocId,
        change: impl Fn(&mut Vec<MemberRecord>) -> Result<T> + Send,
    ) -> Result<Option<T>> {
        for _ in 0..CHANGE_ATTEMPTS {
            let Some(PlanRecord { mut members, revision, .. }) = self.plan(id).await? else {
                return Ok(None);
            };
            let result = change(&mut members)?;
            let as_read = doc! { "_id": id, "revision": revision };
            let members = serialize_to_bson(&members).map_err(Error::from)?;
            let to = doc! { "$set": { "members": members, "revision": revision + 1 } };
            if within(self.plans().update_one(as_read, to)).await?.matched_count > 0 {
                return Ok(Some(result));
            }
        }
        let text = "too many change the members of this plan at once";
        Err(StoreError::Unavailable(text.to_owned()))
    }
}

/// A person's plans of one status, after the cursor.
fn page(user: UserId, of: PlanStatus, after: Option<PlanCursor>) -> mongodb::bson::Document {
    let mut query = doc! { "members.user": user, "status": status(of) };
    if let Some(PlanCursor { touched, id }) = after {
        let touched = Time(touched);
        // The first bounds the index, the second decides among those of one time.
        query.insert("touched", doc! { "$lte": touched });
        query.insert(
            "$or",
            vec![doc! { "touched": { "$lt": touched } }, doc! { "plan": { "$lt": id } }],
        );
    }
    query
}
