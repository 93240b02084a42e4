//! What an update takes of the memory once it is merged, at most: what costs more than its bytes is reckoned so.
//!
//! `tests/it/allocations.rs` measures each kind against these figures.

use super::{
    read::{Read, Reader},
    update::{Content, Parent, Struct, Update},
};

/// A struct: yrs's item and its place in the list of its client, and the guard's entry.
const STRUCT: usize = 320;
/// What was collected.
const GONE: usize = 72;
/// A shared type, beside its struct.
const TYPE: usize = 280;
/// A key of a map, or the name of a root, beside its letters.
const NAME: usize = 128;
/// The table of a map that holds its first entry.
const TABLE: usize = 128;
/// The list of a client.
const CLIENT: usize = 640;
/// A deletion, which splits a struct at its ends at the most.
const DELETION: usize = 64;
/// A plain value, and for each further one in a list.
const VALUE: usize = 48;
/// A plain object, and each entry of it.
const OBJECT: usize = 288;
const ENTRY: usize = 112;

impl Update<'_> {
    /// At most so many bytes.
    pub(in crate::crdt) fn weight(&self) -> usize {
        let mut sum = 0_usize;
        for section in &self.sections {
            sum = sum.saturating_add(CLIENT);
            for at in section.first..section.end {
                let one = self.read(*section, at).map_or(STRUCT, |one| one.weight());
                sum = sum.saturating_add(one);
            }
        }
        for delete in &self.deletes {
            let splits = [delete.start, delete.end].into_iter();
            let splits = splits.filter(|clock| !self.is_boundary(delete.client, *clock)).count();
            sum = sum.saturating_add(DELETION + splits * STRUCT);
        }
        sum
    }

    /// Whether a struct of the update ends where this clock begins.
    fn is_boundary(&self, client: u64, clock: u32) -> bool {
        let Some(at) = self.section_of(client) else { return false };
        let section = self.sections[at];
        if clock == section.end_clock || clock == self.start_of(section) {
            return true;
        }
        let found = self.find(section, clock);
        found.is_some_and(|at| self.read(section, at).is_ok_and(|one| one.id.clock == clock))
    }
}

impl Struct<'_> {
    fn weight(&self) -> usize {
        let root = match self.parent {
            Parent::Root(name) => TYPE + NAME + 2 * name.len(),
            Parent::Neighbours | Parent::Element(_) => 0,
        };
        let key = self.key.map_or(0, |key| NAME + TABLE + 3 * key.len());
        let content = match self.content {
            Content::Gone | Content::Skip => return GONE,
            Content::Deleted => 0,
            Content::Type(_) => TYPE + 2 * self.body.len(),
            Content::Binary | Content::Text => 2 * self.body.len(),
            Content::Embed | Content::Format => json(self.body),
            Content::Values => values(self.body).unwrap_or(self.body.len() * VALUE),
        };
        STRUCT + root + key + content
    }
}

/// What a value that is written as JSON takes. In a text these letters say nothing, and count all the same.
fn json(body: &[u8]) -> usize {
    let of = |byte: &u8| match byte {
        b'{' => OBJECT + VALUE,
        b'[' => VALUE,
        b',' => VALUE + ENTRY,
        b':' => ENTRY,
        _ => 2,
    };
    VALUE + body.iter().map(of).sum::<usize>()
}

/// What plain values take.
fn values(body: &[u8]) -> Read<usize> {
    let mut from = Reader::new(body);
    let mut sum = 2 * body.len();
    for _ in 0..from.count(1)? {
        sum += value(&mut from)?;
    }
    Ok(sum)
}

/// The guard has read them before: they don't nest too deep.
fn value(from: &mut Reader<'_>) -> Read<usize> {
    let rest = *from;
    let inner = match from.byte()? {
        118 => {
            let mut sum = OBJECT;
            for _ in 0..from.count(2)? {
                sum += ENTRY + 2 * from.text()?.len() + value(from)?;
            }
            sum
        }
        117 => {
            let mut sum = VALUE;
            for _ in 0..from.count(1)? {
                sum += value(from)?;
            }
            sum
        }
        _ => {
            *from = rest;
            from.skip_value()?;
            0
        }
    };
    Ok(VALUE + inner)
}
