//! Stands before yrs, which hostile bytes can abort, hang or fill up: reads every update itself and lets
//! through only what yrs is known to survive.
//!
//! Four passes: *structure* (`update`: the bytes are an update, no number in it is believed), *dependencies*
//! (`order`: all that it builds on is here), *meaning* (`meaning`: what it refers to fits together), *work*
//! (`lists`: how much yrs has to look at and to copy). The guard keeps an index and the order of all lists for that;
//! callers commit a change to both once yrs has applied the update.

use std::{borrow::Cow, ops::Range};

mod cost;
mod fresh;
mod index;
mod json;
mod lists;
mod meaning;
mod meter;
mod order;
mod payload;
mod read;
mod rewrite;
mod update;
mod weight;

use index::{Container, Home, Index};
use lists::Lists;

use super::{
    limits::{Refusal, Work},
    schema::Schema,
};

pub(super) use index::Counted;
pub(super) use meaning::{Change, Source};
pub(super) use meter::Meter;
pub(super) use payload::{AwarenessEntry, check_state_vector, read_awareness};
pub(super) use rewrite::{Writer, join};
pub(super) use update::{SERVER_CLIENT, Update};
pub(super) use weight::live_bytes;

/// The guard of one document.
#[derive(Debug)]
pub(super) struct Guard {
    schema: &'static Schema,
    index: Index,
    lists: Lists,
}

/// A text that may have become too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LongText {
    container: index::ContainerId,
    /// The name of its root, and the keys from there.
    pub(super) path: Vec<String>,
    /// What the update adds.
    pub(super) added: u32,
}

impl Guard {
    /// The guard of a document with nothing in it.
    pub(super) fn new(schema: &'static Schema) -> Self {
        Self { schema, index: Index::default(), lists: Lists::default() }
    }

    /// What the update would change, if all of it may be applied.
    pub(super) fn check<'a>(
        &self,
        update: &Update<'a>,
        source: Source,
    ) -> Result<Change<'a>, Refusal> {
        meaning::judge(update, self.schema, &self.index, source)
    }

    /// Merges into the lists what passed the check, as yrs will, unless that takes more than the meter has: then
    /// nothing has changed. To be followed by `commit`.
    pub(super) fn arrange(
        &mut self,
        update: &Update<'_>,
        change: &Change<'_>,
        meter: &mut Meter,
    ) -> Result<(), Refusal> {
        self.lists.merge(update, change, &self.index, meter)
    }

    /// What a merge may take that is as long as the update, and not charged: so much for each of its parts.
    pub(super) fn linear_work(update: &Update<'_>) -> Work {
        const BESIDE: u64 = 1 << 12;
        const A_PART: u64 = 64;
        let parts = (update.structs() + update.deletes().len()) as u64;
        let steps = BESIDE + A_PART * parts;
        Work { scan: steps, copy: steps }
    }

    /// How many runs of elements yrs holds, about.
    pub(super) const fn items(&self) -> usize {
        self.lists.len()
    }

    /// The bytes to hand to yrs: the update without what the document has.
    pub(super) fn unknown<'a>(&self, update: &Update<'a>) -> Result<Cow<'a, [u8]>, Refusal> {
        update.unknown_to(&self.index)
    }

    /// Whether every struct of the update is known; its deletions are not looked at.
    pub(super) fn knows_structs(&self, update: &Update<'_>) -> bool {
        update.sections.iter().all(|one| one.end_clock <= self.index.end_of(one.client))
    }

    /// The clocks that an update has of each client beyond what is known.
    pub(super) fn new_elements(&self, update: &Update<'_>) -> Vec<(u64, Range<u32>)> {
        let of = |section: &update::Section| {
            let first = update.start_of(*section);
            let known = self.index.end_of(section.client);
            (section.client, first.max(known)..section.end_clock)
        };
        update.sections.iter().map(of).filter(|(_, clocks)| !clocks.is_empty()).collect()
    }

    /// Gives back room that was only taken to grow.
    pub(super) fn shrink(&mut self) {
        self.index.shrink();
        self.lists.shrink();
    }

    /// Whether nothing is known of a client.
    pub(super) fn is_fresh(&self, client: u64) -> bool {
        self.index.end_of(client) == 0
    }

    /// How many entries the change sets in containers of one sort, the same key perhaps more than once.
    pub(super) fn entries_set(change: &Change<'_>, sort: Counted) -> usize {
        change.set.iter().filter(|(counted, _)| *counted == sort).count()
    }

    /// How many keys the change sets in containers of one sort that `is_there` doesn't know, each once.
    pub(super) fn new_keys(
        &self,
        change: &Change<'_>,
        sort: Counted,
        is_there: impl Fn(&str) -> bool,
    ) -> usize {
        let set = change.set.iter().filter(|(counted, _)| *counted == sort);
        let mut keys: Vec<_> = set.map(|(_, key)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        let (known, new) = keys.split_at(keys.partition_point(|key| key.at() < self.index.names()));
        let new =
            new.iter().filter_map(|key| change.fresh.names.get(key.at() - self.index.names()));
        let known = self.index.texts_of(known);
        new.filter(|text| !is_there(text)).count() + known.filter(|text| !is_there(text)).count()
    }

    /// Notes an update that was applied.
    pub(super) fn commit(&mut self, update: &Update<'_>, change: &Change<'_>) {
        self.lists.commit();
        change.fresh.names.iter().for_each(|name| self.index.add_name(name));
        change.fresh.containers.iter().for_each(|one| self.index.add_container(*one));
        for (id, units) in &change.growth {
            if let Some(container) = self.index.container_mut(*id) {
                container.units = container.units.saturating_add(*units);
            }
        }
        for section in &update.sections {
            if section.end_clock <= self.index.end_of(section.client) {
                continue;
            }
            for at in section.first..section.end {
                if let Some(entry) = change.entries[at as usize] {
                    let new = update.end_clock(*section, at) - self.index.end_of(section.client);
                    self.index.extend(section.client, new, entry);
                }
            }
        }
    }

    /// The known texts of the document's own that a change may make longer than `limit`: who asks has to measure them.
    pub(super) fn long_texts(&self, change: &Change<'_>, limit: u32) -> Vec<LongText> {
        let long = |(id, added): (&index::ContainerId, &u32)| {
            let container = self.index.container(*id)?;
            let path = || self.path(container);
            let is_long = container.units.saturating_add(*added) > limit;
            is_long.then(|| LongText { container: *id, path: path(), added: *added })
        };
        change.growth.iter().filter_map(long).collect()
    }

    /// Whether the change makes a text of the document's own that is longer than `limit` from the start.
    pub(super) fn begins_long(change: &Change<'_>, limit: u32) -> bool {
        change.fresh.containers.iter().any(|container| container.units > limit)
    }

    /// Notes how long a text really is.
    pub(super) fn measured(&mut self, text: &LongText, units: u32) {
        if let Some(container) = self.index.container_mut(text.container) {
            container.units = units;
        }
    }

    /// Where a container is: the name of its root, and the keys from there.
    fn path(&self, container: &Container) -> Vec<String> {
        let mut path = vec![];
        let mut home = Some(container.home);
        while let Some(at) = home {
            let (name, outer) = match at {
                Home::Root(name) => (Some(name), None),
                Home::Inside(place) => (place.key, self.index.container(place.container)),
            };
            let name = name.and_then(|name| self.index.text_of(name));
            path.push(name.unwrap_or_default().to_owned());
            home = outer.map(|container| container.home);
        }
        path.reverse();
        path
    }
}
