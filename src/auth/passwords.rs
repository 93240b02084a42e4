//! Passwords: argon2id, a few at a time, and the same work whether or not the account exists.

use std::{
    fmt,
    sync::{Arc, mpsc},
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use unicode_normalization::UnicodeNormalization;

use super::{secret::fresh_bytes, workers::Workers};

/// Memory of one hash in KiB, passes and lanes: the first choice of OWASP's password storage cheat sheet.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// How many passwords are worked on at once: each takes a core, and its thread keeps 19 MiB for the next one.
const AT_WORK: usize = 2;

/// How many may wait for that; who comes later is told to try again. About two seconds of work.
const WAITING: usize = 64;

/// Bytes of a salt and of a hash.
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Why a password was neither hashed nor compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many log in at this moment.
    #[error("too many passwords are being checked")]
    Busy,
    /// Out of memory, threads or randomness.
    #[error("passwords can't be worked on")]
    Failed,
}

/// How a password compares with a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It is another one.
    Not,
    /// It is this one.
    Fits,
    /// It is this one, as it was hashed before passwords were normalised: it is to be hashed anew.
    FitsAsTyped,
}

/// Hashes and compares passwords on threads of their own, so that a rush of logins delays nobody's edits and takes no
/// more memory than two of them.
///
/// A password is what it looks like: keyboards write the same letters in different ways (composed or not, wide or
/// narrow), so it is hashed in its normal form (NFKC).
#[derive(Clone)]
pub struct Passwords {
    argon: Argon2<'static>,
    workers: Arc<Workers<Memory>>,
    decoy: Arc<str>,
}

/// What a thread works in, made when it is first needed.
#[derive(Default)]
struct Memory(Vec<Block>);

impl Passwords {
    /// Ready to work. Makes the decoy that unknown accounts are compared with, which takes a moment.
    pub fn new() -> Result<Self, PasswordError> {
        let (memory, passes, lanes) = COST;
        let params = Params::new(memory, passes, lanes, Some(HASH_BYTES));
        let params = params.map_err(|_| PasswordError::Failed)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let workers = Workers::<Memory>::start("passwords", AT_WORK, WAITING);
        let workers = workers.map_err(|_| PasswordError::Failed)?;
        let (made, decoy) = mpsc::sync_channel(1);
        let making = argon.clone();
        let _made = workers.run(move |memory| {
            let secret: Result<[u8; 32], _> = fresh_bytes();
            let secret = secret.map_err(|_| PasswordError::Failed);
            made.send(secret.and_then(|secret| memory.hash(&making, &secret))).ok();
        });
        let decoy = decoy.recv().map_err(|_| PasswordError::Failed)??.into();
        Ok(Self { argon, workers: Arc::new(workers), decoy })
    }

    /// The password's hash in PHC string format, with a fresh salt.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        let argon = self.argon.clone();
        self.run(move |memory| memory.hash(&argon, normal_form(&password).as_bytes())).await?
    }

    /// Whether the password belongs to this hash. Without a hash it never does, but takes as long to say so:
    /// nobody learns from a clock which addresses have an account.
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<Fit, PasswordError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let fit = self.run(move |memory| memory.compare(&password, &hash)).await?;
        Ok(if known { fit } else { Fit::Not })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let done = self.workers.run(work).map_err(|_| PasswordError::Busy)?;
        done.await.map_err(|_| PasswordError::Failed)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Passwords({AT_WORK} at once)")
    }
}

/// The form in which a password is counted and hashed.
pub fn normal_form(password: &str) -> String {
    password.nfkc().collect()
}

/// The ways in which a password may have been hashed, the one of today first. How many there are depends on what was
/// typed alone, and is one for most.
fn spellings(password: &str) -> Vec<String> {
    let forms = [password.to_owned(), password.nfc().collect(), password.nfd().collect()];
    let mut spellings = vec![normal_form(password)];
    for form in forms {
        if !spellings.contains(&form) {
            spellings.push(form);
        }
    }
    spellings
}

