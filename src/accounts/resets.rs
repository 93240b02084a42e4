//! Links to choose a new password: made by who runs the server, good once and for half an hour.

use jiff::{SignedDuration, Timestamp};

use super::{
    fields,
    lookup::find,
    service::{AccountError, Accounts, Session},
};
use crate::{
    auth::Secret,
    fields::Form,
    store::{self, Account, PasswordHash, TokenHash},
};

/// How long such a link is good for.
pub const RESET_LIFE: SignedDuration = SignedDuration::from_mins(30);

/// How far clocks may be apart of who made the link and of who takes it. One that is good for longer was made by a clock that was wrong.
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);

/// Where the link leads. Its token stands behind a `#`, which browsers send to no server and write into no log.
const PAGE: &str = "/reset#";

/// A link that was just made.
#[derive(Debug)]
pub struct ResetLink {
    /// Whose password it is for.
    pub account: Account,
    /// Below the address of the server. It is shown once and not kept.
    pub path: String,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
}

/// Makes a link for the account with this mail address; links that were made before lead nowhere from now on. `None`:
/// there is no such account.
pub async fn make_reset_link(
    accounts: &dyn store::Accounts,
    mail: &str,
    secret: &Secret,
    now: Timestamp,
) -> store::Result<Option<ResetLink>> {
    let Some((account, _)) = find(accounts, mail).await?.1 else { return Ok(None) };
    let expires = now + RESET_LIFE;
    accounts.put_reset(account.id, TokenHash(secret.digest()), expires).await?;
    Ok(Some(ResetLink { account, path: format!("{PAGE}{}", secret.reveal()), expires }))
}

impl Accounts {
    /// Uses a link: the account has this password from now on, its sessions have ended, and one begins.
    pub async fn reset_password(
        &self,
        token: &str,
        password: String,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let mut form = Form::default();
        let password = form.take("password", fields::parse_password(password));
        let Some(password) = password else { return Err(form.into_error().into()) };
        let token = TokenHash(crate::auth::digest(token));
        let (account, expires) =
            self.accounts.reset(token).await?.ok_or(AccountError::ResetOver)?;
        let left = expires.duration_since(now);
        if left <= SignedDuration::ZERO || left > RESET_LIFE + LEEWAY {
            return Err(AccountError::ResetOver);
        }
        let hash = PasswordHash(self.passwords.hash(password).await?);
        // Before, so that nothing is changed if they can't be ended; and after, for those that began in between with the
        // old password.
        self.sessions.end_all(account.id).await?;
        if !self.accounts.use_reset(account.id, token, &hash).await? {
            return Err(AccountError::ResetOver);
        }
        self.sessions.end_all(account.id).await?;
        self.begin(account, now).await
    }
}
