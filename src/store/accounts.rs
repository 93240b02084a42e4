//! People and what they log in with.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    error::Result,
    hashes::{PasswordHash, TokenHash},
};
use crate::{ids::UserId, language::Language};

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
