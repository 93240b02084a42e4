//! What is kept, one trait an aggregate: the guarantees that every store gives, whichever it is.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use crate::{
    ids::{DocId, FamilyId, InviteId, UserId, VersionId},
    quota::Quota,
};

pub mod faulty;
mod inspection;
pub mod mongo;
mod records;
mod retention;
pub mod sqlite;

pub use inspection::*;
pub use records::*;
pub use retention::VersionRoom;

/// How long after its exchange a refresh token still leads to its successor.
pub const REUSE_GRACE: SignedDuration = SignedDuration::from_secs(60);

/// Whether a token that was exchanged then is still in its grace. A time that lies far ahead is of a clock that was
/// wrong, and counts as long ago.
pub fn is_in_grace(exchanged: Timestamp, now: Timestamp) -> bool {
    now.duration_since(exchanged).abs() < REUSE_GRACE
}

pub use crate::ids::Role;

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It can't be reached, is full, or failed: the same call may succeed later. Nothing was changed,
    /// or the whole call was carried out and only its answer is lost.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What it holds can't be read: trying again won't help, and nothing may be written over it.
    #[error("the store holds damaged data: {0}")]
    Corrupt(String),
    /// Another writer was faster, or the record is there already. Nothing was changed.
    #[error("conflict: {0}")]
    Conflict(&'static str),
}

/// Why a call was a conflict, in the words that every store uses.
pub mod conflict {
    /// The record is there already.
    pub const EXISTS: &str = "it exists already";
    /// What the call names, or what its record refers to, is not there.
    pub const MISSING: &str = "it does not exist";
    /// Somebody else folded this document since it was loaded.
    pub const FOLDED: &str = "the document was folded since";
    /// The document is in another epoch.
    pub const OTHER_EPOCH: &str = "the document began anew";
    /// Something was appended to this document, or it was folded, since it was inspected.
    pub const CHANGED: &str = "the document was changed since";
    /// The plan would be left without an owner.
    pub const LAST_OWNER: &str = "a plan keeps at least one owner";
    /// The plan has `MAX_MEMBERS` members.
    pub const FULL: &str = "the plan has as many members as it may have";
    /// Who makes the change is no member, or no longer.
    pub const OUTSIDE: &str = "who asks is no member";
    /// Who makes the change is a member with too weak a role, or has one by now.
    pub const WEAK: &str = "the role of who asks is too weak";
    /// The member does not have the role any more that the change is from.
    pub const OTHER_ROLE: &str = "the member has another role by now";
    /// As many invitations of the plan are open as may be.
    pub const INVITES: &str = "the plan has as many open invitations as it may have";
    /// The versions of the document that have a name take as much as they may.
    pub const VERSIONS: &str = "the document has as many versions with a name as it may have";
    /// The person has as many plans as they may have.
    pub const PLANS: &str = "the person has as many plans as they may have";
}

