//! Names for journal entries: in the order of time, and different on every node.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand;
use jiff::Timestamp;

use crate::store::{Result, StoreError};

/// Names per millisecond: 2 to the power of this many bits. Further ones borrow from the next.
const COUNTER_BITS: u32 = 12;
/// The node's own bits, drawn at random when it starts. Should two nodes draw the same, an append may find
/// its name taken and is tried again.
const NODE_BITS: u32 = 24;
/// Bits of a name altogether: 44 of milliseconds, good for five hundred years, then those above.
pub(super) const NAME_BITS: u32 = 80;

/// A clock that never goes back and never strikes twice.
///
/// Entries that one node appends one after another are in that order, whatever its wall clock does. Those of
/// several nodes are in the order of their clocks, and after all that the node has read: a document takes
/// updates in any order, so clocks that differ do no harm.
pub(super) struct Clock {
    node: u128,
    /// Milliseconds and counter of the last name.
    last: Mutex<u128>,
}

impl Clock {
    /// The clock of a node that starts now.
    pub(super) fn new() -> Result<Self> {
        let mut bytes = [0; 4];
        let none = |_| StoreError::Unavailable("no randomness to be had".to_owned());
        rand::fill(&mut bytes).map_err(none)?;
        let node = u128::from(u32::from_le_bytes(bytes)) & ((1 << NODE_BITS) - 1);
        Ok(Self { node, last: Mutex::new(0) })
    }

    /// The next name, greater than all before.
    pub(super) fn next(&self) -> u128 {
        self.next_at(Timestamp::now().as_millisecond())
    }

    fn next_at(&self, milliseconds: i64) -> u128 {
        let now = u128::try_from(milliseconds).unwrap_or(0) << COUNTER_BITS;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = now.max(*last + 1);
        *last << NODE_BITS | self.node
    }

    /// Notes a name of any node: those to come are greater.
    pub(super) fn observe(&self, name: u128) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (*last).max(name >> NODE_BITS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_grow_also_when_the_wall_clock_goes_back() {
        let clock = Clock::new().unwrap();
        let mut names: Vec<u128> = (0..10_000).map(|_| clock.next_at(1_790_000_000_000)).collect();
        names.push(clock.next_at(1_000));
        names.push(clock.next_at(1_790_000_001_000));
        assert!(names.is_sorted_by(|one, next| one < next));
        assert!(names.iter().all(|name| name >> NAME_BITS == 0));
    }

    #[test]
    fn names_come_after_those_of_other_nodes_that_were_seen() {
        let (slow, fast) = (Clock::new().unwrap(), Clock::new().unwrap());
        let seen = fast.next_at(2_000_000);
        slow.observe(seen);
        assert!(slow.next_at(1_000_000) > seen);
    }
}
