//! What is kept, one trait an aggregate: the guarantees that every store gives, whichever it is.

use std::sync::Arc;

mod accounts;
mod care;
mod error;
pub mod faulty;
mod hashes;
mod health;
mod idempotency;
mod journal;
pub mod mongo;
mod notices;
mod plans;
mod quarantine;
mod rates;
mod retention;
mod sessions;
pub mod sqlite;
mod versions;

pub use self::{
    accounts::{Account, AccountPatch, Accounts},
    care::{Care, Inspection, Mend, Seen, Stored, StoredEntry, StoredState},
    error::{Result, StoreError, conflict},
    hashes::{PasswordHash, TokenHash},
    health::Health,
    idempotency::{Begun, Idempotency, StoredAnswer},
    journal::{Entry, EntryId, Generation, Journal, Loaded},
    notices::{MAX_NOTICES, NewNotice, Notice, NoticeKind, Notices, Standing},
    plans::{
        Authority, Decision, Invite, InviteEffect, InviteFacts, InviteRule, MAX_DECISIONS,
        MAX_ENDED_INVITES, MAX_MEMBERS, Member, Plan, PlanCursor, PlanStatus, Plans, RoleChange,
        Summaries,
    },
    quarantine::{AsideCause, Quarantine, SetAside},
    rates::{Rates, Taken},
    sessions::{
        Liveness, REUSE_GRACE, RefreshToken, Rotation, Salt, Sessions, Successor, TokenOwner,
        is_in_grace,
    },
    versions::{Version, VersionCause, VersionContent, VersionRoom, Versions},
};
pub use crate::{
    ids::Role,
    language::Language,
    summary::{Counts, Summary},
};

/// Every aggregate of one store.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is its trait")]
pub struct Stores {
    pub journal: Arc<dyn Journal>,
    pub care: Arc<dyn Care>,
    pub quarantine: Arc<dyn Quarantine>,
    pub versions: Arc<dyn Versions>,
    pub accounts: Arc<dyn Accounts>,
    pub sessions: Arc<dyn Sessions>,
    pub rates: Arc<dyn Rates>,
    pub plans: Arc<dyn Plans>,
    pub summaries: Arc<dyn Summaries>,
    pub notices: Arc<dyn Notices>,
    pub idempotency: Arc<dyn Idempotency>,
    pub health: Arc<dyn Health>,
}
