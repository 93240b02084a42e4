//! Who somebody is and what they may do: tokens, passwords, and the one table of roles.

mod keyring;
mod passwords;
mod permits;
mod secret;
mod tokens;
mod workers;

pub use keyring::KeyringError;
pub use passwords::{Fit, PasswordError, Passwords, normal_form};
pub use permits::{Act, least, permits};
pub use secret::{Secret, digest, digest_of, fresh_bytes};
pub use tokens::{
    ACCESS_LIFE, Access, DEVICE_LIFE, Device, EventsTicket, Issued, Keys, MIN_KEY_LENGTH, Ticket,
    TokenError,
};
