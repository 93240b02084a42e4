//! The first pass: takes an update apart as it stands there, without looking at the document.

use super::read::{CLOCK_LIMIT, Id, Read, Reader};
use crate::crdt::Refusal;

/// The client id of the server's own live documents, which never edit. No browser draws it: theirs have 32 bits.
pub(in crate::crdt) const SERVER_CLIENT: u64 = (1 << 53) - 1;
/// The longest name of a root type.
const ROOT_NAME: usize = 128;
/// The longest key of a map.
const KEY: usize = 512;

const HAS_ORIGIN: u8 = 0x80;
const HAS_RIGHT_ORIGIN: u8 = 0x40;
const HAS_KEY: u8 = 0x20;
const CONTENT: u8 = 0x1f;

/// A Yjs update (v1), taken apart; it borrows from the bytes.
#[derive(Debug)]
pub(in crate::crdt) struct Update<'a> {
    pub(super) structs: Vec<Struct<'a>>,
    /// One for each client, in the order of the bytes.
    pub(super) sections: Vec<Section>,
    /// Indices of `sections`, ordered by client.
    by_client: Vec<u32>,
    pub(super) deletes: Vec<Delete>,
    pub(super) bytes: &'a [u8],
}

/// The structs of one client, contiguous in their clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    pub(super) client: u64,
    /// Where they begin and end in `Update::structs`.
    pub(super) first: usize,
    pub(super) end: usize,
    /// The clock after the last.
    pub(super) end_clock: u32,
}

/// A run of elements that one client made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Struct<'a> {
    pub(super) id: Id,
    pub(super) length: u32,
    pub(super) origin: Option<Id>,
    pub(super) right_origin: Option<Id>,
    pub(super) parent: Parent<'a>,
    pub(super) key: Option<&'a str>,
    pub(super) content: Content,
    /// All of it as it was encoded.
    pub(super) whole: &'a [u8],
    /// Its content as it was encoded: the end of `whole`.
    pub(super) body: &'a [u8],
}

/// Where a struct says that it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent<'a> {
    /// Where its neighbours are.
    Neighbours,
    /// In the root type of this name.
    Root(&'a str),
    /// In the type that this element is.
    Element(Id),
}

/// What a struct is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Collected: nothing is left but the clocks that it took.
    Gone,
    /// A hole in a merged update.
    Skip,
    Deleted,
    Binary,
    Text,
    Embed,
    Format,
    Type(TypeKind),
    Values,
}

/// The kinds of shared types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TypeKind {
    Array,
    Map,
    Text,
    XmlElement,
    XmlFragment,
    XmlText,
    /// A root type that no rule knows: the wire doesn't say what it is.
    Unknown,
}

/// Elements that are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::crdt) struct Delete {
    pub(in crate::crdt) client: u64,
    pub(in crate::crdt) start: u32,
    pub(in crate::crdt) end: u32,
}

impl Struct<'_> {
    pub(super) const fn end(&self) -> u32 {
        self.id.clock + self.length
    }
}

impl<'a> Update<'a> {
    /// Reads all of the bytes, or refuses them.
    pub(in crate::crdt) fn parse(bytes: &'a [u8]) -> Read<Self> {
        let mut from = Reader::new(bytes);
        let mut update =
            Self { structs: vec![], sections: vec![], by_client: vec![], deletes: vec![], bytes };
        for _ in 0..from.count(4)? {
            update.read_section(&mut from)?;
        }
        update.order_sections()?;
        update.read_deletes(&mut from)?;
        if from.left() > 0 {
            return Err(Refusal::Malformed("something follows its end"));
        }
        Ok(update)
    }

    /// Whether it says nothing at all.
    pub(in crate::crdt) const fn is_empty(&self) -> bool {
        self.structs.is_empty() && self.deletes.is_empty()
    }

    /// What it deletes: those of one client together, in order.
    pub(in crate::crdt) fn deletes(&self) -> &[Delete] {
        &self.deletes
    }

    /// The structs of a client.
    pub(super) fn section_of(&self, client: u64) -> Option<usize> {
        let client_at = |at: &u32| self.sections[*at as usize].client;
        let at = self.by_client.binary_search_by_key(&client, client_at).ok()?;
        Some(self.by_client[at] as usize)
    }

    /// The clock after the last that the update has of a client, 0 for none.
    pub(super) fn end_of(&self, client: u64) -> u32 {
        self.section_of(client).map_or(0, |section| self.sections[section].end_clock)
    }

    /// The struct that holds a clock of a section. The clock must lie in it.
    pub(super) fn find(&self, section: Section, clock: u32) -> Option<usize> {
        let structs = self.structs.get(section.first..section.end)?;
        let at = structs.partition_point(|one| one.end() <= clock);
        structs.get(at).filter(|one| one.id.clock <= clock).map(|_| section.first + at)
    }

