//! Signing up, logging in, staying logged in, logging out.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::{
    auth::{
        Access, DEVICE_LIFE, Device, EventsTicket, Fit, Issued, Keys, PasswordError, Passwords,
        Secret, TokenError, digest, fresh_bytes,
    },
    fields::{Form, Invalid},
    ids::{FamilyId, UserId},
    store::{
        Account, AccountPatch, Accounts as AccountStore, Language, Liveness, PasswordHash,
        RefreshToken, Rotation, Salt, Sessions as SessionStore, StoreError, Successor, TokenHash,
    },
};

use super::{fields, lookup};

/// How long a refresh token is good for. Each exchange gives a new one, so this is the longest absence.
pub const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Why an account or a session is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// What was filled in can't be taken.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// No account has this mail address and this password.
    #[error("mail or password is wrong")]
    WrongCredentials,
    /// The session is over, or never was one.
    #[error("the session is over")]
    SessionOver,
    /// A refresh token was used again long after its exchange: one of the two users stole it, so both are out.
    #[error("a refresh token was used again")]
    SessionStolen,
    /// A link to choose a new password that has run out, was used, or was never made.
    #[error("the link is over")]
    ResetOver,
    /// Too many log in at this moment.
    #[error("too many log in at once")]
    Busy,
    /// Something inside failed.
    #[error("{0}")]
    Failed(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PasswordError> for AccountError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy,
            PasswordError::Failed => Self::Failed("passwords can't be worked on"),
        }
    }
}

impl From<TokenError> for AccountError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Expired | TokenError::Invalid => Self::SessionOver,
            TokenError::Unsigned => Self::Failed("tokens can't be signed"),
        }
    }
}

/// What somebody fills in to sign up.
pub struct SignUp {
    /// Of the person.
    pub mail: String,
    /// As they chose it.
    pub password: String,
    /// As others see it.
    pub name: String,
    /// Of the interface.
    pub language: Language,
}

/// What a person changes of their account; the rest stays.
#[derive(Debug, Default)]
pub struct AccountChange {
    /// As others see it.
    pub name: Option<String>,
    /// Of the interface.
    pub language: Option<Language>,
    /// `#rrggbb`.
    pub color: Option<String>,
}

/// A session as its owner gets it.
#[derive(Debug)]
pub struct Session {
    /// Whose it is.
    pub account: Account,
    /// For the next minutes.
    pub access: Issued,
    /// For the next access token.
    pub refresh: Secret,
}

/// Somebody who wants to log in.
#[derive(Debug)]
pub struct Candidate {
    mail: String,
    found: Option<(Account, PasswordHash)>,
}

impl Candidate {
    /// The mail address in its one spelling, whether it has an account or not.
    pub fn mail(&self) -> &str {
        &self.mail
    }

    /// The account, if there is one.
    pub fn user(&self) -> Option<UserId> {
        self.found.as_ref().map(|(account, _)| account.id)
    }
}

/// Everything that is done with accounts.
#[derive(Clone)]
pub struct Accounts {
    pub(super) accounts: Arc<dyn AccountStore>,
    pub(super) sessions: Arc<dyn SessionStore>,
    pub(super) passwords: Passwords,
    pub(super) keys: Keys,
}

