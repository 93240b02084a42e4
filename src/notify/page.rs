//! Notices as their person reads them, over REST and over the socket of the events.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ids::{DocId, Role, UserId},
    store::{NewNotice, Notice, NoticeKind, Standing},
};

/// Some notices, and where the person stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notices)]
pub struct NoticesPage {
    /// Oldest first.
    pub notices: Vec<NoticeView>,
    /// Whether there are later ones.
    pub more: bool,
    /// How many are not read.
    pub unread: u64,
    /// Read up to this one.
    pub read: u64,
    /// The last one; 0: there is none.
    pub last: u64,
}

/// What somebody else did that concerns the person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notice)]
pub struct NoticeView {
    /// Counts from 1, without holes.
    pub seq: u64,
    at: Timestamp,
    kind: NoticeKind,
    trip: TripRef,
    by: PersonRef,
    /// Only where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticeTrip)]
struct TripRef {
    #[schema(value_type = String)]
    id: DocId,
    /// As it was then.
    title: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticeAuthor)]
struct PersonRef {
    #[schema(value_type = String)]
    id: UserId,
    /// Empty for an account that is gone.
    name: String,
}

/// How far a person has read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticesRead)]
pub struct ReadView {
    /// How many are not read.
    pub unread: u64,
    /// Read up to this one.
    pub read: u64,
}

impl NoticesPage {
    pub(super) fn new(
        notices: Vec<Notice>,
        standing: Standing,
        names: &HashMap<UserId, String>,
    ) -> Self {
        let more = notices.last().is_some_and(|newest| newest.seq < standing.last);
        let view = |Notice { seq, at, said }| {
            let NewNotice { kind, trip, title, by, role } = said;
            let name = names.get(&by).cloned().unwrap_or_default();
            let (trip, by) = (TripRef { id: trip, title }, PersonRef { id: by, name });
            NoticeView { seq, at, kind, trip, by, role }
        };
        let notices = notices.into_iter().map(view).collect();
        let Standing { last, read, .. } = standing;
        Self { notices, more, unread: standing.unread(), read, last }
    }
}

impl From<Standing> for ReadView {
    fn from(standing: Standing) -> Self {
        Self { unread: standing.unread(), read: standing.read }
    }
}
