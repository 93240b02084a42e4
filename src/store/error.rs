//! Why a store did not do what it was asked.

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
