//! The third pass: what an update refers to fits together. A neighbour is in the same place, a parent is a type, text is in texts.

use std::collections::HashMap;

use super::{
    fresh::Fresh,
    index::{Container, ContainerId, Counted, Entry, Home, Index, NameId, Place},
    order::{Order, Turn, check_gaps, find},
    read::{Id, Read},
    update::{Content, Parent, Struct, TypeKind, Update},
};
use crate::crdt::{limits::Refusal, schema::Schema};

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
    /// How texts of the document's own grow that the document has, in UTF-16 code units.
    pub(super) growth: HashMap<ContainerId, u32>,
    /// Entries that are set in containers whose entries are counted.
    pub(super) set: Vec<(Counted, NameId)>,
}

/// Holds one update against the index.
struct Judge<'u, 'a, 'i> {
    update: &'u Update<'a>,
    schema: &'static Schema,
    index: &'i Index,
    source: Source,
    change: Change<'a>,
}

/// What an update would change, if all of it may be applied.
pub(super) fn judge<'a>(
    update: &Update<'a>,
    schema: &'static Schema,
    index: &Index,
    source: Source,
) -> Read<Change<'a>> {
    check_gaps(update, index)?;
    let change = Change {
        entries: vec![None; update.structs()],
        fresh: Fresh::new(update.sizes),
        growth: HashMap::new(),
        set: vec![],
    };
    let mut judge = Judge { update, schema, index, source, change };
    let mut order = Order::new(update, index);
    while let Some(turn) = order.next()? {
        judge.take(&turn)?;
    }
    drop(order);
    Ok(judge.change)
}

impl<'a> Judge<'_, 'a, '_> {
    fn take(&mut self, turn: &Turn<'a>) -> Read<()> {
        let one = turn.one.beyond(self.index.end_of(turn.one.id.client));
        let entry = match self.place(&one)? {
            Some(place) => self.put(&one, place)?,
            None => Entry::Gone,
        };
        self.change.entries[turn.at as usize] = Some(entry);
        if let Some(place) = entry.place() {
            self.count(&one, place);
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
                let new = Container {
                    depth,
                    own: container.own,
                    ..Container::new(kind, Home::Inside(place))
                };
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

    /// Counts what limits are set for.
    fn count(&mut self, one: &Struct<'a>, place: Place) {
        let Some(container) = self.container(place.container) else { return };
        if container.own && one.content == Content::Text {
            self.grow(place.container, one.length);
        }
        if let Some(key) = place.key
            && let Some(counted) = container.counted
            && one.content != Content::Deleted
        {
            self.change.set.push((counted, key));
        }
    }

    fn grow(&mut self, id: ContainerId, by: u32) {
        let units = match id.at().checked_sub(self.index.containers()) {
            Some(at) => match self.change.fresh.containers.get_mut(at) {
                Some(fresh) => &mut fresh.units,
                None => return,
            },
            None => self.change.growth.entry(id).or_default(),
        };
        *units = units.saturating_add(by);
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

    fn name(&mut self, text: &'a str) -> NameId {
        self.index.name(text).unwrap_or_else(|| self.change.fresh.name(text, self.index))
    }

    fn root(&mut self, text: &'a str) -> ContainerId {
        let name = self.name(text);
        let known = self.index.root(name).or_else(|| self.change.fresh.root(name, self.index));
        known.unwrap_or_else(|| {
            let schema = self.schema;
            let container = Container::new(root_kind(schema, text), Home::Root(name));
            let counted = schema.counted.iter().position(|one| one.root == text);
            self.add_container(Container {
                counted: counted.and_then(Counted::nth),
                own: schema.is_own(text),
                ..container
            })
        })
    }
}

fn root_kind(schema: &Schema, name: &str) -> TypeKind {
    if schema.is_map(name) {
        TypeKind::Map
    } else if schema.is_text(name) {
        TypeKind::Text
    } else {
        TypeKind::Unknown
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
