//! The records that stores keep: plain data, no rules.

use std::{fmt, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{DocId, FamilyId, InviteId, Role, UserId, VersionId};

pub use crate::trip::{Counts, Summary};

/// The most members that a plan may have.
pub const MAX_MEMBERS: usize = 200;

/// The most decisions about people that a plan remembers. Of more the oldest go, and with it the use of all
/// invitations that are older, for who is not in.
pub const MAX_DECISIONS: usize = 500;

/// The most invitations of a plan that are kept after they ended, so that their links say so.
pub const MAX_ENDED_INVITES: usize = 100;

/// Which state of a document to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The one written last.
    Newest,
    /// The one before it: for when the newest turns out to be damaged.
    Previous,
}

/// A document as it is stored.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Counts the times that the document's history was replaced; clients with another epoch start afresh.
    pub epoch: u64,
    /// What was loaded is the end of the epoch before: it is to be replaced before anything else.
    pub is_sealed: bool,
    /// Which generation `state` is.
    pub generation: u64,
    /// A Yjs update (v1) that makes the document.
    pub state: Bytes,
    /// The updates that `state` lacks, in the order of appending.
    pub entries: Vec<Entry>,
}

/// One journal entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name, for `Journal::fold`.
    pub id: EntryId,
    /// A Yjs update (v1).
    pub update: Bytes,
}

/// Names a journal entry within its document; opaque outside the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryId(pub u128);

/// An update that is applied to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Why.
    pub cause: AsideCause,
    /// Since when.
    pub at: Timestamp,
    /// The update as it came; empty where no single one is to blame.
    pub update: Bytes,
}

/// Why something is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AsideCause {
    /// Applying it ended a process or a room.
    Fatal,
    /// Reading the whole stored document ended a process: it is not read again until somebody has looked.
    Unreadable,
    /// Its bytes are not what was written, or make no sense.
    Damaged,
}

/// What is known of a saved version without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Ordered by time.
    pub id: VersionId,
    /// Whose version it is.
    pub doc: DocId,
    /// The epoch of the document when it was made.
    pub epoch: u64,
    /// What the person called it.
    pub name: Option<String>,
    /// Why it was made.
    pub cause: VersionCause,
    /// Who made it.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// What it holds, in numbers.
    pub counts: Counts,
}

/// Why a version was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionCause {
    /// A person saved.
    Saved,
    /// The state before a restore, so that the restore can be undone.
    BeforeRestore,
    /// The state before the document began anew, which has its trash.
    BeforeRenewal,
    /// The state after `from` was restored.
    Restored {
        /// The version that was restored.
        from: VersionId,
    },
}

/// What a version holds.
#[derive(Debug, Clone)]
pub struct VersionContent {
    /// A Yjs update (v1) that makes the document.
    pub state: Bytes,
    /// The projection of the state, as JSON.
    pub projection: String,
}

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

/// The language of the interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Korean.
    #[default]
    Ko,
    /// English.
    En,
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Never changes.
    pub id: UserId,
    /// Normalised: trimmed, lower case.
    pub mail: String,
    /// As others see it.
    pub name: String,
    /// Of the interface.
    pub language: Language,
    /// `#rrggbb`, for the cursor, the ring and the avatar.
    pub color: String,
    /// When the account was made.
    pub created: Timestamp,
}

/// What changes of an account; the rest stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountPatch {
    /// As others see it.
    pub name: Option<String>,
    /// Of the interface.
    pub language: Option<Language>,
    /// `#rrggbb`.
    pub color: Option<String>,
}

/// A password hash in PHC string format (argon2id).
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordHash(***)")
    }
}

/// The SHA-256 of an opaque token (or of a request, for `Idempotency`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TokenHash(***)")
    }
}

/// Whether a login goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// It does.
    Live,
    /// It has ended, or was never there.
    Over,
    /// Nobody can say just now. Only where sessions live apart from everything else, which goes on without them.
    Unknown,
}

/// What came of a try to do something once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is counted.
    Granted,
    /// It is not; there is room after this time.
    Wait(Duration),
}

