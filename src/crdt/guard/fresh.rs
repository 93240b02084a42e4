//! The names and containers that an update brings and its document has never seen, in little memory: a hostile
//! update may hold nothing else.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::{
    index::{Container, ContainerId, Home, Index, NameId},
    update::Sizes,
};

/// Numbered from where the index of the document ends.
#[derive(Debug)]
pub(in crate::crdt) struct Fresh<'a> {
    pub(super) names: Vec<&'a str>,
    pub(super) containers: Vec<Container>,
    /// Places in `names`, by the text.
    by_text: HashTable<u32>,
    /// Places in `containers`, by the root's name.
    by_root: HashTable<u32>,
    hasher: RandomState,
}

impl<'a> Fresh<'a> {
    pub(super) fn new(sizes: Sizes) -> Self {
        Self {
            names: Vec::with_capacity(sizes.names),
            containers: Vec::with_capacity(sizes.containers),
            by_text: HashTable::new(),
            by_root: HashTable::new(),
            hasher: RandomState::new(),
        }
    }

    /// The number of a name that the document doesn't have.
    pub(super) fn name(&mut self, text: &'a str, index: &Index) -> NameId {
        let Self { names, hasher, by_text, .. } = self;
        let hash = hasher.hash_one(text);
        if let Some(place) = by_text.find(hash, |place| names[*place as usize] == text) {
            return NameId::nth(index.names() + *place as usize);
        }
        let place = names.len();
        names.push(text);
        by_text.insert_unique(hash, number(place), |place| hasher.hash_one(names[*place as usize]));
        NameId::nth(index.names() + place)
    }

    /// The container of a root that the document doesn't have.
    pub(super) fn root(&self, name: NameId, index: &Index) -> Option<ContainerId> {
        let hash = self.hasher.hash_one(name);
        let place = self.by_root.find(hash, |place| self.is_root(*place, name))?;
        Some(ContainerId::nth(index.containers() + *place as usize))
    }

    pub(super) fn add(&mut self, container: Container, index: &Index) -> ContainerId {
        let Self { containers, hasher, by_root, .. } = self;
        let place = containers.len();
        containers.push(container);
        if let Home::Root(name) = container.home {
            by_root.insert_unique(hasher.hash_one(name), number(place), |place| {
                match containers[*place as usize].home {
                    Home::Root(name) => hasher.hash_one(name),
                    Home::Inside(_) => 0,
                }
            });
        }
        ContainerId::nth(index.containers() + place)
    }

    fn is_root(&self, place: u32, name: NameId) -> bool {
        self.containers[place as usize].home == Home::Root(name)
    }
}

/// There are fewer than bytes in an update, whose number has 32 bits.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
