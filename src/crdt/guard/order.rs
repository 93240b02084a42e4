//! The second pass: everything that an update builds on is in the document, or earlier in the update itself.

use super::{
    index::Index,
    read::{Id, Read},
    update::{Content, Parent, Section, Struct, Update},
};
use crate::crdt::limits::Refusal;

/// One section that waits for another.
struct Waiting {
    section: u32,
    /// Done as soon as the section's next struct is beyond this one.
    until: u32,
}

/// Walks the structs that the document lacks so that each comes after those it refers to, otherwise as yrs does.
pub(super) struct Order<'u, 'a, 'i> {
    update: &'u Update<'a>,
    index: &'i Index,
    /// The next struct of each section.
    next: Vec<u32>,
    stack: Vec<Waiting>,
    on_stack: Vec<bool>,
    /// How many sections were begun by themselves.
    begun: usize,
}

/// One struct in its turn.
pub(super) struct Turn<'a> {
    pub(super) at: u32,
    pub(super) one: Struct<'a>,
}

impl<'u, 'a, 'i> Order<'u, 'a, 'i> {
    pub(super) fn new(update: &'u Update<'a>, index: &'i Index) -> Self {
        let next = update.sections.iter().map(|section| section.first).collect();
        let on_stack = vec![false; update.sections.len()];
        Self { update, index, next, stack: vec![], on_stack, begun: 0 }
    }

    /// The next struct of which something is new, all of whose references precede it.
    pub(super) fn next(&mut self) -> Read<Option<Turn<'a>>> {
        loop {
            let Some(top) = self.stack.last() else {
                if !self.begin_section() {
                    return Ok(None);
                }
                continue;
            };
            let (number, until) = (top.section as usize, top.until);
            let (section, at) = (self.update.sections[number], self.next[number]);
            if at > until {
                self.on_stack[number] = false;
                self.stack.pop();
                continue;
            }
            if self.update.end_clock(section, at) <= self.index.end_of(section.client) {
                self.next[number] += 1;
                continue;
            }
            let one = self.update.read(section, at)?;
            if one.content == Content::Skip {
                // The hole would have to be known.
                return Err(Refusal::Missing);
            } else if let Some((other, target)) = self.unmet(&one)? {
                self.wait_for(other, target)?;
            } else {
                self.next[number] += 1;
                return Ok(Some(Turn { at, one }));
            }
        }
    }

    /// Takes the clients in yrs' order: the highest first. `false`: there is none left.
    fn begin_section(&mut self) -> bool {
        let by_client = &self.update.by_client;
        let Some(&section) = by_client.iter().rev().nth(self.begun) else { return false };
        let section = section as usize;
        self.push(section, self.update.sections[section].end - 1);
        self.begun += 1;
        true
    }

    fn wait_for(&mut self, section: usize, until: u32) -> Read<()> {
        if self.on_stack[section] {
            return Err(Refusal::Malformed("elements that refer to each other in a circle"));
        }
        self.push(section, until);
        Ok(())
    }

    fn push(&mut self, number: usize, until: u32) {
        self.on_stack[number] = true;
        // Fewer sections than bytes.
        let section = u32::try_from(number).unwrap_or(u32::MAX);
        self.stack.push(Waiting { section, until });
    }

    /// The first struct that this one refers to and that hasn't been walked over yet.
    fn unmet(&self, one: &Struct<'_>) -> Read<Option<(usize, u32)>> {
        let parent = match one.parent {
            Parent::Element(id) => Some(id),
            Parent::Neighbours | Parent::Root(_) => None,
        };
        for id in [one.origin, one.right_origin, parent].into_iter().flatten() {
            if !self.index.knows(id) {
                let (section, at) = find(self.update, id).ok_or(Refusal::Missing)?;
                if at >= self.next[section] {
                    return Ok(Some((section, at)));
                }
            }
        }
        Ok(None)
    }
}

/// The section and the struct of the update that hold an element.
pub(super) fn find(update: &Update<'_>, id: Id) -> Option<(usize, u32)> {
    let at = update.section_of(id.client)?;
    let section = update.sections[at];
    update.find(section, id.clock).map(|found| (at, found))
}

/// Refuses sections that begin beyond what is known, and deletions of what is not known.
pub(super) fn check_gaps(update: &Update<'_>, index: &Index) -> Read<()> {
    let begins_late = |section: &Section| update.start_of(*section) > index.end_of(section.client);
    if update.sections.iter().any(begins_late) {
        return Err(Refusal::Missing);
    }
    let mut known = (None, 0);
    for delete in &update.deletes {
        if known.0 != Some(delete.client) {
            let end = index.end_of(delete.client).max(update.end_of(delete.client));
            known = (Some(delete.client), end);
        }
        if delete.end > known.1 {
            return Err(Refusal::Missing);
        }
    }
    Ok(())
}
