//! Signed tokens: the access token that REST asks for, and the ticket that opens one document.

use std::{fmt, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::secret::digest;
use crate::ids::{DocId, FamilyId, Role, UserId};

/// How long an access token is good for.
pub const ACCESS_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// How long a ticket for a socket is good for, unless it is set otherwise.
const TICKET_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// How long a device is known after a log-in on it, or the last use of a session.
pub const DEVICE_LIFE: SignedDuration = SignedDuration::from_hours(365 * 24);

/// How much longer than its life a token may seem to be good: clocks of nodes differ. What is good for longer was
/// signed by a clock that was wrong.
const LEEWAY: SignedDuration = SignedDuration::from_mins(15);

/// The fewest bytes that a signing key may have (RFC 7518, section 3.2).
pub const MIN_KEY_LENGTH: usize = 32;

/// Who calls, as an access token says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The person.
    #[serde(rename = "sub")]
    pub user: UserId,
    /// The login that the token descends from.
    #[serde(rename = "sid")]
    pub family: FamilyId,
    /// To the second.
    #[serde(rename = "exp", with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires: Timestamp,
}

/// The right to one document in one role, for the few minutes in which a socket is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The person.
    #[serde(rename = "sub")]
    pub user: UserId,
    /// As others see them.
    pub name: String,
    /// `#rrggbb`, of their cursor.
    pub color: String,
    /// The document that it opens.
    pub doc: DocId,
    /// And no other: what its holder has of the document is of this epoch.
    pub epoch: u64,
    /// What they may do in it.
    pub role: Role,
    /// To the second.
    #[serde(rename = "exp", with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires: Timestamp,
}

/// The right to the events of one person, for the few minutes in which a socket is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsTicket {
    /// The person.
    #[serde(rename = "sub")]
    pub user: UserId,
    /// To the second.
    #[serde(rename = "exp", with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires: Timestamp,
}

/// A device on which somebody has logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The person.
    #[serde(rename = "sub")]
    pub user: UserId,
    /// To the second.
    #[serde(rename = "exp", with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires: Timestamp,
}

/// Why a token is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was good once: get a new one.
    #[error("the token has run out")]
    Expired,
    /// Not one of ours, changed on the way, or made for another purpose.
    #[error("the token is not valid")]
    Invalid,
    /// A token could not be signed, which says something about the key alone.
    #[error("the token could not be signed")]
    Unsigned,
}

/// A token and its end.
#[derive(Clone)]
pub struct Issued {
    /// The text for `Authorization: Bearer` or `?token=`.
    pub token: String,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
}

impl fmt::Debug for Issued {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Issued(*** until {})", self.expires)
    }
}

/// The signing keys, oldest first: the last one signs, all are accepted, so that a key can be replaced
/// without logging anybody out.
#[derive(Clone)]
pub struct Keys {
    older: Arc<[Key]>,
    newest: Arc<Key>,
    ticket_life: SignedDuration,
}

impl Keys {
    /// Keys made of these secrets, oldest first. `None` without any, or if one is too short.
    pub fn new<S: AsRef<str>>(secrets: &[S]) -> Option<Self> {
        let (newest, older) = secrets.split_last()?;
        if secrets.iter().any(|secret| secret.as_ref().len() < MIN_KEY_LENGTH) {
            return None;
        }
        let older = older.iter().map(|secret| Key::new(secret.as_ref())).collect();
        let newest = Arc::new(Key::new(newest.as_ref()));
        Some(Self { older, newest, ticket_life: TICKET_LIFE })
    }

    /// With tickets that are good for so long.
    #[must_use]
    pub fn with_ticket_life(self, ticket_life: SignedDuration) -> Self {
        Self { ticket_life, ..self }
    }

    /// How long a ticket for a socket is good for.
    pub const fn ticket_life(&self) -> SignedDuration {
        self.ticket_life
    }

    /// A token that proves this login to REST.
    pub fn issue_access(
        &self,
        user: UserId,
        family: FamilyId,
        now: Timestamp,
    ) -> Result<Issued, TokenError> {
        let expires = now + ACCESS_LIFE;
        let token = self.sign(Purpose::Access, Access { user, family, expires }, now)?;
        Ok(Issued { token, expires })
    }

    /// Who a token from `Authorization: Bearer` speaks for.
    pub fn verify_access(&self, token: &str, now: Timestamp) -> Result<Access, TokenError> {
        let access: Access = self.read(Purpose::Access, token)?;
        still_good(access.expires, ACCESS_LIFE, now).map(|()| access)
    }

    /// A token that opens a document.
    pub fn issue_ticket(&self, ticket: &Ticket, now: Timestamp) -> Result<Issued, TokenError> {
        let token = self.sign(Purpose::Ticket, ticket.clone(), now)?;
        Ok(Issued { token, expires: ticket.expires })
    }

