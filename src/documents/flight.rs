//! Notes what is about to be handed to yrs, in files that outlive the process: should it die meanwhile, the
//! next one knows over what. Written without a sync: a note has to survive a process, not a power cut.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use ulid::Ulid;

use crate::ids::DocId;

/// The first byte of a note whose work has ended well.
const LANDED: u8 = 0;
/// The first byte of a note over an update.
const UPDATE: u8 = 1;
/// The first byte of a note over a whole stored document.
const DOCUMENT: u8 = 2;
/// A file that has held a larger note gives the room back.
const KEPT_NOTE_BYTES: usize = 256 << 10;
/// How the file of a note ends. Other files are left alone.
const EXTENSION: &str = "note";
/// What a note may hold at most; there is never one over an update that is larger than rooms take.
const NOTE_BYTES: u64 = 64 << 20;

/// What may end the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cargo {
    /// A client's update is merged.
    Update(Bytes),
    /// A stored document is read or folded.
    Document,
}

/// What was in flight when a process or a room ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wreck {
    /// In which document.
    pub doc: DocId,
    /// What it was.
    pub cargo: Cargo,
}

/// A wreck that an earlier process left.
#[derive(Debug)]
pub struct Found {
    /// What it is.
    pub wreck: Wreck,
    note: PathBuf,
}

impl Found {
    /// Takes the note away, so that it is not found again.
    pub fn clear(self) -> io::Result<()> {
        fs::remove_file(self.note)
    }
}

/// The notes of this process, one file for each that is open at the same time. Clones share them.
#[derive(Clone)]
pub struct FlightLog(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    /// Tells the notes of this process from those of earlier ones.
    life: Ulid,
    slots: Mutex<Slots>,
}

#[derive(Default)]
struct Slots {
    free: Vec<Slot>,
    made: usize,
}

struct Slot {
    file: File,
    note: Vec<u8>,
}

impl Slot {
    /// Most notes are small; one over a whole document is not to stay in memory, nor on the disk.
    fn shrink(&mut self) {
        if self.note.len() > KEPT_NOTE_BYTES {
            self.note = Vec::new();
            // A file that stays long is no harm: the note in it has landed.
            let _ = self.file.set_len(1);
        }
    }
}

impl FlightLog {
    /// Opens the log in this folder, which is made if it is not there, and says what was in flight when
    /// earlier processes ended.
    pub fn open(folder: &Path) -> io::Result<(Self, Vec<Found>)> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != EXTENSION) {
                continue;
            }
            let mut note = Vec::new();
            File::open(&path)?.take(NOTE_BYTES).read_to_end(&mut note)?;
            match read(&note) {
                Some(wreck) => found.push(Found { wreck, note: path }),
                None => fs::remove_file(path)?,
            }
        }
        let inner =
            Inner { folder: folder.to_owned(), life: Ulid::generate(), slots: Mutex::default() };
        Ok((Self(Arc::new(inner)), found))
    }

    /// Notes that this is about to happen. A note that can't be written is counted, and the work goes on: it is
    /// no worse off than without notes.
    pub(crate) fn take_off(&self, doc: DocId, cargo: Cargo) -> Flight {
        let slot = self.0.slot().and_then(|mut slot| {
            write(&mut slot.note, doc, &cargo)?;
            slot.file.write_all_at(&slot.note, 0)?;
            Ok(slot)
        });
        let slot = slot.inspect_err(|error| {
            metrics::counter!("moim_flight_notes_failed_total").increment(1);
            tracing::debug!(%error, "a note could not be written");
        });
        Flight { log: self.clone(), slot: slot.ok(), wreck: Wreck { doc, cargo } }
    }
}

impl Inner {
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A free one, or a new one: there are as many as there were ever open at the same time.
    fn slot(&self) -> io::Result<Slot> {
        let mut slots = self.slots();
        if let Some(slot) = slots.free.pop() {
            return Ok(slot);
        }
        let path = self.folder.join(format!("{}-{}.{EXTENSION}", self.life, slots.made));
        slots.made += 1;
        let file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        Ok(Slot { file, note: Vec::new() })
    }
}

/// Something that is in flight. Dropped, it has landed.
pub(crate) struct Flight {
    log: FlightLog,
    slot: Option<Slot>,
    wreck: Wreck,
}

impl Flight {
    /// What it is.
    pub(crate) fn wreck(&self) -> &Wreck {
        &self.wreck
    }

