//! Versions of a plan: saved by hand, read, restored as an edit, copied into a plan of one's own.

use jiff::Timestamp;
use ulid::Ulid;

use super::{
    rules::PlanError,
    service::{Overview, Plans, parse_title},
};
use crate::{
    access::Member,
    auth::Act,
    crdt::{Draft, Projection},
    documents::{Saved, Turn},
    fields::{Invalid, parse_line},
    ids::{DocId, UserId, VersionId},
    notify::Deed,
    rooms::{Renewed, Restored},
    store::{Account, Version},
};

/// The most characters of a version's name.
const NAME_MAX: usize = 80;
/// Reading a version takes so many times its bytes, until it is written as an answer …
const READING: usize = 8;
/// … and making a document of it so many.
const COPYING: usize = 24;

/// A version and who made it; `None` if that account is gone.
#[derive(Debug, Clone)]
pub struct SavedVersion {
    /// The version.
    pub version: Version,
    /// Its author.
    pub by: Option<Account>,
}

impl Plans {
    /// Saves the document as it is now. The newest version, and not a new one, where that has it already; whether
    /// it is new is said as well.
    pub async fn save(
        &self,
        me: &Member,
        name: Option<&str>,
    ) -> Result<(SavedVersion, bool), PlanError> {
        me.may(Act::Save)?;
        let name = name.map(|name| parse_line(name, NAME_MAX)).transpose();
        let name = name.map_err(|message| Invalid::field("name", message))?;
        let Saved { version, is_new } =
            self.rooms.open_for(me.doc, me.user).await?.save(name, me.user).await?;
        Ok((self.with_author(version).await?, is_new))
    }

    /// Versions, newest first.
    pub async fn versions(
        &self,
        me: &Member,
        before: Option<VersionId>,
        limit: usize,
    ) -> Result<Vec<SavedVersion>, PlanError> {
        me.may(Act::Read)?;
        let mut versions = Vec::with_capacity(limit);
        for version in self.versions.list(me.doc, before, limit).await? {
            versions.push(self.with_author(version).await?);
        }
        Ok(versions)
    }

    /// One version with what it shows, for a member of its plan. The turn is to be held while that is in memory.
    pub async fn version(
        &self,
        user: UserId,
        id: VersionId,
    ) -> Result<(Member, SavedVersion, Projection, Turn), PlanError> {
        self.read_version(user, id, READING).await
    }

    async fn read_version(
        &self,
        user: UserId,
        id: VersionId,
        times: usize,
    ) -> Result<(Member, SavedVersion, Projection, Turn), PlanError> {
        let turn = self.rooms.turn_for_largest(times).await?;
        let found = self.versions.get(id).await?;
        let (version, content) = found.ok_or(PlanError::NotFound("version"))?;
        let me = match self.member(user, version.doc).await {
            Err(PlanError::NotFound(_)) => Err(PlanError::NotFound("version")),
            other => other,
        }?;
        let projection = Projection::parse(version.doc.kind(), &content.projection)
            .map_err(|error| PlanError::Failed(format!("the projection of {id}: {error}")))?;
        Ok((me, self.with_author(version).await?, projection, turn))
    }

    /// Whether somebody may do this now with the document of a version; which one that is.
    pub async fn permit_with_version(
        &self,
        user: UserId,
        id: VersionId,
        act: Act,
    ) -> Result<DocId, PlanError> {
        let doc = self.versions.document(id).await?.ok_or(PlanError::NotFound("version"))?;
        match self.permit(user, doc, act).await {
            Err(PlanError::NotFound(_)) => Err(PlanError::NotFound("version")),
            other => other.map(|me| me.doc),
        }
    }

    /// Makes the document what it was, by an edit that everybody gets and that can be undone.
    pub async fn restore(
        &self,
        user: UserId,
        id: VersionId,
    ) -> Result<(SavedVersion, SavedVersion), PlanError> {
        // What it shows is of no interest: the next step waits for a turn of its own.
        let (me, ..) = self.version(user, id).await?;
        me.may(Act::Save)?;
        let Restored { before, after } =
            self.rooms.open_for(me.doc, me.user).await?.restore(id, user).await?;
        self.notify.tell(me.doc, user, Deed::VersionRestored, Timestamp::now()).await;
        Ok((self.with_author(before).await?, self.with_author(after).await?))
    }

    /// Has the document begin anew. The epoch that has begun, and the state before.
    pub async fn renew(&self, me: &Member) -> Result<(u64, SavedVersion), PlanError> {
        me.may(Act::Renew)?;
        let Renewed { before, epoch } =
            self.rooms.open_for(me.doc, me.user).await?.renew(me.user).await?;
        self.notify.tell(me.doc, me.user, Deed::BeganAnew, Timestamp::now()).await;
        Ok((epoch, self.with_author(before).await?))
    }

    /// Makes a plan of one's own out of a version. What is private in it stays behind.
    pub async fn copy(
        &self,
        user: UserId,
        id: VersionId,
        title: Option<&str>,
        now: Timestamp,
    ) -> Result<Overview, PlanError> {
        let (me, _, projection, _turn) = self.read_version(user, id, COPYING).await?;
        me.may(Act::Read)?;
        let mut draft = Draft::copy_of(projection, || Ulid::generate().to_string());
        if let Some(title) = title {
            draft = draft.titled(parse_title(title)?);
        }
        self.found(user, draft, now).await
    }

    async fn with_author(&self, version: Version) -> Result<SavedVersion, PlanError> {
        let by = self.accounts.get(version.by).await?;
        Ok(SavedVersion { version, by })
    }
}