/// The result of a call to a store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Documents as a state and the updates since, which is where durability is promised.
///
/// A document has *generations* of state. The newest two are kept, and with them every journal entry
/// that the older of the two lacks: a damaged newest state loses nothing.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes the first state (generation 1, epoch 1) of a document. `Conflict` if it exists.
    async fn create(&self, doc: DocId, state: Bytes) -> Result<()>;

    /// Appends updates of this epoch in this order, all or none. When this returns `Ok` they are durable; after
    /// `Unavailable` the caller appends them again, which is harmless because an update that is applied
    /// twice changes nothing. `Conflict` if there is no such document, or if it is in another epoch: then they
    /// are not, and never will be, part of it.
    async fn append(&self, doc: DocId, epoch: u64, updates: Vec<Bytes>) -> Result<()>;

    /// The chosen state and every entry that it lacks, in the order of appending. `None`: no such document,
    /// or it has no previous state. `Corrupt` if the state or one of the entries is not what was written.
    async fn load(&self, doc: DocId, generation: Generation) -> Result<Option<Loaded>>;

    /// Writes `state`, which was made from the loaded generation `base` and `entries`, as the newest
    /// generation, and drops what the older of the then two newest has no need of. `Conflict` if `base`
    /// is not the newest: load again. A damaged newest state counts for nothing: it is replaced by a fold
    /// whose base is the previous one.
    async fn fold(&self, doc: DocId, base: u64, state: Bytes, entries: &[EntryId]) -> Result<()>;

    /// As `fold`, where the newest generation, `unloadable`, is what was written and yet makes no document:
    /// `state` was made from the previous one, `base`, and takes its place. `Conflict` unless these two are
    /// the newest.
    async fn replace(
        &self,
        doc: DocId,
        unloadable: u64,
        base: u64,
        state: Bytes,
        entries: &[EntryId],
    ) -> Result<()>;

    /// Ends this epoch: the document is in the `next` one, takes no update of this one any more, and is *sealed*
    /// until its content begins anew. `Conflict` unless it is in this epoch and not sealed, and the next one is
    /// greater.
    async fn seal(&self, doc: DocId, epoch: u64, next: u64) -> Result<()>;

    /// Puts `state` in the place of all that a document had, and unseals it. Whoever finds it sealed may do so,
    /// with a state that was made after it was. `Conflict` unless it is in this epoch and sealed.
    async fn renew(&self, doc: DocId, epoch: u64, state: Bytes) -> Result<()>;
}

/// Documents as they lie in the store, sound or not: for who looks after them.
#[async_trait]
pub trait Care: Send + Sync {
    /// Documents in the order of their names, those after `after` if given.
    async fn documents(&self, after: Option<DocId>, limit: usize) -> Result<Vec<DocId>>;

    /// Each state and each entry of a document, as of one moment. One that is damaged hides no other.
    /// `None`: no such document.
    async fn inspect(&self, doc: DocId) -> Result<Option<Inspection>>;

    /// Carries out a mend, all or nothing. `Conflict` if the document is not as it was `seen`: inspect again.
    async fn mend(&self, doc: DocId, seen: Seen, mend: &Mend, now: Timestamp) -> Result<()>;

    /// Puts a document into another epoch with all that it holds, for it may go on otherwise than before: the
    /// store was put back to what it was. Clients' copies of before are of no use then. `Conflict` if there is no
    /// such document. Only while nobody serves it.
    async fn begin_epoch(&self, doc: DocId) -> Result<u64>;
}

/// Updates that are applied to nothing, kept to be looked at: they may have ended a process, or can't be read.
#[async_trait]
pub trait Quarantine: Send + Sync {
    /// Sets an update of this document aside. `Conflict` if there is no such document.
    async fn set_aside(&self, doc: DocId, aside: &SetAside) -> Result<()>;

    /// What is set aside of a document, oldest first, `limit` at most.
    async fn aside(&self, doc: DocId, limit: usize) -> Result<Vec<SetAside>>;

    /// Forgets what is set aside of a document, so that it is taken again if it comes again. Says how much
    /// it was.
    async fn release(&self, doc: DocId) -> Result<usize>;
}

/// Versions that people saved.
#[async_trait]
pub trait Versions: Send + Sync {
    /// Keeps a version with its encoded state and its projection (JSON); where there are too many, the oldest
    /// without a name go. `Conflict` if it exists, if its document does not, or if it has a name and those that
    /// have one take too much already.
    async fn insert(
        &self,
        version: &Version,
        content: VersionContent,
        room: VersionRoom,
    ) -> Result<()>;

    /// The document that a version is of.
    async fn document(&self, id: VersionId) -> Result<Option<DocId>>;

    /// One version with its content. `Corrupt` if the state is not what was written.
    async fn get(&self, id: VersionId) -> Result<Option<(Version, VersionContent)>>;

    /// Versions of a document, newest first, those older than `before` if given.
    async fn list(
        &self,
        doc: DocId,
        before: Option<VersionId>,
        limit: usize,
    ) -> Result<Vec<Version>>;
}

