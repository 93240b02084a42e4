//! What people are told of what others did.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Result;
use crate::ids::{DocId, Role, UserId};

/// The most notices that are kept of a person: of more, the oldest go.
pub const MAX_NOTICES: u64 = 500;

/// What somebody did that concerns another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Came in by an invitation, with this role.
    Joined,
    /// Left by themselves.
    Left,
    /// Gave the person another role.
    RoleChanged,
    /// Took the person out.
    Removed,
    /// Put the trip into the trash.
    Trashed,
    /// Took the trip out of the trash.
    Untrashed,
    /// Made the document what it was in an older version.
    VersionRestored,
    /// Had the document begin anew.
    BeganAnew,
}

/// What a person is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// What was done.
    pub kind: NoticeKind,
    /// Where.
    pub trip: DocId,
    /// Of the trip, as it was then.
    pub title: String,
    /// By whom.
    pub by: UserId,
    /// The role that it is about, if it is about one.
    pub role: Option<Role>,
}

/// What a person was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Counts what this person was told, from 1, without holes.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub said: NewNotice,
}

/// Where a person stands with what they were told, by numbers of notices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last one; 0: there is none.
    pub last: u64,
    /// Read up to this one.
    pub read: u64,
    /// The oldest one that is kept; 0: there is none.
    pub oldest: u64,
}

impl Standing {
    /// How many are kept and not read.
    pub fn unread(self) -> u64 {
        self.last - self.read.max(self.oldest.saturating_sub(1)).min(self.last)
    }
}

/// What people are told of what others did, numbered for each person without holes.
#[async_trait]
pub trait Notices: Send + Sync {
    /// Keeps a notice for this person, and says its number: the one after the last, or the one that it has
    /// already, if the same was kept as of the same time. Of more than `MAX_NOTICES` the oldest go.
    async fn post(&self, user: UserId, notice: &NewNotice, now: Timestamp) -> Result<u64>;

    /// Those after this number that are kept, oldest first, `limit` at most, and where the person stands.
    async fn since(
        &self,
        user: UserId,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Notice>, Standing)>;

    /// Notes that the person has read everything up to this number, or up to the last if that is less. Never
    /// takes back what was read.
    async fn mark_read(&self, user: UserId, until: u64) -> Result<Standing>;
}
