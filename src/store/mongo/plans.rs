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
    members::{self, DecisionRecord, MemberRecord, People},
};
use crate::{
    ids::{DocId, InviteId, Role, UserId},
    store::{
        Account, Authority, Invite, InviteEffect, InviteFacts, InviteRule, Member, Plan,
        PlanCursor, PlanStatus, Plans, Result, RoleChange, StoreError, Summaries, Summary,
        TokenHash, conflict,
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
    #[serde(default)]
    decisions: Vec<DecisionRecord>,
    #[serde(default)]
    floor: i64,
}

impl PlanRecord {
    /// As the next change finds them.
    fn people(&self) -> People {
        People {
            members: self.members.clone(),
            decisions: self.decisions.clone(),
            floor: self.floor,
            change: self.revision.saturating_add(1),
        }
    }
}

impl From<PlanRecord> for Plan {
    fn from(record: PlanRecord) -> Self {
        let PlanRecord { _id, status, summary, created, touched, .. } = record;
        Self { id: _id, status, summary, created: created.0, touched: touched.0 }
    }
}

#[async_trait]
impl Plans for MongoStore {
    async fn create(&self, plan: &Plan, owner: UserId, most: usize) -> Result<()> {
        self.require_account(owner).await?;
        self.keep_few_plans(owner, most).await?;
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
            decisions: Vec::new(),
            floor: 0,
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

    async fn set_status(
        &self,
        id: DocId,
        by: Authority,
        to: PlanStatus,
        now: Timestamp,
    ) -> Result<Option<PlanStatus>> {
        for _ in 0..CHANGE_ATTEMPTS {
            let Some(plan) = self.plan(id).await? else { return Ok(None) };
            members::require(&plan.members, by)?;
            let to = doc! { "status": status(to), "touched": Time(now) };
            let plans = self.plans();
            let update = plans.update_one(as_read(&plan), doc! { "$set": to });
            if within(update).await?.matched_count > 0 {
                return Ok(Some(plan.status));
            }
        }
        Err(too_many_changes())
    }

    async fn membership(&self, id: DocId, user: UserId) -> Result<Option<(Role, PlanStatus)>> {
        let plan = self.plan(id).await?;
        Ok(plan.and_then(|plan| Some((members::role(&plan.members, user)?, plan.status))))
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

    async fn set_role(&self, id: DocId, by: Authority, change: RoleChange) -> Result<Option<Role>> {
        let changed = self.change_people(id, |people| people.set_role(by, change)).await?;
        changed.ok_or(StoreError::Conflict(conflict::OUTSIDE))
    }

    async fn remove_member(&self, id: DocId, by: Authority, user: UserId) -> Result<bool> {
        let changed = self.change_people(id, |people| people.remove(by, user)).await?;
        changed.ok_or(StoreError::Conflict(conflict::OUTSIDE))
    }

    async fn create_invite(&self, invite: &Invite, most: usize) -> Result<()> {
        let Some(plan) = self.plan(invite.plan).await? else {
            return Err(StoreError::Conflict(conflict::MISSING));
        };
        self.insert_invite(invite, plan.revision, most).await
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

    async fn invite_facts(
        &self,
        token: TokenHash,
        user: Option<UserId>,
    ) -> Result<Option<InviteFacts>> {
        let found = self.invite_and_plan(token).await?;
        Ok(found.map(|(invite, plan)| facts(invite, &plan, user)))
    }

    async fn admit(
        &self,
        token: TokenHash,
        user: UserId,
        now: Timestamp,
        rule: InviteRule,
        most: usize,
    ) -> Result<Option<(InviteFacts, InviteEffect)>> {
        self.require_account(user).await?;
        for _ in 0..CHANGE_ATTEMPTS {
            let Some((invite, plan)) = self.invite_and_plan(token).await? else { return Ok(None) };
            let facts = facts(invite, &plan, Some(user));
            let effect = rule(&facts, now);
            let InviteEffect::Granted(role) = effect else { return Ok(Some((facts, effect))) };
            if facts.current.is_none() {
                self.keep_few_plans(user, most).await?;
            }
            let mut people = plan.people();
            people.admit(Member { user, role, joined: now })?;
            if self.put_people(&plan, &people).await? {
                return Ok(Some((facts, effect)));
            }
        }
        Err(too_many_changes())
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

    /// The plan is read before the invitation: one that is taken back after it was read counts a change of the
    /// plan, and what is made on this record fails.
    async fn invite_and_plan(&self, token: TokenHash) -> Result<Option<(Invite, PlanRecord)>> {
        let Some(invite) = self.invite_with(token).await? else { return Ok(None) };
        let Some(plan) = self.plan(invite.plan).await? else { return Ok(None) };
        let again = self.invite_with(token).await?;
        Ok(again.map(|invite| (invite, plan)))
    }

    /// Counts a change of the plan's members: what was decided on the record of before is decided again.
    pub(super) async fn count_change(&self, id: DocId) -> Result<()> {
        let more = doc! { "$inc": { "revision": 1_i64 } };
        within(self.plans().update_one(doc! { "_id": id }, more)).await.map(drop)
    }

    /// `Conflict` if the person has as many plans as they may have.
    async fn keep_few_plans(&self, user: UserId, most: usize) -> Result<()> {
        let mut in_use = 0;
        for of in [PlanStatus::Active, PlanStatus::Archived] {
            let own = doc! { "members.user": user, "status": status(of) };
            in_use += within(self.plans().count_documents(own)).await?;
        }
        let is_few = usize::try_from(in_use).is_ok_and(|in_use| in_use < most);
        if is_few { Ok(()) } else { Err(StoreError::Conflict(conflict::PLANS)) }
    }

    /// Changes the people as they were read, or reads them again. `None`: no such plan.
    async fn change_people<T>(
        &self,
        id: DocId,
        change: impl Fn(&mut People) -> Result<T> + Send,
    ) -> Result<Option<T>> {
        for _ in 0..CHANGE_ATTEMPTS {
            let Some(plan) = self.plan(id).await? else { return Ok(None) };
            let mut people = plan.people();
            let result = change(&mut people)?;
            if self.put_people(&plan, &people).await? {
                return Ok(Some(result));
            }
        }
        Err(too_many_changes())
    }

    /// `false`: the plan is not as it was read any more.
    async fn put_people(&self, read: &PlanRecord, people: &People) -> Result<bool> {
        let to = doc! {
            "members": serialize_to_bson(&people.members).map_err(Error::from)?,
            "decisions": serialize_to_bson(&people.decisions).map_err(Error::from)?,
            "floor": people.floor,
            "revision": people.change,
        };
        let plans = self.plans();
        let update = plans.update_one(as_read(read), doc! { "$set": to });
        Ok(within(update).await?.matched_count > 0)
    }
}

/// The plan, unless its members or its status have changed since.
fn as_read(plan: &PlanRecord) -> mongodb::bson::Document {
    doc! { "_id": plan._id, "revision": plan.revision, "status": status(plan.status) }
}

fn too_many_changes() -> StoreError {
    StoreError::Unavailable("too many change the members of this plan at once".to_owned())
}

fn facts(invite: Invite, plan: &PlanRecord, user: Option<UserId>) -> InviteFacts {
    let inviter = members::role(&plan.members, invite.by);
    let current = user.and_then(|user| members::role(&plan.members, user));
    let decision = user.and_then(|user| plan.people().decision(user));
    InviteFacts { invite, status: plan.status, inviter, current, decision }
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