    fn read_section(&mut self, from: &mut Reader<'a>) -> Read<()> {
        let structs = from.count(2)?;
        let client = from.number()?;
        let mut clock = from.clock()?;
        if structs == 0 {
            return Err(Refusal::Malformed("a client without structs"));
        }
        if client == SERVER_CLIENT {
            return Err(Refusal::Malformed("the server's own client id"));
        }
        let first = self.structs.len();
        for _ in 0..structs {
            let one = Struct::read(from, Id { client, clock })?;
            clock = one.end();
            self.structs.push(one);
        }
        let end = self.structs.len();
        self.sections.push(Section { client, first, end, end_clock: clock });
        Ok(())
    }

    fn order_sections(&mut self) -> Read<()> {
        self.by_client = (0u32..).take(self.sections.len()).collect();
        self.by_client.sort_unstable_by_key(|at| self.sections[*at as usize].client);
        let client = |at: u32| self.sections[at as usize].client;
        if self.by_client.windows(2).any(|pair| client(pair[0]) == client(pair[1])) {
            return Err(Refusal::Malformed("a client twice"));
        }
        Ok(())
    }

    fn read_deletes(&mut self, from: &mut Reader<'a>) -> Read<()> {
        let clients = from.count(2)?;
        let mut seen = Vec::new();
        for _ in 0..clients {
            let client = from.number()?;
            seen.push(client);
            let mut last = 0;
            for at in 0..from.count(2)? {
                let start = from.clock()?;
                let end = start + from.length(start)?;
                if at > 0 && start < last {
                    return Err(Refusal::Malformed("deletions out of order"));
                }
                last = end;
                self.deletes.push(Delete { client, start, end });
            }
        }
        seen.sort_unstable();
        if seen.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Refusal::Malformed("the deletions of a client twice"));
        }
        Ok(())
    }
}

impl<'a> Struct<'a> {
    fn read(from: &mut Reader<'a>, id: Id) -> Read<Self> {
        let start = *from;
        let info = from.byte()?;
        let mut one = Self {
            id,
            length: 1,
            origin: None,
            right_origin: None,
            parent: Parent::Neighbours,
            key: None,
            content: Content::Gone,
            whole: &[],
            body: &[],
        };
        // yrs tells these two by the whole byte, not by its lower bits.
        let is_range = info == 0 || info == 10;
        if !is_range {
            one.read_place(from, info)?;
        }
        let body = *from;
        one.read_content(from, info)?;
        one.whole = start.until(from);
        one.body = body.until(from);
        if one.length == 0 || id.clock + one.length > CLOCK_LIMIT {
            return Err(Refusal::Malformed("an empty element, or too high a clock"));
        }
        Ok(one)
    }

    fn read_place(&mut self, from: &mut Reader<'a>, info: u8) -> Read<()> {
        if info & HAS_ORIGIN != 0 {
            self.origin = Some(from.id()?);
        }
        if info & HAS_RIGHT_ORIGIN != 0 {
            self.right_origin = Some(from.id()?);
        }
        if info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN) != 0 {
            return Ok(());
        }
        self.parent = match from.number()? {
            0 => Parent::Element(from.id()?),
            1 => Parent::Root(short(from.text()?, ROOT_NAME)?),
            _ => return Err(Refusal::Malformed("a parent of an unknown kind")),
        };
        if info & HAS_KEY != 0 {
            self.key = Some(short(from.text()?, KEY)?);
        }
        Ok(())
    }

    fn read_content(&mut self, from: &mut Reader<'a>, info: u8) -> Read<()> {
        let clock = self.id.clock;
        (self.content, self.length) = match info & CONTENT {
            0 if info == 0 => (Content::Gone, from.length(clock)?),
            10 if info == 10 => (Content::Skip, from.length(clock)?),
            1 => (Content::Deleted, from.length(clock)?),
            3 => (Content::Binary, from.buffer().map(|_| 1)?),
            4 => (Content::Text, utf16_length(from.text()?)),
            5 => (Content::Embed, from.text().map(|_| 1)?),
            6 => (Content::Format, from.text().and_then(|_| from.text()).map(|_| 1)?),
            7 => (Content::Type(TypeKind::read(from)?), 1),
            8 => (Content::Values, read_values(from)?),
            _ => return Err(Refusal::Malformed("content of a kind that isn't taken")),
        };
        Ok(())
    }
}

impl TypeKind {
    fn read(from: &mut Reader<'_>) -> Read<Self> {
        match from.byte()? {
            0 => Ok(Self::Array),
            1 => Ok(Self::Map),
            2 => Ok(Self::Text),
            3 => from.text().map(|_| Self::XmlElement),
            4 => Ok(Self::XmlFragment),
            6 => Ok(Self::XmlText),
            _ => Err(Refusal::Malformed("a type of a kind that isn't taken")),
        }
    }
}

fn read_values(from: &mut Reader<'_>) -> Read<u32> {
    let count = from.count(1)?;
    (0..count).try_for_each(|_| from.skip_value())?;
    u32::try_from(count).map_err(|_| Refusal::Malformed("too many values"))
}

/// The length in UTF-16 code units; more than 32 bits hold can't be in an update of an accepted size.
fn utf16_length(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX / 2)
}

fn short(text: &str, limit: usize) -> Read<&str> {
    if text.len() > limit { Err(Refusal::Malformed("a name is too long")) } else { Ok(text) }
}
