//! Passwords: argon2id, a few at a time, and the same work whether or not the account exists.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::PasswordHash,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Secret;

/// Memory of one hash in KiB, passes and lanes: the first choice of OWASP's password storage cheat sheet.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// How many passwords are worked on at once: each takes a core and 19 MiB.
const AT_WORK: usize = 2;

/// How many may wait for that; who comes later is told to try again. About two seconds of work.
const WAITING: usize = 64;

/// Why a password was neither hashed nor compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many log in at this moment.
    #[error("too many passwords are being checked")]
    Busy,
    /// Out of memory or randomness.
    #[error("passwords can't be worked on")]
    Failed,
}

/// Hashes and compares passwords off the runtime's threads, so that a rush of logins delays nobody's edits.
#[derive(Clone)]
pub struct Passwords {
    argon: Argon2<'static>,
    queue: Arc<Semaphore>,
    work: Arc<Semaphore>,
    decoy: Arc<str>,
}

impl Passwords {
    /// Ready to work. Makes the decoy that unknown accounts are compared with, which takes a moment.
    pub fn new() -> Result<Self, PasswordError> {
        let (memory, passes, lanes) = COST;
        let params = Params::new(memory, passes, lanes, None).map_err(|_| PasswordError::Failed)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let secret = Secret::new().map_err(|_| PasswordError::Failed)?;
        let decoy = hash(&argon, secret.reveal())?.into();
        let queue = Arc::new(Semaphore::new(AT_WORK + WAITING));
        Ok(Self { argon, queue, work: Arc::new(Semaphore::new(AT_WORK)), decoy })
    }

    /// The password's hash in PHC string format, with a fresh salt.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let argon = self.argon.clone();
        self.run(move || hash(&argon, &password)).await?
    }

    /// Whether the password belongs to this hash. Without a hash it never does, but takes as long to say so:
    /// nobody learns from a clock which addresses have an account.
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        let argon = self.argon.clone();
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let fits = self.run(move || verify(&argon, &password, &hash)).await?;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = self.queue.clone().try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let turn = self.work.clone().acquire_owned().await.map_err(|_| PasswordError::Failed)?;
        metrics::counter!("moim_passwords_total").increment(1);
        // The permits go with the work: a caller that goes away doesn't make room for more of it.
        let permits: [OwnedSemaphorePermit; 2] = [place, turn];
        let done = tokio::task::spawn_blocking(move || {
            let _permits = permits;
            work()
        });
        done.await.map_err(|_| PasswordError::Failed)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Passwords({} of {AT_WORK} free)", self.work.available_permits())
    }
}

fn hash(argon: &Argon2<'_>, password: &str) -> Result<String, PasswordError> {
    let hash: PasswordHash =
        argon.hash_password(password.as_bytes()).map_err(|_| PasswordError::Failed)?;
    Ok(hash.to_string())
}

fn verify(argon: &Argon2<'_>, password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| argon.verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("제주도 푸른 밤".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let fits = async |password: &str| {
            passwords.verify(password.to_owned(), Some(hash.clone())).await.unwrap()
        };
        assert!(fits("제주도 푸른 밤").await);
        assert!(!fits("제주도 푸른 낮").await);
    }

    #[tokio::test]
    async fn an_unknown_account_is_never_let_in_and_costs_as_much() {
        let passwords = Passwords::new().unwrap();
        let decoy = PasswordHash::new(&passwords.decoy).unwrap();
        assert_eq!(decoy.params.to_string(), "m=19456,t=2,p=1");
        assert_eq!(passwords.verify("anything".to_owned(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn a_rush_is_turned_away_instead_of_piling_up() {
        let passwords = Passwords::new().unwrap();
        let _rush =
            passwords.queue.clone().acquire_many_owned((AT_WORK + WAITING) as u32).await.unwrap();
        assert_eq!(passwords.hash("password".to_owned()).await, Err(PasswordError::Busy));
    }
}
