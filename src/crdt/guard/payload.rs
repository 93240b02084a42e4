//! The smaller payloads of the wire: state vectors and awareness.

use super::read::{Id, Read, Reader};
use crate::crdt::limits::Refusal;

/// What a client said of one awareness id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) struct AwarenessEntry<'a> {
    pub(in crate::crdt) client: u64,
    pub(in crate::crdt) clock: u32,
    /// JSON, `null` for one that is gone.
    pub(in crate::crdt) json: &'a str,
}

/// Whether the bytes are a state vector that may be handed to yrs.
pub(in crate::crdt) fn check_state_vector(bytes: &[u8]) -> Read<()> {
    let mut from = Reader::new(bytes);
    let mut seen = vec![];
    for _ in 0..from.count(2)? {
        let Id { client, .. } = from.id()?;
        seen.push(client);
    }
    seen.sort_unstable();
    if seen.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refusal::Malformed("a client twice"));
    }
    end(from)
}

/// The entries of an awareness payload. What they say in JSON is not looked at.
pub(in crate::crdt) fn read_awareness(bytes: &[u8]) -> Read<Vec<AwarenessEntry<'_>>> {
    let mut from = Reader::new(bytes);
    let count = from.count(3)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let client = from.number()?;
        let clock =
            u32::try_from(from.number()?).map_err(|_| Refusal::Malformed("a clock is too high"))?;
        entries.push(AwarenessEntry { client, clock, json: from.text()? });
    }
    end(from).map(|()| entries)
}

fn end(from: Reader<'_>) -> Read<()> {
    if from.left() > 0 { Err(Refusal::Malformed("something follows its end")) } else { Ok(()) }
}
