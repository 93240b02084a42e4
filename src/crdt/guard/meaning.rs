//! The third pass: what an update refers to fits together. A neighbour is in the same place, a parent is a type, text is in texts.

use std::collections::HashMap;

use super::{
    fresh::Fresh,
    index::{Container, ContainerId, Counted, Entry, Home, Index, NameId, Place},
    order::{Order, Turn, check_gaps, find},
    read::{Id, Read},
    update::{Content, Parent, Struct, TypeKind, Update},
};
use crate::crdt::{Refusal, roots};

/// How deep shared types may lie in each other.
const DEPTH: u8 = 30;

/// Whose bytes they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crdt) enum Source {
    /// A client's: all rules hold.
    Client,
    /// Our own store's, which took them before: what yrs can make nothing of is passed over.
    Store,
}

/// What an update would change in the index.
#[derive(Debug)]
pub(in crate::crdt) struct Change<'a> {
    /// For each struct of the update; `None` where nothing of it is new.
    pub(super) entries: Vec<Option<Entry>>,
    pub(super) fresh: Fresh<'a>,
    /// How containers grow that the document has.
    pub(super) growth: HashMap<ContainerId, Growth>,
    /// What the merge may cost, in steps.
    pub(super) contention: u64,
    /// Entries that are set in containers whose entries are counted.
    pub(super) set: Vec<(Counted, NameId)>,
}

/// How a container that is known grows.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Growth {
    pub(super) pieces: u32,
    pub(super) units: u32,
}

/// Holds one update against the index.
struct Judge<'u, 'a, 'i> {
    update: &'u Update<'a>,
    index: &'i Index,
    source: Source,
    change: Change<'a>,
}

/// What an update would change, if all of it may be applied.
pub(super) fn judge<'a>(update: &Update<'a>, index: &Index, source: Source) -> Read<Change<'a>> {
    check_gaps(update, index)?;
    let change = Change {
        entries: vec![None; update.structs()],
        fresh: Fresh::new(update.sizes),
        growth: HashMap::new(),
        contention: 0,
        set: vec![],
    };
    let mut judge = Judge { update, index, source, change };
    let mut order = Order::new(update, index);
    while let Some(turn) = order.next()? {
        judge.take(&turn)?;
    }
    drop(order);
    judge.count_deletes();
    Ok(judge.change)
}

impl<'a> Judge<'_, 'a, '_> {
    fn take(&mut self, turn: &Turn<'a>) -> Read<()> {
        let mut one = turn.one;
        let known = self.index.end_of(one.id.client);
        let skipped = known.saturating_sub(one.id.clock);
        if skipped > 0 {
            // What follows a known beginning comes right after it, whatever the struct says.
            one.origin = Some(Id { client: one.id.client, clock: known - 1 });
            (one.parent, one.key) = (Parent::Neighbours, None);
        }
        let names = self.names();
        let entry = match self.place(&one)? {
            Some(place) => self.put(&one, place)?,
            None => Entry::Gone,
        };
        self.change.entries[turn.at as usize] = Some(entry);
        if let Some(place) = entry.place() {
            // A key that nobody has used yet has no rivals.
            let is_first = place.key.is_some_and(|key| key.at() >= names);
            let alone = is_first || one.content == Content::Text && self.goes_on(turn)?;
            self.count(&one, place, one.length - skipped, alone);
        }
        Ok(())
    }

    /// Where yrs puts it; `None` if that is no place any more.
    fn place(&mut self, one: &Struct<'a>) -> Read<Option<Place>> {
        if one.content == Content::Gone {
            return Ok(None);
        }
        let left = one.origin.and_then(|id| self.entry(id)).and_then(Entry::place);
        let right = one.right_origin.and_then(|id| self.entry(id)).and_then(Entry::place);
        if let (Some(left), Some(right)) = (left, right) {
            self.demand(left == right, "neighbours in different places")?;
        }
        let named = match one.parent {
            Parent::Neighbours => return Ok(left.or(right)),
            Parent::Root(name) => Some(self.root(name)),
            Parent::Element(id) => self.inside(id)?,
        };
        let key = one.key.map(|key| self.name(key));
        let place = named.map(|container| Place { container, key });
        if let (Some(left), Some(place)) = (left, place) {
            self.demand(left == place, "a neighbour in a different place")?;
        }
        Ok(place)
    }

    /// The container that an element is; `None` if it was one and is deleted.
    fn inside(&mut self, id: Id) -> Read<Option<ContainerId>> {
        match self.entry(id) {
            Some(Entry::Type(_, container)) => Ok(Some(container)),
            Some(Entry::Deleted(_) | Entry::Gone) | None => Ok(None),
            // yrs makes this an error half-way through the update, so it is one from the store too.
            Some(Entry::Content(_)) => Err(Refusal::Malformed("a parent that is no type")),
        }
    }

    fn put(&mut self, one: &Struct<'a>, place: Place) -> Read<Entry> {
        let Some(container) = self.container(place.container) else {
            return Err(Refusal::Malformed("a place that isn't there"));
        };
        self.demand(
            place.key.is_none() || one.right_origin.is_none(),
            "a value of a map with a right neighbour",
        )?;
        self.demand(
            fits(container.kind, place.key.is_some(), one.content),
            "content of a kind that doesn't belong there",
        )?;
        Ok(match one.content {
            Content::Deleted => Entry::Deleted(place),
            Content::Type(kind) => {
                let depth = container.depth + 1;
                if depth > DEPTH {
                    return Err(Refusal::Malformed("types nest too deep"));
                }
                let new = Container { depth, ..Container::new(kind, Home::Inside(place)) };
                Entry::Type(place, self.add_container(new))
            }
            Content::Gone | Content::Skip => {
                debug_assert!(false, "what is gone or a hole has no place");
                Entry::Gone
            }
            Content::Binary
            | Content::Text
            | Content::Embed
            | Content::Format
            | Content::Values => Entry::Content(place),
        })
    }

