//! The first pass: takes an update apart as it stands there, without looking at the document.

use super::{
    json,
    read::{CLOCK_LIMIT, Id, Read, Reader},
};
use crate::crdt::limits::Refusal;

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
    marks: Vec<Mark>,
    /// One for each client, in the order of the bytes.
    pub(super) sections: Vec<Section>,
    /// Indices of `sections`, ordered by client.
    pub(super) by_client: Vec<u32>,
    pub(super) deletes: Vec<Delete>,
    pub(super) bytes: &'a [u8],
    pub(super) sizes: Sizes,
}

/// Where a struct stands. What it says is read again each time: two bytes are a struct, and a hostile update
/// may not take many times its length in memory.
#[derive(Debug, Clone, Copy)]
struct Mark {
    offset: u32,
    clock: u32,
}

/// How much of each there is in an update, or can be.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Sizes {
    sections: usize,
    structs: usize,
    /// Clients with deletions.
    deleters: usize,
    deletes: usize,
    /// At most so many containers are new.
    pub(super) containers: usize,
    /// At most so many names are new.
    pub(super) names: usize,
}

/// The structs of one client, contiguous in their clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    pub(super) client: u64,
    /// Where they begin and end in the update.
    pub(super) first: u32,
    pub(super) end: u32,
    /// The clock after the last.
    pub(super) end_clock: u32,
}

/// What one meets on the way through an update.
enum Part<'a> {
    Section { client: u64 },
    Struct(Mark, Struct<'a>),
    Deleter { client: u64 },
    Delete(Delete),
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

    /// What of it is beyond a clock.
    pub(super) fn beyond(self, known: u32) -> Self {
        let Some(skipped) = known.checked_sub(self.id.clock).filter(|skipped| *skipped > 0) else {
            return self;
        };
        // What follows a known beginning comes right after it, whatever the struct says.
        let before = Id { client: self.id.client, clock: known - 1 };
        Self {
            id: Id { clock: known, ..self.id },
            length: self.length - skipped,
            origin: Some(before),
            parent: Parent::Neighbours,
            key: None,
            ..self
        }
    }
}

