//! Writes updates anew out of their parts: what a document lacks of one, or several as one.

use std::{borrow::Cow, cmp::Reverse, collections::BTreeMap};

use super::{
    index::Index,
    read::{Id, Read, Reader},
    update::{Content, Delete, Section, Struct, Update},
};
use crate::crdt::limits::Refusal;

impl<'a> Update<'a> {
    /// The update without the structs that the document has. yrs 0.28.1 mistakes where they end, and then
    /// panics or keeps an empty element, so it never gets to see one. Deletions stay.
    pub(super) fn unknown_to(&self, index: &Index) -> Read<Cow<'a, [u8]>> {
        let known = |section: &Section| index.end_of(section.client);
        if self.sections.iter().all(|section| self.start_of(*section) >= known(section)) {
            return Ok(Cow::Borrowed(self.bytes));
        }
        let is_new = |section: &&Section| section.end_clock > known(section);
        let mut out = Writer::default();
        out.number(self.sections.iter().filter(is_new).count() as u64);
        for section in self.sections.iter().filter(is_new) {
            // A hole is known, or the update is refused, so it can only precede what is new.
            let first = self.first_after(*section, known(section));
            out.begin_section(section.end - first, section.client, known(section));
            for at in first..section.end {
                let one = self.read(*section, at)?;
                out.part(known(section).max(one.id.clock), &one)?;
            }
        }
        out.deletes(&self.deletes);
        Ok(Cow::Owned(out.bytes))
    }
}

/// Updates that one document took in this order as one, which changes a document as they do. `None` if no single
/// update can say it: their clocks leave a hole, or a letter is cut in two.
pub(in crate::crdt) fn join(updates: &[Update<'_>]) -> Option<Vec<u8>> {
    let mut sections: BTreeMap<Reverse<u64>, Joined<'_>> = BTreeMap::new();
    for update in updates {
        for section in &update.sections {
            let begin = || Joined { structs: vec![], end: update.start_of(*section) };
            let joined = sections.entry(Reverse(section.client)).or_insert_with(begin);
            for at in section.first..section.end {
                joined.push(update.read(*section, at).ok()?)?;
            }
        }
    }
    let mut out = Writer::default();
    out.number(sections.len() as u64);
    for (Reverse(client), Joined { structs, .. }) in sections {
        let (start, _) = structs.first()?;
        out.begin_section(u32::try_from(structs.len()).ok()?, client, *start);
        structs.iter().try_for_each(|(clock, one)| out.part(*clock, one)).ok()?;
    }
    out.deletes(&union(updates.iter().flat_map(|one| one.deletes.iter().copied()).collect()));
    Some(out.bytes)
}

/// The structs of one client out of several updates, each from a clock on.
struct Joined<'a> {
    structs: Vec<(u32, Struct<'a>)>,
    end: u32,
}

impl<'a> Joined<'a> {
    /// Adds what is new of a struct. Who lies says different things of one element: the first counts, as it
    /// does in a document.
    fn push(&mut self, one: Struct<'a>) -> Option<()> {
        if one.content == Content::Skip || one.id.clock > self.end {
            return None;
        }
        if one.end() > self.end {
            self.structs.push((self.end, one));
            self.end = one.end();
        }
        Some(())
    }
}

/// The same deletions, in order and without overlaps.
fn union(mut deletes: Vec<Delete>) -> Vec<Delete> {
    deletes.sort_unstable();
    let mut joined: Vec<Delete> = Vec::with_capacity(deletes.len());
    for delete in deletes {
        match joined.last_mut() {
            Some(last) if last.client == delete.client && delete.start <= last.end => {
                last.end = last.end.max(delete.end);
            }
            Some(_) | None => joined.push(delete),
        }
    }
    joined
}

/// Bytes in lib0's encoding (v1).
#[derive(Debug, Default)]
pub(in crate::crdt) struct Writer {
    pub(in crate::crdt) bytes: Vec<u8>,
}

impl Writer {
    pub(in crate::crdt) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }

    pub(in crate::crdt) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn id(&mut self, id: Id) {
        self.number(id.client);
        self.number(u64::from(id.clock));
    }

    fn begin_section(&mut self, structs: u32, client: u64, clock: u32) {
        self.number(u64::from(structs));
        self.id(Id { client, clock });
    }

    /// A struct from a clock on.
    fn part(&mut self, clock: u32, one: &Struct<'_>) -> Read<()> {
        let skipped = clock - one.id.clock;
        if skipped == 0 {
            self.bytes.extend_from_slice(one.whole);
            return Ok(());
        }
        let left = one.length - skipped;
        let kind = one.whole.first().copied().unwrap_or_default() & 0x1f;
        if one.content == Content::Gone {
            self.bytes.push(kind);
            self.number(u64::from(left));
            return Ok(());
        }
        let right = one.right_origin.map_or(0, |_| 0x40);
        self.bytes.push(kind | 0x80 | right);
        self.id(Id { client: one.id.client, clock: clock - 1 });
        if let Some(id) = one.right_origin {
            self.id(id);
        }
        self.tail(one, skipped, left)
    }

    /// The content of a struct without its first elements.
    fn tail(&mut self, one: &Struct<'_>, skipped: u32, left: u32) -> Read<()> {
        let mut body = Reader::new(one.body);
        match one.content {
            Content::Deleted => self.number(u64::from(left)),
            Content::Text => self.text(after_units(body.text()?, skipped)?),
            Content::Values => {
                body.number()?;
                (0..skipped).try_for_each(|_| body.skip_value())?;
                self.number(u64::from(left));
                self.bytes.extend_from_slice(body.take(body.left())?);
            }
            Content::Gone
            | Content::Skip
            | Content::Binary
            | Content::Embed
            | Content::Format
            | Content::Type(_) => return Err(Refusal::Malformed("a part of what has no parts")),
        }
        Ok(())
    }

    fn deletes(&mut self, deletes: &[Delete]) {
        let clients = || deletes.chunk_by(|one, next| one.client == next.client);
        self.number(clients().count() as u64);
        for ranges in clients() {
            self.number(ranges[0].client);
            self.number(ranges.len() as u64);
            for range in ranges {
                self.number(u64::from(range.start));
                self.number(u64::from(range.end - range.start));
            }
        }
    }
}

/// What follows the first UTF-16 code units of a text.
fn after_units(text: &str, units: u32) -> Read<&str> {
    let mut left = units as usize;
    for (at, letter) in text.char_indices() {
        if left == 0 {
            return text.get(at..).ok_or(Refusal::Failed);
        }
        left = left
            .checked_sub(letter.len_utf16())
            .ok_or(Refusal::Malformed("a letter cut in two"))?;
    }
    Ok("")
}