    /// What a token from `?token=` opens.
    pub fn verify_ticket(&self, token: &str, now: Timestamp) -> Result<Ticket, TokenError> {
        let ticket: Ticket = self.read(Purpose::Ticket, token)?;
        still_good(ticket.expires, self.ticket_life, now).map(|()| ticket)
    }

    /// A token that opens a person's events.
    pub fn issue_events_ticket(
        &self,
        ticket: EventsTicket,
        now: Timestamp,
    ) -> Result<Issued, TokenError> {
        let token = self.sign(Purpose::Events, ticket, now)?;
        Ok(Issued { token, expires: ticket.expires })
    }

    /// Whose events a token from `?token=` opens.
    pub fn verify_events_ticket(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<EventsTicket, TokenError> {
        let ticket: EventsTicket = self.read(Purpose::Events, token)?;
        still_good(ticket.expires, self.ticket_life, now).map(|()| ticket)
    }

    /// A token that says whose device it is on.
    pub fn issue_device(&self, device: Device, now: Timestamp) -> Result<Issued, TokenError> {
        let token = self.sign(Purpose::Device, device, now)?;
        Ok(Issued { token, expires: device.expires })
    }

    /// Whose device such a token is on.
    pub fn verify_device(&self, token: &str, now: Timestamp) -> Result<Device, TokenError> {
        let device: Device = self.read(Purpose::Device, token)?;
        still_good(device.expires, DEVICE_LIFE, now).map(|()| device)
    }

    fn sign<T: Serialize>(
        &self,
        purpose: Purpose,
        body: T,
        now: Timestamp,
    ) -> Result<String, TokenError> {
        let header = Header {
            typ: Some(purpose.kind().to_owned()),
            kid: Some(self.newest.id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let claims = Claims { aud: purpose.audience().to_owned(), iat: now, body };
        encode(&header, &claims, &self.newest.sign).map_err(|_| TokenError::Unsigned)
    }

    /// Checks everything but the end, for which the caller's clock counts.
    fn read<T: DeserializeOwned + Clone>(
        &self,
        purpose: Purpose,
        token: &str,
    ) -> Result<T, TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        if header.typ.as_deref() != Some(purpose.kind()) {
            return Err(TokenError::Invalid);
        }
        let key = self.find(header.kid.as_deref()).ok_or(TokenError::Invalid)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        validation.set_audience(&[purpose.audience()]);
        let data = decode::<Claims<T>>(token, &key.check, &validation);
        data.map(|data| data.claims.body).map_err(|_| TokenError::Invalid)
    }

    fn find(&self, id: Option<&str>) -> Option<&Key> {
        let id = id?;
        std::iter::once(&*self.newest).chain(&*self.older).find(|key| key.id == id)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Keys({} and {} older)", self.newest.id, self.older.len())
    }
}

fn still_good(expires: Timestamp, life: SignedDuration, now: Timestamp) -> Result<(), TokenError> {
    let left = expires.duration_since(now);
    let is_good = left > SignedDuration::ZERO && left <= life + LEEWAY;
    is_good.then_some(()).ok_or(TokenError::Expired)
}

/// One signing key.
struct Key {
    id: String,
    sign: EncodingKey,
    check: DecodingKey,
}

impl Key {
    /// The name is made of the key, so that nobody has to keep names and keys in step.
    fn new(secret: &str) -> Self {
        Self {
            id: BASE64_URL_SAFE_NO_PAD.encode(&digest(secret)[..6]),
            sign: EncodingKey::from_secret(secret.as_bytes()),
            check: DecodingKey::from_secret(secret.as_bytes()),
        }
    }
}

/// What a token is for. One made for a socket never passes for a session, nor the other way round.
#[derive(Clone, Copy)]
enum Purpose {
    Access,
    Ticket,
    Events,
    Device,
}

impl Purpose {
    const fn kind(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Ticket => "ticket+jwt",
            Self::Events => "events+jwt",
            Self::Device => "device+jwt",
        }
    }

    const fn audience(self) -> &'static str {
        match self {
            Self::Access => "moim:api",
            Self::Ticket => "moim:sync",
            Self::Events => "moim:events",
            Self::Device => "moim:device",
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Claims<T> {
    aud: String,
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    iat: Timestamp,
    #[serde(flatten)]
    body: T,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DocKind;

    const OLD: &str = "an old key, which is long enough to be one";
    const NEW: &str = "a newer key, which is long enough to be one";

    fn now() -> Timestamp {
        "2026-11-21T09:00:00Z".parse().unwrap()
    }

    fn ticket() -> Ticket {
        Ticket {
            user: UserId::new(),
            name: "민지".to_owned(),
            color: "#e11d48".to_owned(),
            doc: DocId::new(DocKind::Trip),
            epoch: 1,
            role: Role::Commenter,
            expires: now() + SignedDuration::from_mins(10),
        }
    }

    #[test]
    fn a_ticket_says_what_it_was_made_for() {
        let (keys, ticket) = (Keys::new(&[NEW]).unwrap(), ticket());
        let issued = keys.issue_ticket(&ticket, now()).unwrap();
        assert_eq!(keys.verify_ticket(&issued.token, now()), Ok(ticket));
    }

    #[test]
    fn a_token_ends_at_its_second() {
        let keys = Keys::new(&[NEW]).unwrap();
        let issued = keys.issue_access(UserId::new(), FamilyId::new(), now()).unwrap();
        let last = issued.expires - SignedDuration::from_secs(1);
        assert!(keys.verify_access(&issued.token, last).is_ok());
        assert_eq!(keys.verify_access(&issued.token, issued.expires), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_of_a_clock_that_was_ahead_is_no_good_for_longer_than_its_kind() {
        let keys = Keys::new(&[NEW]).unwrap();
        let ahead = now() + SignedDuration::from_hours(40 * 24);
        let access = keys.issue_access(UserId::new(), FamilyId::new(), ahead).unwrap();
        assert_eq!(keys.verify_access(&access.token, now()), Err(TokenError::Expired));
        assert!(keys.verify_access(&access.token, ahead).is_ok());
        let expires = ahead + TICKET_LIFE;
        let ticket = keys.issue_ticket(&Ticket { expires, ..ticket() }, ahead).unwrap();
        assert_eq!(keys.verify_ticket(&ticket.token, now()), Err(TokenError::Expired));
        let events = EventsTicket { user: UserId::new(), expires };
        let events = keys.issue_events_ticket(events, ahead).unwrap();
        assert_eq!(keys.verify_events_ticket(&events.token, now()), Err(TokenError::Expired));
        // Clocks of two nodes that differ by a few minutes are right enough.
        let soon = now() + SignedDuration::from_mins(10);
        let access = keys.issue_access(UserId::new(), FamilyId::new(), soon).unwrap();
        assert!(keys.verify_access(&access.token, now()).is_ok());
    }

    #[test]
    fn no_kind_of_token_passes_for_another() {
        let keys = Keys::new(&[NEW]).unwrap();
        let access = keys.issue_access(UserId::new(), FamilyId::new(), now()).unwrap();
        let ticket = keys.issue_ticket(&ticket(), now()).unwrap();
        let expires = now() + SignedDuration::from_mins(10);
        let events = EventsTicket { user: UserId::new(), expires };
        let issued = keys.issue_events_ticket(events, now()).unwrap();
        assert_eq!(keys.verify_events_ticket(&issued.token, now()), Ok(events));
        let device = Device { user: UserId::new(), expires };
        let known = keys.issue_device(device, now()).unwrap();
        assert_eq!(keys.verify_device(&known.token, now()), Ok(device));
        for token in [&access.token, &ticket.token, &issued.token] {
            assert_eq!(keys.verify_device(token, now()), Err(TokenError::Invalid));
        }
        for token in [&access.token, &issued.token, &known.token] {
            assert_eq!(keys.verify_ticket(token, now()), Err(TokenError::Invalid));
        }
        for token in [&ticket.token, &issued.token, &known.token] {
            assert_eq!(keys.verify_access(token, now()), Err(TokenError::Invalid));
        }
        for token in [&ticket.token, &access.token, &known.token] {
            assert_eq!(keys.verify_events_ticket(token, now()), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn an_older_key_is_accepted_and_the_newest_signs() {
        let (before, both, after) = (
            Keys::new(&[OLD]).unwrap(),
            Keys::new(&[OLD, NEW]).unwrap(),
            Keys::new(&[NEW]).unwrap(),
        );
        let old = before.issue_ticket(&ticket(), now()).unwrap().token;
        let new = both.issue_ticket(&ticket(), now()).unwrap().token;
        assert!(both.verify_ticket(&old, now()).is_ok());
        assert!(after.verify_ticket(&new, now()).is_ok());
        assert_eq!(after.verify_ticket(&old, now()), Err(TokenError::Invalid));
    }

    #[test]
    fn a_token_that_was_touched_is_refused() {
        let keys = Keys::new(&[NEW]).unwrap();
        let token = keys.issue_ticket(&ticket(), now()).unwrap().token;
        let (head, rest) = token.split_once('.').unwrap();
        let (body, signature) = rest.split_once('.').unwrap();
        let unsigned = BASE64_URL_SAFE_NO_PAD.encode(r#"{"typ":"ticket+jwt","alg":"none"}"#);
        let forged = [
            format!("{unsigned}.{body}."),
            format!("{head}.{body}."),
            format!("{head}.{}.{signature}", body.replace('A', "B")),
            String::new(),
        ];
        for token in forged {
            assert_eq!(keys.verify_ticket(&token, now()), Err(TokenError::Invalid), "{token}");
        }
    }

    #[test]
    fn a_short_key_is_no_key() {
        assert!(Keys::new(&["secret"]).is_none());
        assert!(Keys::new::<&str>(&[]).is_none());
    }
}