impl Memory {
    fn hash(&mut self, argon: &Argon2<'_>, password: &[u8]) -> Result<String, PasswordError> {
        let salt: [u8; SALT_BYTES] = fresh_bytes().map_err(|_| PasswordError::Failed)?;
        let salt = Salt::new(&salt).map_err(|_| PasswordError::Failed)?;
        let output = self.output(argon, password, &salt, HASH_BYTES);
        let params = ParamsString::try_from(argon.params()).map_err(|_| PasswordError::Failed)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params,
            salt: Some(salt),
            hash: Some(output.ok_or(PasswordError::Failed)?),
        };
        Ok(hash.to_string())
    }

    /// What can't be read fits nothing.
    fn compare(&mut self, password: &str, hash: &str) -> Fit {
        let mut spellings = spellings(password).into_iter();
        let today = spellings.next().is_some_and(|password| self.fits(&password, hash));
        if today {
            Fit::Fits
        } else if spellings.any(|password| self.fits(&password, hash)) {
            Fit::FitsAsTyped
        } else {
            Fit::Not
        }
    }

    fn fits(&mut self, password: &str, hash: &str) -> bool {
        let Ok(hash) = PasswordHash::new(hash) else { return false };
        let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return false };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str());
        let version = hash.version.map_or(Ok(Version::V0x13), Version::try_from);
        let (Ok(algorithm), Ok(version), Ok(params)) =
            (algorithm, version, Params::try_from(&hash))
        else {
            return false;
        };
        let argon = Argon2::new(algorithm, version, params);
        // Their comparison takes the same time wherever they differ.
        self.output(&argon, password.as_bytes(), &salt, expected.len()) == Some(expected)
    }

    fn output(
        &mut self,
        argon: &Argon2<'_>,
        password: &[u8],
        salt: &Salt,
        bytes: usize,
    ) -> Option<Output> {
        metrics::counter!("moim_passwords_total").increment(1);
        let blocks = argon.params().block_count();
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::new());
        }
        let mut buffer = [0; Output::MAX_LENGTH];
        let output = buffer.get_mut(..bytes)?;
        argon.hash_password_into_with_memory(password, salt, output, &mut self.0).ok()?;
        Output::new(output).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("제주도 푸른 밤".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let fits = async |password: &str| {
            passwords.verify(password.to_owned(), Some(hash.clone())).await.unwrap()
        };
        assert_eq!(fits("제주도 푸른 밤").await, Fit::Fits);
        assert_eq!(fits("제주도 푸른 낮").await, Fit::Not);
    }

    #[tokio::test]
    async fn one_password_is_one_however_a_keyboard_writes_it() {
        let passwords = Passwords::new().unwrap();
        for (typed, elsewhere) in [
            ("Z\u{fc}rich-2026", "Zu\u{308}rich-2026"),
            (
                "\u{c81c}\u{c8fc}\u{b3c4} \u{bc24}",
                "\u{110c}\u{1166}\u{110c}\u{116e}\u{1103}\u{1169} \u{1107}\u{1161}\u{11b7}",
            ),
            (
                "password 2026",
                "\u{ff50}\u{ff41}\u{ff53}\u{ff53}\u{ff57}\u{ff4f}\u{ff52}\u{ff44}\u{3000}\u{ff12}\u{ff10}\u{ff12}\u{ff16}",
            ),
        ] {
            for (one, other) in [(typed, elsewhere), (elsewhere, typed)] {
                let hash = passwords.hash(one.to_owned()).await.unwrap();
                let fit = passwords.verify(other.to_owned(), Some(hash)).await;
                assert_eq!(fit, Ok(Fit::Fits), "{one} and {other}");
            }
        }
    }

    /// Hashes of the bytes as they were typed, with the crate's own function.
    #[tokio::test]
    async fn a_hash_from_before_fits_and_is_to_be_made_anew() {
        use argon2::PasswordHasher;
        let passwords = Passwords::new().unwrap();
        let typed = ["Zu\u{308}rich-2026", "\u{ff34}okyo 2026", "plain password"];
        for (password, fit) in
            typed.into_iter().zip([Fit::FitsAsTyped, Fit::FitsAsTyped, Fit::Fits])
        {
            let hash: PasswordHash = passwords.argon.hash_password(password.as_bytes()).unwrap();
            let hash = hash.to_string();
            let verify = async |password: &str| {
                passwords.verify(password.to_owned(), Some(hash.clone())).await
            };
            assert_eq!(verify(password).await, Ok(fit), "{password}");
            assert_eq!(verify("another password").await, Ok(Fit::Not));
        }
        // Also from a keyboard that writes it the other way.
        let hash: PasswordHash =
            passwords.argon.hash_password("Zu\u{308}rich-2026".as_bytes()).unwrap();
        let fit = passwords.verify("Z\u{fc}rich-2026".to_owned(), Some(hash.to_string())).await;
        assert_eq!(fit, Ok(Fit::FitsAsTyped));
    }

    #[tokio::test]
    async fn an_unknown_account_is_never_let_in_and_costs_as_much() {
        let passwords = Passwords::new().unwrap();
        let decoy = PasswordHash::new(&passwords.decoy).unwrap();
        assert_eq!(decoy.params.to_string(), "m=19456,t=2,p=1");
        assert_eq!(passwords.verify("anything".to_owned(), None).await, Ok(Fit::Not));
    }

    #[tokio::test]
    async fn a_damaged_hash_fits_nothing() {
        let passwords = Passwords::new().unwrap();
        for hash in ["", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1", "plain"] {
            let fit = passwords.verify("plain".to_owned(), Some(hash.to_owned())).await;
            assert_eq!(fit, Ok(Fit::Not), "{hash}");
        }
    }

    #[tokio::test]
    async fn a_rush_is_turned_away_instead_of_piling_up() {
        let passwords = Passwords::new().unwrap();
        let (begun, has_begun) = mpsc::channel();
        let mut held = Vec::new();
        let mut hold = || {
            let (go_on, goes_on) = mpsc::channel::<()>();
            let begun = begun.clone();
            let answer = passwords.workers.run(move |_| {
                begun.send(()).ok();
                goes_on.recv().ok();
            });
            held.push((go_on, answer.unwrap()));
        };
        (0..AT_WORK).for_each(|_| hold());
        (0..AT_WORK).for_each(|_| has_begun.recv().unwrap());
        (0..WAITING).for_each(|_| hold());
        assert_eq!(passwords.hash("password".to_owned()).await, Err(PasswordError::Busy));
        held.clear();
    }
}
