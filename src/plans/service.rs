//! Plans as things that people have: made, listed, changed, put away.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    access::{Member, in_document},
    auth::{Act, Keys},
    crdt::{Document, Draft, Limits, Projection, Stamp, trip::NewTrip},
    fields::{self, Invalid},
    ids::{DocId, Role, UserId},
    notify::Notifier,
    rooms::Rooms,
    store::{
        Account, Accounts, Journal, Member as PlanMember, Plan, PlanCursor, PlanStatus,
        Plans as PlanStore, Stores, Versions,
    },
};

use super::rules::{PlanError, moved};

/// Everything that is done with plans.
#[derive(Clone)]
pub struct Plans {
    pub(super) plans: Arc<dyn PlanStore>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) versions: Arc<dyn Versions>,
    pub(super) accounts: Arc<dyn Accounts>,
    pub(super) rooms: Rooms,
    pub(super) notify: Notifier,
    pub(super) keys: Keys,
    pub(super) limits: PlanLimits,
}

/// A title, or what is wrong with it.
pub(super) fn parse_title(title: &str) -> Result<String, Invalid> {
    fields::parse_title(title).map_err(|message| Invalid::field("title", message))
}

/// How many of what people may have.
#[derive(Debug, Clone, Copy)]
pub struct PlanLimits {
    /// Plans of a person outside the trash.
    pub plans_per_person: usize,
    /// Invitations of a plan that are open at once.
    pub open_invites: usize,
}

/// A plan as one of its members sees it.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The plan.
    pub plan: Plan,
    /// What the member may do.
    pub role: Role,
    /// Everybody, in the order of joining.
    pub members: Vec<(PlanMember, Account)>,
    /// How many are inside now.
    pub here: usize,
}

/// What a member changes of a plan; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct PlanChange {
    /// An edit of the document.
    pub title: Option<String>,
    /// Archive it, trash it, take it back.
    pub status: Option<PlanStatus>,
}

impl Plans {
    /// Plans in these stores and rooms.
    pub fn new(
        stores: &Stores,
        rooms: Rooms,
        notify: Notifier,
        keys: Keys,
        limits: PlanLimits,
    ) -> Self {
        Self {
            plans: Arc::clone(&stores.plans),
            journal: Arc::clone(&stores.journal),
            versions: Arc::clone(&stores.versions),
            accounts: Arc::clone(&stores.accounts),
            rooms,
            notify,
            keys,
            limits,
        }
    }

    /// Lets a person into a plan, if they are in it.
    pub async fn member(&self, user: UserId, doc: DocId) -> Result<Member, PlanError> {
        Member::find(&*self.plans, doc, user).await?.ok_or(PlanError::NotFound("trip"))
    }

    /// Makes a trip; who makes it owns it.
    pub async fn create(
        &self,
        user: UserId,
        new: NewTrip,
        now: Timestamp,
    ) -> Result<Overview, PlanError> {
        let today = now.to_zoned(TimeZone::UTC).date();
        self.found(user, Draft::Trip(new.draft(today)?), now).await
    }

    /// A person's plans of one status, most recently touched first.
    pub async fn list(
        &self,
        user: UserId,
        status: PlanStatus,
        after: Option<PlanCursor>,
        limit: usize,
    ) -> Result<Vec<Overview>, PlanError> {
        let listed = self.plans.list(user, status, after, limit).await?;
        let mut overviews = Vec::with_capacity(listed.len());
        for (plan, role) in listed {
            overviews.push(self.overview(plan, role).await?);
        }
        Ok(overviews)
    }

    /// One plan.
    pub async fn get(&self, me: &Member) -> Result<Overview, PlanError> {
        let plan = self.plans.get(me.doc).await?.ok_or(PlanError::NotFound("trip"))?;
        self.overview(plan, me.role()).await
    }

