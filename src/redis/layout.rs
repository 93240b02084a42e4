//! Which node of a cluster has which slots, as its nodes tell.

use std::{collections::BTreeMap, ops::RangeInclusive};

use fred::{
    prelude::{Error, ErrorKind, Value},
    types::config::Server,
    util::redis_keyslot,
};

/// A cluster has so many, always.
pub(super) const SLOTS: u16 = 16_384;

/// The slot that a channel lies in.
pub(super) fn slot_of(channel: &str) -> u16 {
    redis_keyslot(channel.as_bytes())
}

/// Some of the slots, as ranges: from their first to their last.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Slots(BTreeMap<u16, u16>);

impl Slots {
    pub(super) fn all() -> Self {
        Self([(0, SLOTS - 1)].into())
    }

    pub(super) fn has(&self, slot: u16) -> bool {
        self.0.range(..=slot).next_back().is_some_and(|(_, last)| slot <= *last)
    }

    pub(super) fn count(&self) -> u16 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Adds a slot that comes after all others.
    fn push(&mut self, slot: u16) {
        match self.0.iter_mut().next_back() {
            Some((_, last)) if *last + 1 == slot => *last = slot,
            _ => drop(self.0.insert(slot, slot)),
        }
    }
}

/// What one node says of all.
#[derive(Debug)]
pub(super) struct View {
    by: Server,
    ranges: Vec<(RangeInclusive<u16>, Server)>,
}

impl View {
    /// Reads the answer to `CLUSTER SLOTS`, <https://redis.io/docs/latest/commands/cluster-slots/>.
    pub(super) fn read(by: &Server, answer: Value) -> Result<Self, Error> {
        let ranges: Vec<Vec<Value>> = answer.convert()?;
        let ranges: Option<Vec<_>> =
            ranges.into_iter().map(|range| read_range(by, range)).collect();
        let unreadable = || Error::new(ErrorKind::Protocol, "CLUSTER SLOTS can't be read");
        Ok(Self { by: by.clone(), ranges: ranges.ok_or_else(unreadable)? })
    }
}

fn read_range(by: &Server, range: Vec<Value>) -> Option<(RangeInclusive<u16>, Server)> {
    let [first, last, primary, ..] =
        <[Value; 3]>::try_from(range.into_iter().take(3).collect::<Vec<_>>()).ok()?;
    let slot = |value: Value| value.as_u64().and_then(|slot| u16::try_from(slot).ok());
    let (first, last) = (slot(first)?, slot(last).filter(|last| *last < SLOTS)?);
    let primary = primary.into_array();
    let [host, port, ..] = primary.as_slice() else { return None };
    // A node that does not know its own address leaves it out.
    let host = host.as_string().filter(|host| !host.is_empty());
    let host = host.unwrap_or_else(|| by.host.to_string());
    let port = port.as_u64().and_then(|port| u16::try_from(port).ok())?;
    Some((first..=last, Server::new(host, port)))
}

/// Who has which slots. About its own slots a node is believed before others: they hear of it later.
pub(super) fn agree(views: &[View]) -> BTreeMap<Server, Slots> {
    let ranges = views.iter().flat_map(|view| view.ranges.iter().map(move |range| (view, range)));
    let own = ranges.clone().filter(|(view, (_, server))| view.by == *server);
    let mut owners: Vec<Option<&Server>> = vec![None; usize::from(SLOTS)];
    for (_, (slots, server)) in ranges.chain(own) {
        owners[usize::from(*slots.start())..=usize::from(*slots.end())].fill(Some(server));
    }
    let mut all = BTreeMap::<Server, Slots>::new();
    for (slot, server) in (0..SLOTS).zip(owners) {
        if let Some(server) = server {
            all.entry(server.clone()).or_default().push(slot);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(port: u16) -> Server {
        Server::new("10.0.0.1", port)
    }

    fn view(by: u16, ranges: &[(i64, i64, &str, i64)]) -> Result<View, Error> {
        let range = |(first, last, host, port): &(i64, i64, &str, i64)| {
            let node = Value::Array(vec![(*host).into(), (*port).into(), "id".into()]);
            Value::Array(vec![(*first).into(), (*last).into(), node.clone(), node])
        };
        View::read(&server(by), Value::Array(ranges.iter().map(range).collect()))
    }

    #[test]
    fn slots_go_to_who_has_them() {
        let all = agree(&[view(1, &[(0, 99, "10.0.0.1", 1), (100, 16_383, "", 2)]).unwrap()]);
        assert_eq!(all.len(), 2);
        let (one, other) = (&all[&server(1)], &all[&server(2)]);
        assert_eq!((one.count(), other.count()), (100, SLOTS - 100));
        assert!(one.has(0) && one.has(99) && !one.has(100));
        assert!(!other.has(99) && other.has(100) && other.has(16_383));
    }

    #[test]
    fn who_says_that_a_slot_is_its_own_is_believed() {
        let late = || view(2, &[(0, 99, "10.0.0.1", 1), (100, 16_383, "10.0.0.1", 2)]).unwrap();
        let taker = || view(3, &[(0, 99, "10.0.0.1", 1), (50, 50, "10.0.0.1", 3)]).unwrap();
        for views in [[late(), taker()], [taker(), late()]] {
            let all = agree(&views);
            let counts = [1, 2, 3].map(|port| all[&server(port)].count());
            assert_eq!(counts, [99, SLOTS - 100, 1]);
            assert!(all[&server(3)].has(50) && !all[&server(1)].has(50));
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_none() {
        view(1, &[(0, 16_384, "10.0.0.1", 1)]).unwrap_err();
        view(1, &[(0, 1, "10.0.0.1", 70_000)]).unwrap_err();
        view(1, &[(-1, 1, "10.0.0.1", 1)]).unwrap_err();
        View::read(&server(1), Value::Array(vec![Value::Array(vec![])])).unwrap_err();
        View::read(&server(1), "OK".into()).unwrap_err();
    }
}
