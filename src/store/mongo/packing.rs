//! The updates of one append as one record's bytes, and the names of its entries.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::clock::NAME_BITS;
use crate::store::{EntryId, Result, StoreError};

/// The most bytes that one append may bring. A record must stay below 16 MiB; a room holds back half of it.
pub(super) const MAX_APPEND_BYTES: usize = 15 << 20;

/// Bits for the place of an update in its append, and for the place of the last one.
const PLACE_BITS: u32 = (u128::BITS - NAME_BITS) / 2;
const MAX_PLACE: u128 = (1 << PLACE_BITS) - 1;

/// Before each update: its length and its checksum.
const HEAD: usize = 2 * size_of::<u32>();

/// One update of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) id: EntryId,
    /// As they are now; where not even the lengths make sense, those of the whole record.
    pub(super) bytes: Bytes,
    /// Whether they are what was written.
    pub(super) is_sound: bool,
}

/// Each update behind its head. One append is one record, so that it is kept whole or not at all.
pub(super) fn pack(updates: &[Bytes]) -> Result<Vec<u8>> {
    let bytes: usize = updates.iter().map(|update| update.len() + HEAD).sum();
    if bytes > MAX_APPEND_BYTES || updates.len() > 1 << PLACE_BITS {
        let text = format!("one append may bring {MAX_APPEND_BYTES} bytes: append less at a time");
        return Err(StoreError::Unavailable(text));
    }
    let mut packed = Vec::with_capacity(bytes);
    for update in updates {
        // Not longer than MAX_APPEND_BYTES, see above.
        let length = u32::try_from(update.len()).unwrap_or(u32::MAX);
        packed.extend_from_slice(&length.to_le_bytes());
        packed.extend_from_slice(&crc32fast::hash(update).to_le_bytes());
        packed.extend_from_slice(update);
    }
    Ok(packed)
}

/// The updates of the record with this name, but for those at the places that are set aside.
pub(super) fn unpack(name: u128, packed: &Bytes, aside: &[u32]) -> Vec<Piece> {
    let updates = split(packed).unwrap_or_else(|| vec![(packed.clone(), false)]);
    let last = updates.len().saturating_sub(1) as u128;
    let is_kept = |place: &u128| !aside.iter().any(|aside| u128::from(*aside) == *place);
    let pieces = (0_u128..).zip(updates).filter(|(place, _)| is_kept(place));
    let piece = |(place, (bytes, is_sound)): (u128, (Bytes, bool))| Piece {
        id: EntryId(name << (2 * PLACE_BITS) | place << PLACE_BITS | last),
        bytes,
        is_sound,
    };
    pieces.map(piece).collect()
}

/// The updates, and whether each fits its checksum. `None`: their lengths make no sense.
fn split(packed: &Bytes) -> Option<Vec<(Bytes, bool)>> {
    let mut updates = Vec::new();
    let mut at = 0;
    while at < packed.len() {
        let from = at + HEAD;
        let (length, checksum) = packed.get(at..from)?.split_at(size_of::<u32>());
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let to = from.checked_add(usize::try_from(length).ok()?)?;
        let is_sound = crc32fast::hash(packed.get(from..to)?).to_le_bytes() == checksum;
        updates.push((packed.slice(from..to), is_sound));
        at = to;
    }
    (!updates.is_empty()).then_some(updates)
}

/// The record that an entry is in, and its place there.
pub(super) fn place(EntryId(id): EntryId) -> (u128, u32) {
    let place = (id >> PLACE_BITS) & MAX_PLACE;
    (id >> (2 * PLACE_BITS), u32::try_from(place).unwrap_or(u32::MAX))
}

/// The records of which all entries are among these. One of which some are missing stays as it is: an update
/// that is applied twice changes nothing.
pub(super) fn whole_records(entries: &[EntryId]) -> Vec<u128> {
    let mut places: BTreeMap<(u128, u128), Vec<u32>> = BTreeMap::new();
    for entry in entries {
        let (name, place) = place(*entry);
        places.entry((name, entry.0 & MAX_PLACE)).or_default().push(place);
    }
    let is_whole = |((name, last), mut places): ((u128, u128), Vec<u32>)| {
        places.sort_unstable();
        places.dedup();
        (places.len() as u128 == last + 1).then_some(name)
    };
    places.into_iter().filter_map(is_whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(updates: &[&'static [u8]]) -> Bytes {
        let updates: Vec<_> = updates.iter().map(|update| Bytes::from_static(update)).collect();
        pack(&updates).unwrap().into()
    }

    fn updates(pieces: &[Piece]) -> Vec<(&[u8], bool)> {
        pieces.iter().map(|piece| (&piece.bytes[..], piece.is_sound)).collect()
    }

    #[test]
    fn what_was_packed_comes_back_in_its_order() {
        let pieces = unpack(7, &packed(&[b"one", b"", b"three"]), &[]);
        assert_eq!(updates(&pieces), [(&b"one"[..], true), (b"", true), (b"three", true)]);
        assert_eq!(place(pieces[2].id), (7, 2));
        assert_eq!(updates(&unpack(8, &packed(&[b""]), &[])), [(&b""[..], true)]);
    }

    #[test]
    fn a_damaged_update_hides_no_other() {
        let mut bytes = packed(&[b"one", b"two", b"three"]).to_vec();
        let at = bytes.windows(3).position(|window| window == b"two").unwrap();
        bytes[at] ^= 1;
        let bytes = Bytes::from(bytes);
        let pieces = unpack(7, &bytes, &[]);
        assert_eq!(updates(&pieces), [(&b"one"[..], true), (b"uwo", false), (b"three", true)]);
        let kept = unpack(7, &bytes, &[1]);
        assert_eq!(kept, [pieces[0].clone(), pieces[2].clone()]);
    }

    #[test]
    fn bytes_that_were_not_packed_are_one_damaged_piece() {
        for bytes in [&b""[..], b"\x01", b"\x02\0\0\0\0\0\0\0x", b"\xff\xff\xff\xff\0\0\0\0"] {
            let pieces = unpack(7, &Bytes::from_static(bytes), &[]);
            assert_eq!(updates(&pieces), [(bytes, false)]);
        }
    }

    #[test]
    fn a_record_is_whole_when_all_its_entries_are_named() {
        let ids = |name, updates: &[&'static [u8]]| -> Vec<EntryId> {
            unpack(name, &packed(updates), &[]).into_iter().map(|piece| piece.id).collect()
        };
        let (one, two) = (ids(1, &[b"a", b"b", b"c"]), ids(2, &[b"d"]));
        assert_eq!(whole_records(&[one.clone(), two.clone()].concat()), [1, 2]);
        for missing in 0..3 {
            let mut some = one.clone();
            some[missing] = some[(missing + 1) % 3];
            assert_eq!(whole_records(&[some, two.clone()].concat()), [2], "{missing}");
        }
    }

    #[test]
    fn an_append_that_no_record_can_hold_is_refused() {
        let half = Bytes::from(vec![0; MAX_APPEND_BYTES / 2]);
        assert!(pack(std::slice::from_ref(&half)).is_ok());
        assert!(pack(&[half.clone(), half]).is_err());
    }
}