    /// Renames a plan, or puts it where it belongs.
    pub async fn change(
        &self,
        me: &Member,
        change: PlanChange,
        now: Timestamp,
    ) -> Result<Overview, PlanError> {
        let title = check(me, &change)?;
        if let Some(title) = &title {
            self.rooms.open_for(me.doc, me.user).await?.rename(title.clone()).await?;
        }
        if let Some(status) = change.status {
            self.set_status(me, status, now).await?;
        }
        let mut overview = self.get(me).await?;
        // The list follows the document in a moment; the answer need not wait for it.
        overview.plan.summary.title = title.unwrap_or(overview.plan.summary.title);
        Ok(overview)
    }

    /// What everybody who may read the document sees.
    pub async fn project(&self, me: &Member) -> Result<Arc<Projection>, PlanError> {
        me.may(Act::Read)?;
        Ok(self.rooms.open_for(me.doc, me.user).await?.project().await?)
    }

    /// Sets the status. In the trash everybody is a reader, from that moment on.
    async fn set_status(
        &self,
        me: &Member,
        status: PlanStatus,
        now: Timestamp,
    ) -> Result<(), PlanError> {
        let (doc, by) = (me.doc, me.with(Act::Manage)?);
        let people = self.plans.members(doc).await?;
        let people: Vec<_> = people.into_iter().map(|(member, _)| member.user).collect();
        let set = self.plans.set_status(doc, by, status, now).await;
        let before = self.or_doubt(doc, &people, set).await?;
        let before = before.ok_or(PlanError::NotFound("trip"))?;
        // Somebody may have come in just now, and another may have set it again since.
        let members = self.plans.members(doc).await;
        let members = self.or_doubt(doc, &people, members).await?;
        let plan = self.plans.get(doc).await;
        let plan = self.or_doubt(doc, &people, plan).await?.ok_or(PlanError::NotFound("trip"))?;
        for (member, _) in members {
            let role = in_document(member.role, plan.status);
            self.rooms.access_changed(doc, member.user, Some(role)).await;
        }
        if let Some(deed) = moved(before, status) {
            self.notify.tell(doc, me.user, deed, now).await;
        }
        Ok(())
    }

    /// Whether somebody may do this now, whatever they might a moment ago.
    pub async fn permit(&self, user: UserId, doc: DocId, act: Act) -> Result<Member, PlanError> {
        let me = self.member(user, doc).await?;
        me.may(act)?;
        Ok(me)
    }

    /// Makes a plan with this content. The document comes first: a plan without one could not be opened, a
    /// document without a plan is seen by nobody.
    pub(super) async fn found(
        &self,
        owner: UserId,
        draft: Draft,
        now: Timestamp,
    ) -> Result<Overview, PlanError> {
        let id = DocId::new(draft.kind());
        let state = draft.by(Stamp { by: owner.to_string(), ts: now.as_millisecond() }).encode();
        let summary = Document::load(id.kind(), &state, [], Limits::default())
            .map_err(|error| PlanError::Failed(format!("a draft makes no document: {error}")))?
            .summary();
        self.journal.create(id, state.into()).await?;
        let plan = Plan { id, status: PlanStatus::Active, summary, created: now, touched: now };
        self.plans.create(&plan, owner, self.limits.plans_per_person).await?;
        self.overview(plan, Role::Owner).await
    }

    pub(super) async fn overview(&self, plan: Plan, role: Role) -> Result<Overview, PlanError> {
        let members = self.plans.members(plan.id).await?;
        let here = self.rooms.present(plan.id);
        Ok(Overview { plan, role, members, here })
    }
}

/// Whether the change may be made, and the title as it will be.
fn check(me: &Member, change: &PlanChange) -> Result<Option<String>, PlanError> {
    if change.status.is_some() {
        me.may(Act::Manage)?;
    }
    let Some(title) = &change.title else { return Ok(None) };
    // Who takes a plan out of the trash may rename it in the same breath.
    match change.status {
        None | Some(PlanStatus::Trashed) => me.may(Act::Edit)?,
        Some(status) => me.in_status(status).may(Act::Edit)?,
    }
    Ok(Some(parse_title(title)?))
}
