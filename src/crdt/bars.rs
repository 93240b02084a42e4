//! Edits that are not applied again, told by the elements that they would bring: whoever made one sends it
//! anew with others around it.

use std::{collections::HashMap, ops::Range};

use super::guard::{Guard, Update};

/// What is barred from one document.
#[derive(Debug, Default)]
pub(super) struct Bars {
    /// The clocks of barred elements, by client.
    elements: HashMap<u64, Vec<Range<u32>>>,
    /// Updates that can't be told by their elements, as they are.
    whole: Vec<Box<[u8]>>,
}

impl Bars {
    /// Bars an update from the document that this guard stands before.
    pub(super) fn add(&mut self, update: &[u8], guard: &Guard) {
        let new = Update::parse(update).map(|parsed| guard.new_elements(&parsed));
        match new {
            Ok(new) if !new.is_empty() => {
                for (client, clocks) in new {
                    self.elements.entry(client).or_default().push(clocks);
                }
            }
            Ok(_) | Err(_) => self.whole.push(update.into()),
        }
    }

    /// Whether these very bytes are barred.
    pub(super) fn hold_bytes(&self, update: &[u8]) -> bool {
        self.whole.iter().any(|barred| **barred == *update)
    }

    /// Whether it would bring an element that is barred.
    pub(super) fn hold(&self, update: &Update<'_>, guard: &Guard) -> bool {
        let is_barred = |(client, clocks): &(u64, Range<u32>)| {
            let barred = self.elements.get(client).into_iter().flatten();
            barred.into_iter().any(|one| one.start < clocks.end && clocks.start < one.end)
        };
        !self.elements.is_empty() && guard.new_elements(update).iter().any(is_barred)
    }
}