impl Accounts {
    /// Accounts in these stores.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        sessions: Arc<dyn SessionStore>,
        passwords: Passwords,
        keys: Keys,
    ) -> Self {
        Self { accounts, sessions, passwords, keys }
    }

    /// Makes an account. Where the mail address has one already that one stays as it is, and the answer does not
    /// say so: it would tell anybody who is here. (Who then tries to log in with the new password still finds
    /// out. Only mails that have to be answered would close that, and there are none yet.)
    pub async fn sign_up(&self, form: SignUp, now: Timestamp) -> Result<Account, AccountError> {
        let language = form.language;
        let Checked { mail, name, password } = check(form)?;
        let hash = PasswordHash(self.passwords.hash(password).await?);
        let id = UserId::new();
        let color = fields::first_color(digest(&id.to_string())[0]).to_owned();
        let account = Account { id, mail, name, language, color, created: now };
        match self.accounts.create(&account, &hash).await {
            Ok(()) | Err(StoreError::Conflict(_)) => Ok(account),
            Err(error @ (StoreError::Unavailable(_) | StoreError::Corrupt(_))) => Err(error.into()),
        }
    }

    /// The account that somebody names to log in, if there is one.
    pub async fn find(&self, mail: &str) -> Result<Candidate, AccountError> {
        let (mail, found) = lookup::find(&*self.accounts, mail).await?;
        Ok(Candidate { mail, found })
    }

    /// Begins a session of this account.
    pub async fn log_in(
        &self,
        candidate: Candidate,
        password: String,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let (account, hash) = candidate.found.unzip();
        let known = hash.clone().map(|hash| hash.0);
        let fit = self.passwords.verify(password.clone(), known).await?;
        let (Some(account), Some(hash)) = (account, hash) else {
            return Err(AccountError::WrongCredentials);
        };
        match fit {
            Fit::Not => return Err(AccountError::WrongCredentials),
            Fit::Fits => {}
            Fit::FitsAsTyped => self.hash_anew(account.id, &hash, password).await,
        }
        self.begin(account, now).await
    }

    /// Keeps a password in its normal form. If that does not work it does at the next log-in.
    async fn hash_anew(&self, user: UserId, old: &PasswordHash, password: String) {
        let made = self.passwords.hash(password).await.map(PasswordHash);
        let replaced = match made {
            Ok(new) => self.accounts.replace_password(user, old, &new).await,
            Err(_) => return,
        };
        if let Err(error) = replaced {
            tracing::warn!(%error, "a password could not be hashed anew");
        }
    }

    pub(super) async fn begin(
        &self,
        account: Account,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let (family, refresh) = (FamilyId::new(), fresh_secret()?);
        let token = RefreshToken {
            hash: TokenHash(refresh.digest()),
            family,
            user: account.id,
            created: now,
            expires: now + REFRESH_LIFE,
        };
        self.sessions.start(&token).await?;
        self.session(account, family, refresh, now)
    }

    /// What proves later that somebody with this account was on this device: it keeps those out of the way who try
    /// passwords elsewhere.
    pub fn device_token(&self, user: UserId, now: Timestamp) -> Result<Issued, AccountError> {
        Ok(self.keys.issue_device(Device { user, expires: now + DEVICE_LIFE }, now)?)
    }

    /// Whose device it is, by such a proof.
    pub fn device_owner(&self, token: &str, now: Timestamp) -> Option<Device> {
        self.keys.verify_device(token, now).ok()
    }

    /// Goes on with a session: its refresh token is exchanged. Whoever asks with the same token within the grace
    /// gets the same session.
    pub async fn refresh(&self, token: &str, now: Timestamp) -> Result<Session, AccountError> {
        let salt = Salt(fresh_bytes().map_err(|_| no_randomness())?);
        let next = Secret::following(token, &salt.0);
        let (used, hash) = (TokenHash(digest(token)), TokenHash(next.digest()));
        let offered = Successor { hash, salt, expires: now + REFRESH_LIFE };
        let (owner, refresh) = match self.sessions.rotate(used, offered, now).await? {
            Rotation::Rotated(owner) => (owner, next),
            Rotation::Repeated(owner, salt) => (owner, Secret::following(token, &salt.0)),
            Rotation::Kept(owner) => (owner, Secret::presented(token)),
            Rotation::Reused => return Err(AccountError::SessionStolen),
            Rotation::Invalid => return Err(AccountError::SessionOver),
        };
        let account = self.get(owner.user).await?;
        self.session(account, owner.family, refresh, now)
    }

    /// Ends a session on every device that took over its tokens.
    pub async fn log_out(&self, token: &str) -> Result<(), AccountError> {
        Ok(self.sessions.end(TokenHash(digest(token))).await?)
    }

    /// Who an access token speaks for, if their session still lives.
    pub async fn authenticate(&self, token: &str, now: Timestamp) -> Result<Access, AccountError> {
        let access = self.keys.verify_access(token, now)?;
        match self.sessions.liveness(access.family, now).await? {
            Liveness::Live => Ok(access),
            Liveness::Over => Err(AccountError::SessionOver),
            // It is signed and good for minutes. What is lost is that a log-out of the last minutes ends it at
            // once; refused, everybody would be out for as long as the sessions are away.
            Liveness::Unknown => {
                metrics::counter!("moim_sessions_unknown_total").increment(1);
                Ok(access)
            }
        }
    }

    /// The account of who is logged in.
    pub async fn get(&self, user: UserId) -> Result<Account, AccountError> {
        self.accounts.get(user).await?.ok_or(AccountError::SessionOver)
    }

    /// Changes what others see of somebody, or their language.
    pub async fn change(
        &self,
        user: UserId,
        change: AccountChange,
    ) -> Result<Account, AccountError> {
        let mut form = Form::default();
        let name = form.take_optional("name", change.name, |name| fields::parse_name(&name));
        let color = form.take_optional("color", change.color, |color| fields::parse_color(&color));
        form.finish()?;
        let patch = AccountPatch { name, color, language: change.language };
        self.accounts.update(user, &patch).await?.ok_or(AccountError::SessionOver)
    }

    fn session(
        &self,
        account: Account,
        family: FamilyId,
        refresh: Secret,
        now: Timestamp,
    ) -> Result<Session, AccountError> {
        let access = self.keys.issue_access(account.id, family, now)?;
        Ok(Session { account, access, refresh })
    }

    /// The right to open the socket on which a person hears what happens.
    pub fn events_ticket(&self, user: UserId, now: Timestamp) -> Result<Issued, AccountError> {
        Ok(self.keys.issue_events_ticket(
            EventsTicket { user, expires: now + self.keys.ticket_life() },
            now,
        )?)
    }
}

/// A form that was filled in well.
struct Checked {
    mail: String,
    name: String,
    password: String,
}

fn check(filled: SignUp) -> Result<Checked, Invalid> {
    let mut form = Form::default();
    let mail = form.take("mail", fields::parse_mail(&filled.mail));
    let name = form.take("name", fields::parse_name(&filled.name));
    let password = form.take("password", fields::parse_password(filled.password));
    match (mail, name, password) {
        (Some(mail), Some(name), Some(password)) => Ok(Checked { mail, name, password }),
        (_, _, _) => Err(form.into_error()),
    }
}

fn fresh_secret() -> Result<Secret, AccountError> {
    Secret::new().map_err(|_| no_randomness())
}

fn no_randomness() -> AccountError {
    AccountError::Failed("no randomness to be had")
}
