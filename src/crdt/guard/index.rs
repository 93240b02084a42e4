//! Where every element of a document is, in little memory: enough to judge what the next update refers to.

use std::collections::HashMap;

use super::{read::Id, update::TypeKind};

/// What is known of a run of elements. Neighbours that a client made one after another and that are alike
/// share one entry, so typed text costs one, not one a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Collected, or put where there is nothing any more.
    Gone,
    /// Its content is deleted, its place is still known.
    Deleted(Place),
    /// Text, values and the like.
    Content(Place),
    /// A shared type: the container of others.
    Type(Place, ContainerId),
}

impl Entry {
    /// Where it is, if it is anywhere.
    pub(super) const fn place(self) -> Option<Place> {
        match self {
            Self::Gone => None,
            Self::Deleted(place) | Self::Content(place) | Self::Type(place, _) => Some(place),
        }
    }

    /// Whether a run of this followed by a run of `next` is one run.
    fn continues_as(self, next: Self) -> bool {
        match self {
            Self::Gone | Self::Deleted(_) | Self::Content(_) => self == next,
            Self::Type(..) => false,
        }
    }
}

/// A container, and the key in it if it has keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) container: ContainerId,
    pub(super) key: Option<NameId>,
}

/// A container's number in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ContainerId(u32);

impl ContainerId {
    pub(super) fn nth(at: usize) -> Self {
        Self(u32::try_from(at).unwrap_or(u32::MAX))
    }

    pub(super) const fn at(self) -> usize {
        self.0 as usize
    }
}

/// A name's number in the index, from one up, so that an absent one takes no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NameId(std::num::NonZeroU32);

impl NameId {
    pub(super) fn nth(at: usize) -> Self {
        let number = u32::try_from(at + 1).ok().and_then(std::num::NonZeroU32::new);
        Self(number.unwrap_or(std::num::NonZeroU32::MAX))
    }

    pub(super) const fn at(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A shared type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Container {
    pub(super) kind: TypeKind,
    /// How many types it lies in.
    pub(super) depth: u8,
    pub(super) home: Home,
    /// Which of the schema's limits its entries have.
    pub(super) counted: Option<Counted>,
    /// Whether the schema has a place for it: then the length of its text is limited.
    pub(super) own: bool,
    /// At least the length of its text, in UTF-16 code units, if that is limited.
    pub(super) units: u32,
}

impl Container {
    /// One with nothing in it.
    pub(super) const fn new(kind: TypeKind, home: Home) -> Self {
        Self { kind, depth: 0, home, counted: None, own: false, units: 0 }
    }
}

/// The place of a limit in the schema's list, from one up, so that an absent one takes no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) struct Counted(std::num::NonZeroU8);

impl Counted {
    /// The nth of the list, from 0. `None` for more than there may be.
    pub(in crate::crdt) fn nth(at: usize) -> Option<Self> {
        u8::try_from(at + 1).ok().and_then(std::num::NonZeroU8::new).map(Self)
    }
}

/// Where a container is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    Root(NameId),
    Inside(Place),
}

/// A run of elements of one client.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: u32,
    entry: Entry,
}

/// All runs of one client, without gaps from clock 0 on.
#[derive(Debug, Default)]
struct Runs {
    runs: Vec<Run>,
    end: u32,
}

/// The index of one document.
#[derive(Debug, Default)]
pub(super) struct Index {
    clients: HashMap<u64, Runs>,
    containers: Vec<Container>,
    roots: HashMap<NameId, ContainerId>,
    numbers: HashMap<Box<str>, NameId>,
    names: u32,
}

impl Index {
    /// The clock after the last known one of a client.
    pub(super) fn end_of(&self, client: u64) -> u32 {
        self.clients.get(&client).map_or(0, |runs| runs.end)
    }

    pub(super) fn knows(&self, id: Id) -> bool {
        id.clock < self.end_of(id.client)
    }

    /// What is known of an element.
    pub(super) fn get(&self, id: Id) -> Option<Entry> {
        let runs = self.clients.get(&id.client).filter(|runs| id.clock < runs.end)?;
        let after = runs.runs.partition_point(|run| run.start <= id.clock);
        runs.runs.get(after.checked_sub(1)?).map(|run| run.entry)
    }

    pub(super) fn container(&self, id: ContainerId) -> Option<&Container> {
        self.containers.get(id.at())
    }

    pub(super) fn container_mut(&mut self, id: ContainerId) -> Option<&mut Container> {
        self.containers.get_mut(id.at())
    }

    pub(super) const fn containers(&self) -> usize {
        self.containers.len()
    }

    pub(super) const fn names(&self) -> usize {
        self.names as usize
    }

    pub(super) fn name(&self, text: &str) -> Option<NameId> {
        self.numbers.get(text).copied()
    }

    /// The text of a name. Slow: only for what is seldom asked.
    pub(super) fn text_of(&self, name: NameId) -> Option<&str> {
        self.numbers.iter().find(|(_, id)| **id == name).map(|(text, _)| &**text)
    }

    /// The texts of names, which are in order; the texts come in none.
    pub(super) fn texts_of<'i>(&'i self, names: &'i [NameId]) -> impl Iterator<Item = &'i str> {
        let asked = self.numbers.iter().filter(|(_, id)| names.binary_search(id).is_ok());
        asked.map(|(text, _)| &**text)
    }

    pub(super) fn root(&self, name: NameId) -> Option<ContainerId> {
        self.roots.get(&name).copied()
    }

    pub(super) fn add_name(&mut self, text: &str) {
        let id = NameId::nth(self.names());
        self.numbers.insert(text.into(), id);
        self.names += 1;
    }

    pub(super) fn add_container(&mut self, container: Container) {
        let id = ContainerId::nth(self.containers.len());
        if let Home::Root(name) = container.home {
            self.roots.insert(name, id);
        }
        self.containers.push(container);
    }

    /// Gives back room that was only taken to grow.
    pub(super) fn shrink(&mut self) {
        self.clients.values_mut().for_each(|runs| runs.runs.shrink_to_fit());
        self.clients.shrink_to_fit();
        self.containers.shrink_to_fit();
        self.roots.shrink_to_fit();
        self.numbers.shrink_to_fit();
    }

    /// Notes elements that follow the client's last known one.
    pub(super) fn extend(&mut self, client: u64, length: u32, entry: Entry) {
        let runs = self.clients.entry(client).or_default();
        if !runs.runs.last().is_some_and(|last| last.entry.continues_as(entry)) {
            runs.runs.push(Run { start: runs.end, entry });
        }
        runs.end += length;
    }
}