    /// Counts what limits are set for. `alone`: yrs has to look at nothing else to merge it.
    fn count(&mut self, one: &Struct<'a>, place: Place, new: u32, alone: bool) {
        let Some(container) = self.container(place.container) else { return };
        if !alone {
            self.change.contention += u64::from(self.pieces(place.container, &container));
        }
        let is_joined = alone && place.key.is_none();
        let units = if one.content == Content::Text { new } else { 0 };
        self.grow(place.container, Growth { pieces: u32::from(!is_joined), units });
        if let Some(key) = place.key
            && container.counted != Counted::Not
            && one.content != Content::Deleted
        {
            self.change.set.push((container.counted, key));
        }
    }

    /// How many runs a container has, with those of the update.
    fn pieces(&self, id: ContainerId, container: &Container) -> u32 {
        let grown = self.change.growth.get(&id).map_or(0, |grown| grown.pieces);
        container.pieces.saturating_add(grown)
    }

    fn grow(&mut self, id: ContainerId, by: Growth) {
        let (pieces, units) = match id.at().checked_sub(self.index.containers()) {
            Some(at) => match self.change.fresh.containers.get_mut(at) {
                Some(fresh) => (&mut fresh.pieces, &mut fresh.units),
                None => return,
            },
            None => {
                let grown = self.change.growth.entry(id).or_default();
                (&mut grown.pieces, &mut grown.units)
            }
        };
        *pieces = pieces.saturating_add(by.pieces);
        *units = units.saturating_add(by.units);
    }

    /// Whether it goes on where the same client's struct before it ended, so that yrs joins the two.
    fn goes_on(&self, turn: &Turn<'a>) -> Read<bool> {
        let Turn { section, at, one } = turn;
        let Id { client, clock } = one.id;
        let known = self.index.end_of(client);
        if clock < known {
            return Ok(true);
        }
        if clock == 0 || one.origin != Some(Id { client, clock: clock - 1 }) {
            return Ok(false);
        }
        let right = match at.checked_sub(1) {
            Some(before) if clock > known => self.update.read(*section, before)?.right_origin,
            Some(_) | None => self.index.last_right(client),
        };
        Ok(right == one.right_origin)
    }

    /// Each deleted range may cut a run in two.
    fn count_deletes(&mut self) {
        for delete in &self.update.deletes {
            let first = Id { client: delete.client, clock: delete.start };
            if let Some(place) = self.entry(first).and_then(Entry::place) {
                self.grow(place.container, Growth { pieces: 1, units: 0 });
            }
        }
    }

    fn demand(&self, holds: bool, breach: &'static str) -> Read<()> {
        match self.source {
            Source::Client if !holds => Err(Refusal::Malformed(breach)),
            Source::Client | Source::Store => Ok(()),
        }
    }

    fn entry(&self, id: Id) -> Option<Entry> {
        self.index.get(id).or_else(|| {
            let (_, at) = find(self.update, id)?;
            self.change.entries[at as usize]
        })
    }

    fn container(&self, id: ContainerId) -> Option<Container> {
        match id.at().checked_sub(self.index.containers()) {
            None => self.index.container(id).copied(),
            Some(at) => self.change.fresh.containers.get(at).copied(),
        }
    }

    fn add_container(&mut self, container: Container) -> ContainerId {
        self.change.fresh.add(container, self.index)
    }

    /// How many names there are, with those that the update brings.
    fn names(&self) -> usize {
        self.index.names() + self.change.fresh.names.len()
    }

    fn name(&mut self, text: &'a str) -> NameId {
        self.index.name(text).unwrap_or_else(|| self.change.fresh.name(text, self.index))
    }

    fn root(&mut self, text: &'a str) -> ContainerId {
        let name = self.name(text);
        let known = self.index.root(name).or_else(|| self.change.fresh.root(name, self.index));
        known.unwrap_or_else(|| {
            let container = Container::new(root_kind(text), Home::Root(name));
            self.add_container(Container { counted: counted(text), ..container })
        })
    }
}

fn root_kind(name: &str) -> TypeKind {
    if roots::is_map(name) {
        TypeKind::Map
    } else if roots::is_text(name) {
        TypeKind::Text
    } else {
        TypeKind::Unknown
    }
}

fn counted(root: &str) -> Counted {
    match root {
        roots::CARDS => Counted::Cards,
        roots::DAYS => Counted::Days,
        _ => Counted::Not,
    }
}

/// Whether a type of this kind may hold this. yrs follows the wrong pointers, or forgets to end, if others do.
const fn fits(kind: TypeKind, keyed: bool, content: Content) -> bool {
    let in_text = matches!(
        content,
        Content::Text | Content::Embed | Content::Format | Content::Type(_) | Content::Deleted
    );
    let as_value =
        matches!(content, Content::Values | Content::Binary | Content::Type(_) | Content::Deleted);
    match (kind, keyed) {
        (TypeKind::Unknown, false) => true,
        (TypeKind::Map, false) | (TypeKind::Array, true) => false,
        (TypeKind::Text | TypeKind::XmlText, false) => in_text,
        (TypeKind::Array | TypeKind::XmlElement | TypeKind::XmlFragment, false) => as_value,
        (
            TypeKind::Map
            | TypeKind::Text
            | TypeKind::XmlText
            | TypeKind::XmlElement
            | TypeKind::XmlFragment
            | TypeKind::Unknown,
            true,
        ) => as_value,
    }
}