    /// Leaves the note for the next process.
    pub(crate) fn leave(mut self) {
        self.slot = None;
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let Some(mut slot) = self.slot.take() else { return };
        // A note that can't be taken back only costs the next start a trial.
        let landed = slot.file.write_all_at(&[LANDED], 0);
        slot.shrink();
        if landed.is_ok() {
            self.log.0.slots().free.push(slot);
        }
    }
}

fn write(note: &mut Vec<u8>, doc: DocId, cargo: &Cargo) -> io::Result<()> {
    let (kind, bytes): (u8, &[u8]) = match cargo {
        Cargo::Update(update) => (UPDATE, update),
        Cargo::Document => (DOCUMENT, &[]),
    };
    note.clear();
    note.push(kind);
    writeln!(note, "{doc} {} {}", bytes.len(), crc32fast::hash(bytes))?;
    note.extend_from_slice(bytes);
    Ok(())
}

/// What a note says, unless it has landed or was never whole.
fn read(note: &[u8]) -> Option<Wreck> {
    let (kind, rest) = note.split_first()?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (head, rest) = rest.split_at_checked(end + 1)?;
    let mut head = std::str::from_utf8(head).ok()?.split_whitespace();
    let doc = head.next()?.parse().ok()?;
    let bytes = rest.get(..head.next()?.parse().ok()?)?;
    if crc32fast::hash(bytes).to_string() != head.next()? {
        return None;
    }
    match *kind {
        UPDATE => Some(Wreck { doc, cargo: Cargo::Update(Bytes::copy_from_slice(bytes)) }),
        DOCUMENT => Some(Wreck { doc, cargo: Cargo::Document }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DocKind;

    fn opened(folder: &tempfile::TempDir) -> (FlightLog, Vec<Found>) {
        FlightLog::open(&folder.path().join("flight")).unwrap()
    }

    fn update(text: &'static str) -> Cargo {
        Cargo::Update(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn what_has_not_landed_is_found_by_the_next_process_until_it_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let doc = DocId::new(DocKind::Trip);
        let (log, found) = opened(&folder);
        assert!(found.is_empty());
        drop(log.take_off(doc, update("a long update that lands")));
        log.take_off(doc, update("short")).leave();
        log.take_off(doc, Cargo::Document).leave();
        for _ in 0..2 {
            let (log, found) = opened(&folder);
            let mut wrecks: Vec<_> = found.into_iter().map(|found| found.wreck).collect();
            wrecks.sort_by_key(|wreck| wreck.cargo == Cargo::Document);
            let expected = [update("short"), Cargo::Document].map(|cargo| Wreck { doc, cargo });
            assert_eq!(wrecks, expected);
            drop(log.take_off(doc, update("of another process, and landed")));
        }
        opened(&folder).1.into_iter().for_each(|found| found.clear().unwrap());
        assert!(opened(&folder).1.is_empty());
    }

    #[test]
    fn a_large_note_gives_its_room_back_and_is_whole_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let doc = DocId::new(DocKind::Trip);
        let (log, _) = opened(&folder);
        let large = Cargo::Update(vec![7; 5 << 20].into());
        let flight = log.take_off(doc, large.clone());
        assert_eq!(opened(&folder).1[0].wreck, Wreck { doc, cargo: large });
        drop(flight);
        let files = fs::read_dir(folder.path().join("flight")).unwrap();
        let longest = files.map(|file| file.unwrap().metadata().unwrap().len()).max();
        assert_eq!(longest, Some(1));
        log.take_off(doc, update("small")).leave();
        assert_eq!(opened(&folder).1.len(), 1, "the same file holds the next note");
    }

    #[test]
    fn other_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("moim.db");
        fs::write(&path, "everything").unwrap();
        let (log, _) = FlightLog::open(folder.path()).unwrap();
        log.take_off(DocId::new(DocKind::Trip), update("an update")).leave();
        assert_eq!(FlightLog::open(folder.path()).unwrap().1.len(), 1);
        assert_eq!(fs::read(&path).unwrap(), b"everything");
    }

    #[test]
    fn a_note_that_was_cut_off_is_none() {
        let doc = DocId::new(DocKind::Trip);
        let mut note = Vec::new();
        write(&mut note, doc, &update("an update")).unwrap();
        assert!(read(&note).is_some());
        for end in 0..note.len() {
            assert_eq!(read(&note[..end]), None, "{end}");
        }
        *note.last_mut().unwrap() ^= 1;
        assert_eq!(read(&note), None);
    }
}