impl<'a> Update<'a> {
    /// Reads all of the bytes, or refuses them.
    pub(in crate::crdt) fn parse(bytes: &'a [u8]) -> Read<Self> {
        let sizes = Sizes::of(bytes)?;
        let mut update = Self {
            marks: Vec::with_capacity(sizes.structs),
            sections: Vec::with_capacity(sizes.sections),
            by_client: vec![],
            deletes: Vec::with_capacity(sizes.deletes),
            bytes,
            sizes,
        };
        let mut deleters = Vec::with_capacity(sizes.deleters);
        walk(bytes, |part| match part {
            Part::Section { client } => update.begin_section(client),
            Part::Struct(mark, one) => update.add(mark, one.end()),
            Part::Deleter { client } => deleters.push(client),
            Part::Delete(delete) => update.deletes.push(delete),
        })?;
        update.order_sections()?;
        deleters.sort_unstable();
        if deleters.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Refusal::Malformed("the deletions of a client twice"));
        }
        Ok(update)
    }

    /// Whether it says nothing at all.
    pub(in crate::crdt) const fn is_empty(&self) -> bool {
        self.marks.is_empty() && self.deletes.is_empty()
    }

    /// What it deletes: those of one client together, in order.
    pub(in crate::crdt) fn deletes(&self) -> &[Delete] {
        &self.deletes
    }

    /// How many structs it has.
    pub(super) const fn structs(&self) -> usize {
        self.marks.len()
    }

    /// A struct of a section.
    pub(super) fn read(&self, section: Section, at: u32) -> Read<Struct<'a>> {
        let Mark { offset, clock } = self.marks[at as usize];
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        Struct::read(&mut Reader::new(rest), Id { client: section.client, clock })
    }

    /// The clock after a struct of a section.
    pub(super) fn end_clock(&self, section: Section, at: u32) -> u32 {
        if at + 1 < section.end { self.marks[at as usize + 1].clock } else { section.end_clock }
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

    /// The clock of a section's first struct.
    pub(super) fn start_of(&self, section: Section) -> u32 {
        self.marks[section.first as usize].clock
    }

    /// The first struct of a section that ends after a clock, or the section's end.
    pub(super) fn first_after(&self, section: Section, clock: u32) -> u32 {
        let marks = self.marks.get(section.first as usize..section.end as usize);
        let marks = marks.unwrap_or_default();
        if clock >= section.end_clock {
            return section.end;
        }
        let after = marks.partition_point(|mark| mark.clock <= clock);
        section.first + u32::try_from(after.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// The struct that holds a clock of a section.
    pub(super) fn find(&self, section: Section, clock: u32) -> Option<u32> {
        let holds = (self.start_of(section)..section.end_clock).contains(&clock);
        holds.then(|| self.first_after(section, clock))
    }

    fn begin_section(&mut self, client: u64) {
        let first = self.next_mark();
        self.sections.push(Section { client, first, end: first, end_clock: 0 });
    }

    fn add(&mut self, mark: Mark, end_clock: u32) {
        self.marks.push(mark);
        let end = self.next_mark();
        if let Some(section) = self.sections.last_mut() {
            (section.end, section.end_clock) = (end, end_clock);
        }
    }

    /// There are fewer structs than bytes, and their number has 32 bits.
    fn next_mark(&self) -> u32 {
        u32::try_from(self.marks.len()).unwrap_or(u32::MAX)
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
}

impl Sizes {
    fn of(bytes: &[u8]) -> Read<Self> {
        let mut sizes = Self::default();
        walk(bytes, |part| match part {
            Part::Section { .. } => sizes.sections += 1,
            Part::Deleter { .. } => sizes.deleters += 1,
            Part::Delete(_) => sizes.deletes += 1,
            Part::Struct(_, one) => {
                let in_root = usize::from(matches!(one.parent, Parent::Root(_)));
                sizes.structs += 1;
                sizes.containers += usize::from(matches!(one.content, Content::Type(_))) + in_root;
                sizes.names += usize::from(one.key.is_some()) + in_root;
            }
        })?;
        Ok(sizes)
    }
}

/// Goes through all of the bytes and allocates nothing.
fn walk<'a>(bytes: &'a [u8], mut meet: impl FnMut(Part<'a>)) -> Read<()> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(Refusal::TooLarge("update"));
    }
    let mut from = Reader::new(bytes);
    for _ in 0..from.count(4)? {
        walk_section(bytes, &mut from, &mut meet)?;
    }
    for _ in 0..from.count(2)? {
        walk_deletes(&mut from, &mut meet)?;
    }
    if from.left() > 0 {
        return Err(Refusal::Malformed("something follows its end"));
    }
    Ok(())
}

fn walk_section<'a>(
    bytes: &'a [u8],
    from: &mut Reader<'a>,
    meet: &mut impl FnMut(Part<'a>),
) -> Read<()> {
    let structs = from.count(2)?;
    let client = from.number()?;
    let mut clock = from.clock()?;
    if structs == 0 {
        return Err(Refusal::Malformed("a client without structs"));
    }
    if client == SERVER_CLIENT {
        return Err(Refusal::Malformed("the server's own client id"));
    }
    meet(Part::Section { client });
    for _ in 0..structs {
        let offset = u32::try_from(bytes.len() - from.left()).unwrap_or(u32::MAX);
        let one = Struct::read(from, Id { client, clock })?;
        meet(Part::Struct(Mark { offset, clock }, one));
        clock = one.end();
    }
    Ok(())
}

fn walk_deletes<'a>(from: &mut Reader<'a>, meet: &mut impl FnMut(Part<'a>)) -> Read<()> {
    let client = from.number()?;
    meet(Part::Deleter { client });
    let mut last = 0;
    for at in 0..from.count(2)? {
        let start = from.clock()?;
        let end = start + from.length(start)?;
        if at > 0 && start < last {
            return Err(Refusal::Malformed("deletions out of order"));
        }
        last = end;
        meet(Part::Delete(Delete { client, start, end }));
    }
    Ok(())
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
            5 => (Content::Embed, from.text().and_then(json::check).map(|()| 1)?),
            6 => {
                from.text()?;
                (Content::Format, from.text().and_then(json::check).map(|()| 1)?)
            }
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
