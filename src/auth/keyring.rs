//! Where the signing keys come from: what the operator gives, or a file that is made once.

use std::{
    fs::OpenOptions,
    io::{self, ErrorKind, Write},
    path::Path,
};

use super::{
    secret::Secret,
    tokens::{Keys, MIN_KEY_LENGTH},
};

/// Why there are no signing keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file can be neither read nor made.
    #[error("the signing keys can't be read or made: {0}")]
    Io(#[from] io::Error),
    /// What is there is no key.
    #[error("a signing key must have at least {MIN_KEY_LENGTH} characters")]
    TooShort,
}

impl Keys {
    /// Keys from a setting: oldest first, separated by commas or space.
    pub fn from_setting(text: &str) -> Result<Self, KeyringError> {
        let secrets: Vec<_> =
            text.split([',', ' ', '\n', '\r', '\t']).filter(|part| !part.is_empty()).collect();
        Self::new(&secrets).ok_or(KeyringError::TooShort)
    }

    /// A key as a setting, of fresh randomness.
    pub fn fresh_setting() -> Result<String, KeyringError> {
        let secret = Secret::new().map_err(|_| io::Error::other("no randomness to be had"))?;
        Ok(secret.reveal().to_owned())
    }

    /// Keys from a file, one a line, the newest last. The first start makes it, readable to its owner alone;
    /// to replace a key, append a line, and remove the old one when its tokens have run out.
    pub fn open(path: &Path) -> Result<Self, KeyringError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_setting(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => create(path),
            Err(error) => Err(error.into()),
        }
    }
}

fn create(path: &Path) -> Result<Keys, KeyringError> {
    let key = Keys::fresh_setting()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{key}")?;
    file.sync_all()?;
    Keys::from_setting(&key)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::ids::{FamilyId, UserId};

    #[test]
    fn the_keys_that_were_made_are_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.keys");
        let now = Timestamp::now();
        let issued =
            Keys::open(&path).unwrap().issue_access(UserId::new(), FamilyId::new(), now).unwrap();
        assert!(Keys::open(&path).unwrap().verify_access(&issued.token, now).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.keys");
        Keys::open(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.keys");
        std::fs::write(&path, "short\n").unwrap();
        assert!(matches!(Keys::open(&path), Err(KeyringError::TooShort)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short\n");
    }
}
