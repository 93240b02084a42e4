//! Which versions of a document are kept when there are many: decided by their sizes and names alone.

use super::versions::{Version, VersionCause, VersionContent, VersionRoom};
use crate::ids::VersionId;

/// What it takes to decide about a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct VersionSize {
    pub(super) id: VersionId,
    pub(super) bytes: u64,
    /// Whether a person saved it under a name: those never go by themselves.
    pub(super) is_named: bool,
}

impl VersionSize {
    pub(super) fn new(version: &Version, bytes: u64) -> Self {
        let is_named = version.cause == VersionCause::Saved && version.name.is_some();
        Self { id: version.id, bytes, is_named }
    }

    /// Of a version that is to be kept.
    pub(super) fn of(version: &Version, content: &VersionContent) -> Self {
        Self::new(version, (content.state.len() + content.projection.len()) as u64)
    }
}

impl VersionRoom {
    /// The versions that go to make room for a new one. `None`: it has a name, and there are too many of those.
    pub(super) fn make(self, kept: &[VersionSize], new: VersionSize) -> Option<Vec<VersionId>> {
        let named = || kept.iter().filter(|version| version.is_named);
        if new.is_named {
            let most = Self { count: self.count / 4 * 3, bytes: self.bytes / 4 * 3 };
            let bytes: u64 = named().map(|version| version.bytes).sum();
            // The first one always fits.
            let is_first = named().next().is_none();
            if !is_first && (named().count() >= most.count || bytes + new.bytes > most.bytes) {
                return None;
            }
        }
        let mut others: Vec<_> = kept.iter().filter(|version| !version.is_named).collect();
        others.sort_unstable_by_key(|version| version.id);
        let (mut count, mut bytes) = (kept.len() + 1, new.bytes);
        bytes += kept.iter().map(|version| version.bytes).sum::<u64>();
        let mut gone = Vec::new();
        for oldest in others {
            if count <= self.count && bytes <= self.bytes {
                break;
            }
            count -= 1;
            bytes -= oldest.bytes;
            gone.push(oldest.id);
        }
        Some(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: VersionRoom = VersionRoom { count: 8, bytes: 1_000 };

    fn version(bytes: u64, is_named: bool) -> VersionSize {
        VersionSize { id: VersionId::new(), bytes, is_named }
    }

    /// Versions, oldest first: their bytes, and whether they have a name.
    fn versions(all: &[(u64, bool)]) -> Vec<VersionSize> {
        let mut made: Vec<_> = all.iter().map(|(bytes, name)| version(*bytes, *name)).collect();
        let mut ids: Vec<_> = made.iter().map(|version| version.id).collect();
        ids.sort_unstable();
        made.iter_mut().zip(ids).for_each(|(version, id)| version.id = id);
        made
    }

    #[test]
    fn the_oldest_without_a_name_make_room_for_the_newest() {
        let kept = versions(&[(10, false), (10, true), (10, false), (10, false)]);
        assert_eq!(ROOM.make(&kept, version(10, false)), Some(vec![]));
        let kept = versions(&[(10, false); 8]);
        assert_eq!(ROOM.make(&kept, version(10, false)), Some(vec![kept[0].id]));
        let kept = versions(&[(400, true), (300, false), (200, false)]);
        let gone = ROOM.make(&kept, version(400, false)).unwrap();
        assert_eq!(gone, [kept[1].id], "as few as need be");
        let huge = ROOM.make(&kept, version(5_000, false)).unwrap();
        assert_eq!(huge, [kept[1].id, kept[2].id], "and it is kept itself");
    }

    #[test]
    fn a_name_is_kept_until_names_take_three_quarters_and_then_refused() {
        let named = version(10, true);
        assert!(ROOM.make(&versions(&[(10, true); 5]), named).is_some());
        assert_eq!(ROOM.make(&versions(&[(10, true); 6]), named), None);
        assert_eq!(ROOM.make(&versions(&[(745, true)]), named), None);
        let alone = versions(&[(10, false)]);
        assert!(ROOM.make(&alone, version(900, true)).is_some());
        // Without a name there is always a way.
        assert!(ROOM.make(&versions(&[(10, true); 6]), version(10, false)).is_some());
    }
}