/// A refresh token as it is stored.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// Of the token.
    pub hash: TokenHash,
    /// The login that it descends from.
    pub family: FamilyId,
    /// Whose it is.
    pub user: UserId,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
}

/// What the successor of a refresh token is derived from, together with that token: worth nothing without it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

impl fmt::Debug for Salt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Salt(***)")
    }
}

/// The token that is to follow a refresh token.
#[derive(Debug, Clone, Copy)]
pub struct Successor {
    /// Of the token.
    pub hash: TokenHash,
    /// What it was derived from.
    pub salt: Salt,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
}

/// Whose a refresh token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenOwner {
    /// The person.
    pub user: UserId,
    /// The login that it descends from.
    pub family: FamilyId,
}

/// What became of a refresh token that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The offered successor is in force.
    Rotated(TokenOwner),
    /// It was exchanged a moment ago: the successor that it got then is in force, and was derived from this.
    Repeated(TokenOwner, Salt),
    /// It is the successor of a token that was exchanged a moment ago, and stays in force for now.
    Kept(TokenOwner),
    /// It was exchanged longer ago; the whole family has ended.
    Reused,
    /// Unknown, expired, or of a family that has ended.
    Invalid,
}

/// Where a plan is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlanStatus {
    /// In use.
    #[default]
    Active,
    /// Kept, out of the way; its document can still be edited.
    Archived,
    /// On its way out; can be taken back.
    Trashed,
}

/// A trip as a thing that people have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The name of its document.
    pub id: DocId,
    /// Where it is in its life.
    pub status: PlanStatus,
    /// What the list shows of its document.
    pub summary: Summary,
    /// When it was made.
    pub created: Timestamp,
    /// When it or its document was last changed.
    pub touched: Timestamp,
}

/// Where a list of plans goes on: after the plan with this time and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanCursor {
    /// `touched` of the last plan of the page.
    pub touched: Timestamp,
    /// Its id.
    pub id: DocId,
}

/// A person in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub joined: Timestamp,
}

/// Who makes a change, and the weakest role that they must have when it is made: asked again in the same step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authority {
    /// Who.
    pub user: UserId,
    /// At least as what.
    pub least: Role,
}

/// Another role for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleChange {
    /// Whose.
    pub user: UserId,
    /// The role that they must have until then, if that matters to who asks.
    pub from: Option<Role>,
    /// Which one.
    pub to: Role,
}

/// What an owner decided last about a person: a role that was set, or that they were taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The change of the plan's members that it was. Invitations of before (`since`) are older than it.
    pub at: u64,
    /// `None`: they were taken out.
    pub role: Option<Role>,
}

/// All that decides whether an invitation lets somebody in, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteFacts {
    /// The invitation.
    pub invite: Invite,
    /// Of the plan.
    pub status: PlanStatus,
    /// The role of who made the invitation.
    pub inviter: Option<Role>,
    /// The role of the person, if it is known who asks.
    pub current: Option<Role>,
    /// What an owner decided about them.
    pub decision: Option<Decision>,
}

/// What an invitation does for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InviteEffect {
    /// It is over, for everybody.
    Over,
    /// An owner decided otherwise about this person after it was made.
    Spent,
    /// They have as much already.
    Unchanged,
    /// They get this role.
    Granted(Role),
}

/// The rule that decides: a function of what there is at one moment.
pub type InviteRule = fn(&InviteFacts, Timestamp) -> InviteEffect;

/// An invitation by link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Its name for who manages it.
    pub id: InviteId,
    /// Where to.
    pub plan: DocId,
    /// Of the token in the link.
    pub token: TokenHash,
    /// What it makes of who accepts.
    pub role: Role,
    /// Who invites.
    pub by: UserId,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
    /// Taken back by hand.
    pub revoked: bool,
    /// How often the plan's members had been changed when it was made. The store sets it.
    pub since: u64,
}

/// What to do about a creation that carries an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Carry it out, then `finish` or `abandon`.
    New,
    /// Give this answer again.
    Replay(StoredAnswer),
    /// The first one is still under way.
    InProgress,
    /// The key was used for another request.
    Mismatch,
}

/// An answer that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: String,
}