/// People and what they log in with.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// `Conflict` if the mail address (already normalised) is taken.
    async fn create(&self, account: &Account, password: &PasswordHash) -> Result<()>;

    /// The account with this id.
    async fn get(&self, id: UserId) -> Result<Option<Account>>;

    /// The account with this normalised mail address, and the hash of its password.
    async fn by_mail(&self, mail: &str) -> Result<Option<(Account, PasswordHash)>>;

    /// Changes what the patch has, and nothing else: two patches at once both count. The account as it is then;
    /// `None`: no such one.
    async fn update(&self, id: UserId, patch: &AccountPatch) -> Result<Option<Account>>;

    /// Puts a hash in the place of this one. Another one that is there by now stays.
    async fn replace_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<()>;

    /// Keeps the token of a link to choose a new password, until then, in the place of any before. `Conflict` if
    /// there is no such account.
    async fn put_reset(&self, id: UserId, token: TokenHash, expires: Timestamp) -> Result<()>;

    /// Whose link this token is of, and until when it is good.
    async fn reset(&self, token: TokenHash) -> Result<Option<(Account, Timestamp)>>;

    /// Uses up this token for a new password, atomically. `false`: the account has no such token any more.
    async fn use_reset(&self, id: UserId, token: TokenHash, new: &PasswordHash) -> Result<bool>;
}

/// Refresh tokens, known by their hash alone; the tokens after one login are a family.
///
/// A token is exchanged for its successor once. For a while after that, `REUSE_GRACE`, it is still taken, and leads to
/// the same successor: an answer may be lost, and several windows may ask at once. The successor is not exchanged in
/// that time, so that at any moment all honest holders are led to one token. Later reuse ends the family.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Begins a family with its first token.
    async fn start(&self, token: &RefreshToken) -> Result<()>;

    /// Exchanges a token, atomically: of many callers with the same token one gets `Rotated`, and all others
    /// `Repeated` with the salt of that one.
    async fn rotate(&self, used: TokenHash, next: Successor, now: Timestamp) -> Result<Rotation>;

    /// Ends the family that this token belongs to. An unknown token is no error.
    async fn end(&self, token: TokenHash) -> Result<()>;

    /// Ends all families of a person.
    async fn end_all(&self, user: UserId) -> Result<()>;

    /// Whether the family still lives.
    async fn liveness(&self, family: FamilyId, now: Timestamp) -> Result<Liveness>;
}

/// How often somebody did something, counted for all nodes together.
#[async_trait]
pub trait Rates: Send + Sync {
    /// Counts one more under this name, if the quota has room for it. If it has none nothing changes, and the
    /// answer says how long it takes until it has.
    async fn take(&self, name: TokenHash, quota: Quota, now: Timestamp) -> Result<Taken>;

    /// Takes back one that was counted under this name.
    async fn give_back(&self, name: TokenHash, quota: Quota) -> Result<()>;
}

/// Trips as things with a status, members and invitations. Their content is the document's.
///
/// Each change is decided and made in one step, on what is there at that moment: of two at once, the second sees
/// what the first has made.
#[async_trait]
pub trait Plans: Send + Sync {
    /// Keeps a new plan whose only member is its owner. `Conflict` if it exists, or if the owner would have more
    /// than `most` plans outside the trash.
    async fn create(&self, plan: &Plan, owner: UserId, most: usize) -> Result<()>;

    /// Every plan, whatever its status, in the order of their ids, those after `after` if given.
    async fn ids(&self, after: Option<DocId>, limit: usize) -> Result<Vec<DocId>>;

    /// The plan, whatever its status.
    async fn get(&self, id: DocId) -> Result<Option<Plan>>;

    /// A person's plans of one status, most recently touched first, those after the cursor if given. One that
    /// is damaged hides no other.
    async fn list(
        &self,
        user: UserId,
        status: PlanStatus,
        after: Option<PlanCursor>,
        limit: usize,
    ) -> Result<Vec<(Plan, Role)>>;

