//! People's accounts: signing up, logging in, staying logged in, logging out, and a new password.

mod fields;
mod lookup;
mod resets;
mod service;

pub use resets::{RESET_LIFE, ResetLink, make_reset_link};
pub use service::{
    AccountChange, AccountError, Accounts, Candidate, REFRESH_LIFE, Session, SignUp,
};
