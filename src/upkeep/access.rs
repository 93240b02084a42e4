//! Whether this process may work on what lies in a folder, and what to type if it may not.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, access},
    process::{getgid, getuid},
};

/// What is to be done with a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Files in it are made and written.
    Write,
    /// One file in it is read.
    Read,
}

/// Something that this process has no way to, with who it belongs to and what helps.
#[derive(Debug)]
pub struct AccessError {
    path: PathBuf,
    error: io::Error,
    help: Help,
}

#[derive(Debug)]
enum Help {
    /// It belongs to somebody else.
    GiveAway { owner: u32, folder: PathBuf },
    /// It is ours, and we took the right away from ourselves.
    Allow { folder: PathBuf },
    /// It is not there, and may not be made there.
    Make,
    /// There is a file where a folder should be.
    IsFile,
    /// Nobody can write there.
    ReadOnly,
    /// What the system says is all that is known.
    Unknown,
}

impl AccessError {
    /// Finds out what stands in the way of something that failed. `folder` is what the operator has named.
    pub(super) fn explain(folder: &Path, path: &Path, error: io::Error) -> Self {
        let is = |kinds: &[io::ErrorKind]| kinds.contains(&error.kind());
        let help = if is(&[io::ErrorKind::ReadOnlyFilesystem]) {
            Help::ReadOnly
        } else if is(&[io::ErrorKind::NotADirectory, io::ErrorKind::AlreadyExists]) {
            Help::IsFile
        } else if is(&[io::ErrorKind::PermissionDenied]) {
            denied(folder, path)
        } else {
            Help::Unknown
        };
        Self { path: path.to_owned(), error, help }
    }
}

fn denied(folder: &Path, path: &Path) -> Help {
    if !folder.exists() {
        return Help::Make;
    }
    // What can't be looked at lies in what can.
    let mut seen = path.ancestors().chain([folder]);
    let owner = seen.find_map(|place| owner_of(place).filter(|_| place.starts_with(folder)));
    match owner.or_else(|| owner_of(folder)) {
        Some(owner) if owner != getuid().as_raw() => {
            Help::GiveAway { owner, folder: folder.to_owned() }
        }
        Some(_) => Help::Allow { folder: folder.to_owned() },
        None => Help::Unknown,
    }
}

fn owner_of(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|found| std::os::unix::fs::MetadataExt::uid(&found))
}

impl fmt::Display for AccessError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (me, group) = (getuid().as_raw(), getgid().as_raw());
        write!(out, "{}: {}", self.path.display(), self.error)?;
        match &self.help {
            Help::GiveAway { owner, folder } => write!(
                out,
                "; it belongs to user {owner}, and moim runs as user {me}. Run it as user {owner}, or type: \
                 sudo chown -R {me}:{group} {}",
                quoted(folder)
            ),
            Help::Allow { folder } => {
                write!(out, "; type: chmod -R u+rwX {}", quoted(folder))
            }
            Help::Make => write!(
                out,
                "; moim runs as user {me} and may not make it there. Type: \
                 sudo install -d -m 700 -o {me} -g {group} {}",
                quoted(&self.path)
            ),
            Help::IsFile => out.write_str("; a file is in the way: name a folder"),
            Help::ReadOnly => out.write_str(
                "; nothing can be written on that file system: mount it for writing, or name another folder",
            ),
            Help::Unknown => Ok(()),
        }
    }
}

impl std::error::Error for AccessError {}

/// As a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+:@".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Whether everything that is there already may be used for this: the folder, the database's files, the keys.
pub(super) fn check(
    folder: &Path,
    files: &[PathBuf],
    keys: &Path,
    purpose: Purpose,
) -> Result<(), AccessError> {
    let may = |path: &Path, how: Access| {
        let asked = access(path, how).map_err(io::Error::from);
        asked.or_else(|error| {
            let is_new = error.kind() == io::ErrorKind::NotFound;
            if is_new { Ok(()) } else { Err(AccessError::explain(folder, path, error)) }
        })
    };
    match purpose {
        Purpose::Read => may(folder, Access::READ_OK | Access::EXEC_OK)?,
        Purpose::Write => may(folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)?,
    }
    // SQLite writes beside a database in use also where it reads only.
    for path in files {
        may(path, Access::READ_OK | Access::WRITE_OK)?;
    }
    may(keys, Access::READ_OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_typed_is_what_a_shell_takes() {
        assert_eq!(quoted(Path::new("/var/lib/moim")), "/var/lib/moim");
        assert_eq!(quoted(Path::new("/home/민지/a b")), "'/home/민지/a b'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }

    #[test]
    fn a_file_in_the_way_is_told_apart_from_a_right_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data");
        fs::write(&file, "").unwrap();
        let error = crate::upkeep::DataFolder::make(&file).unwrap_err();
        let said = AccessError::explain(&file, &file, error).to_string();
        assert!(said.contains("a file is in the way"), "{said}");
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let said = AccessError::explain(folder.path(), &file, denied()).to_string();
        assert!(said.contains("chmod -R u+rwX"), "{said}");
        let nowhere = folder.path().join("no/such");
        let said = AccessError::explain(&nowhere, &nowhere, denied()).to_string();
        assert!(said.contains("sudo install -d -m 700"), "{said}");
    }
}