    /// Sets the status. What it was before; `None`: no such plan. `Conflict` if who asks may not.
    async fn set_status(
        &self,
        id: DocId,
        by: Authority,
        to: PlanStatus,
        now: Timestamp,
    ) -> Result<Option<PlanStatus>>;

    /// The role of one person; `None` for who is no member.
    async fn role(&self, id: DocId, user: UserId) -> Result<Option<Role>>;

    /// All members with their accounts, in the order of joining.
    async fn members(&self, id: DocId) -> Result<Vec<(Member, Account)>>;

    /// Gives a member another role, which is an owner's decision about them. What it was before; `None`: there is
    /// no such member, and none is made. `Conflict` if who asks may not, if the role is not the one that the
    /// change is from, or if that would leave the plan without an owner.
    async fn set_role(&self, id: DocId, by: Authority, change: RoleChange) -> Result<Option<Role>>;

    /// Takes a member out, which is an owner's decision about them unless they leave by themselves. `false`: was
    /// none. `Conflict` if who asks may not, or if it is the last owner.
    async fn remove_member(&self, id: DocId, by: Authority, user: UserId) -> Result<bool>;

    /// Keeps an invitation, and forgets those of the plan that ended before the last `MAX_ENDED_INVITES`.
    /// `Conflict` if it exists, if its plan does not, or if more than `most` would be open as of its making.
    async fn create_invite(&self, invite: &Invite, most: usize) -> Result<()>;

    /// The invitation with this token, revoked and expired ones too.
    async fn invite(&self, token: TokenHash) -> Result<Option<Invite>>;

    /// The invitations of a plan that are not revoked, newest first.
    async fn invites(&self, id: DocId) -> Result<Vec<Invite>>;

    /// Ends an invitation of this plan: nobody comes in by it after this has returned. `false`: no such one.
    async fn revoke_invite(&self, id: DocId, invite: InviteId) -> Result<bool>;

    /// What decides about this person and the invitation with this token, as of now. `None`: no such invitation, or
    /// its plan is gone.
    async fn invite_facts(
        &self,
        token: TokenHash,
        user: Option<UserId>,
    ) -> Result<Option<InviteFacts>>;

    /// Lets a person in by an invitation as far as the rule says, on what there is in the same step. `Conflict` if
    /// the plan has `MAX_MEMBERS` already, if the person has `most` plans outside the trash, or without account.
    async fn admit(
        &self,
        token: TokenHash,
        user: UserId,
        now: Timestamp,
        rule: InviteRule,
        most: usize,
    ) -> Result<Option<(InviteFacts, InviteEffect)>>;
}

/// What lists show of documents: copies that the rooms keep in step.
#[async_trait]
pub trait Summaries: Send + Sync {
    /// Replaces the summary of a document's plan, which was touched now. An unknown plan is no error.
    async fn set_summary(&self, id: DocId, summary: &Summary, now: Timestamp) -> Result<()>;
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

/// The answers to creations, so that one that is sent again is not carried out again.
#[async_trait]
pub trait Idempotency: Send + Sync {
    /// Claims a key of a person for a request with this fingerprint. A claim that was never finished
    /// lapses after a minute, an answer after a day.
    async fn begin(
        &self,
        user: UserId,
        key: &str,
        fingerprint: TokenHash,
        now: Timestamp,
    ) -> Result<Begun>;

    /// Keeps the answer of the claim that was made at this time. Without it, or with an answer already, nothing
    /// changes: a claim that has lapsed meanwhile may be another one's now.
    async fn finish(
        &self,
        user: UserId,
        key: &str,
        claimed: Timestamp,
        answer: &StoredAnswer,
    ) -> Result<()>;

    /// Gives up the claim that was made at this time, after a request that failed.
    async fn abandon(&self, user: UserId, key: &str, claimed: Timestamp) -> Result<()>;
}

/// Says whether the store can be written to now.
#[async_trait]
pub trait Health: Send + Sync {
    /// `Ok` after a write and a read went through.
    async fn check(&self) -> Result<()>;
}

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
