//! Who somebody is and what they may do: tokens, passwords, and the one table of roles.

mod keyring;
mod passwords;
mod permits;
mod secret;
mod tokens;

pub use keyring::KeyringError;
pub use passwords::{PasswordError, Passwords};
pub use permits::{Act, least, permits};
pub use secret::{Secret, digest, digest_of};
pub use tokens::{
    ACCESS_LIFE, Access, EventsTicket, Issued, Keys, MIN_KEY_LENGTH, TICKET_LIFE, Ticket,
    TokenError,
};
