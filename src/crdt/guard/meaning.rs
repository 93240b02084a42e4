//! The third pass: what an update refers to fits together. A neighbour is in the same place, a parent is a type, text is in texts.

use std::collections::HashMap;

use super::{
    index::{Container, ContainerId, Counted, Entry, Home, Index, NameId, Place},
    order::{Order, check_gaps, find},
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
    pub(super) containers: Vec<Container>,
    pub(super) names: Vec<&'a str>,
    name_ids: HashMap<&'a str, NameId>,
    roots: HashMap<NameId, ContainerId>,
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
        entries: vec![None; update.structs.len()],
        containers: vec![],
        names: vec![],
        name_ids: HashMap::new(),
        roots: HashMap::new(),
        growth: HashMap::new(),
        contention: 0,
        set: vec![],
    };
    let mut judge = Judge { update, index, source, change };
    let mut order = Order::new(update, index);
    while let Some(at) = order.next()? {
        judge.take(at)?;
    }
    judge.count_deletes();
    Ok(judge.change)
}

impl<'a> Judge<'_, 'a, '_> {
    fn take(&mut self, at: usize) -> Read<()> {
        let mut one = self.update.structs[at];
        let known = self.index.end_of(one.id.client);
        let skipped = known.saturating_sub(one.id.clock);
        if skipped > 0 {
            // What follows a known beginning comes right after it, whatever the struct says.
            one.origin = Some(Id { client: one.id.client, clock: known - 1 });
            (one.parent, one.key) = (Parent::Neighbours, None);
        }
        let names = self.names();
        let entry = match self.place(&one)? {
            Some(place) => self.put(at, &one, place)?,
            None => Entry::Gone,
        };
        self.change.entries[at] = Some(entry);
        if let Some(place) = entry.place() {
            // A key that nobody has used yet has no rivals.
            let is_first = place.key.is_some_and(|key| key.at() >= names);
            let alone = is_first || one.content == Content::Text && self.goes_on(at, &one);
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

    fn put(&mut self, at: usize, one: &Struct<'a>, place: Place) -> Read<Entry> {
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
                debug_assert!(false, "struct {at} has no place");
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
        let is_joined = alone && place.key.is_none();
        let Some(container) = self.container(place.container) else { return };
        let grown = self.change.growth.entry(place.container).or_default();
        if !alone {
            self.change.contention += u64::from(container.pieces.saturating_add(grown.pieces));
        }
        grown.pieces += u32::from(!is_joined);
        if one.content == Content::Text {
            grown.units += new;
        }
        if let Some(key) = place.key
            && container.counted != Counted::Not
            && one.content != Content::Deleted
        {
            self.change.set.push((container.counted, key));
        }
    }

    /// Whether it goes on where the same client's struct before it ended, so that yrs joins the two.
    fn goes_on(&self, at: usize, one: &Struct<'a>) -> bool {
        let Id { client, clock } = one.id;
        let known = self.index.end_of(client);
        if clock < known {
            return true;
        }
        let follows = clock > 0 && one.origin == Some(Id { client, clock: clock - 1 });
        let right = if clock == known {
            self.index.last_right(client)
        } else {
            at.checked_sub(1).and_then(|before| self.update.structs[before].right_origin)
        };
        follows && right == one.right_origin
    }

    /// Each deleted range may cut a run in two.
    fn count_deletes(&mut self) {
        for delete in &self.update.deletes {
            let first = Id { client: delete.client, clock: delete.start };
            if let Some(place) = self.entry(first).and_then(Entry::place) {
                self.change.growth.entry(place.container).or_default().pieces += 1;
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
            self.change.entries[at]
        })
    }

    fn container(&self, id: ContainerId) -> Option<Container> {
        let new = (id.0 as usize).checked_sub(self.index.containers());
        match new {
            None => self.index.container(id).copied(),
            Some(at) => self.change.containers.get(at).copied(),
        }
    }

    fn add_container(&mut self, container: Container) -> ContainerId {
        let at = self.index.containers() + self.change.containers.len();
        self.change.containers.push(container);
        ContainerId(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// How many names there are, with those that the update brings.
    fn names(&self) -> usize {
        self.index.names() + self.change.names.len()
    }

    fn name(&mut self, text: &'a str) -> NameId {
        if let Some(id) = self.index.name(text) {
            return id;
        }
        let next = NameId::nth(self.names());
        let id = *self.change.name_ids.entry(text).or_insert(next);
        if id == next {
            self.change.names.push(text);
        }
        id
    }

    fn root(&mut self, text: &'a str) -> ContainerId {
        let name = self.name(text);
        if let Some(id) = self.index.root(name).or_else(|| self.change.roots.get(&name).copied()) {
            return id;
        }
        let id = self.add_container(Container {
            counted: counted(text),
            ..Container::new(root_kind(text), Home::Root(name))
        });
        self.change.roots.insert(name, id);
        id
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
