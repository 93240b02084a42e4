//! Awareness of people on other nodes: each node answers for its own, and is believed in order.

use std::{collections::HashSet, fmt, hash::Hash, time::Instant};

use serde::Deserialize;

use super::{Awareness, Owner, State, encode};
use crate::{
    crdt::{
        guard::{AwarenessEntry, read_awareness},
        limits::Refusal,
    },
    ids::{NodeId, UserId},
};

/// Ids in one document, remembered ones too; no more are taken from other nodes.
const MAX_IDS: usize = 16_384;

/// What is read of a state that another node sends.
#[derive(Deserialize)]
struct Signed {
    u: Person,
}

#[derive(Deserialize)]
struct Person {
    id: UserId,
}

impl<P: Copy + Eq + Hash + fmt::Debug> Awareness<P> {
    /// Takes what a node says of its own people; returns the ids that changed.
    pub fn set_remote(
        &mut self,
        node: NodeId,
        payload: &[u8],
        now: Instant,
    ) -> Result<Vec<u64>, Refusal> {
        let mut changed = vec![];
        for entry in read_awareness(payload)? {
            if self.set_one(node, &entry, now) {
                changed.push(entry.client);
            }
        }
        Ok(changed)
    }

    /// Takes all that a node has to say: who isn't in there is gone.
    pub fn replace_remote(
        &mut self,
        node: NodeId,
        payload: &[u8],
        now: Instant,
    ) -> Result<Vec<u64>, Refusal> {
        let here: HashSet<_> = match payload {
            [] => HashSet::new(),
            _ => read_awareness(payload)?.iter().map(|entry| entry.client).collect(),
        };
        let is_gone =
            |id, state: &State<P>| state.owner == Owner::There(node) && !here.contains(&id);
        let mut changed = self.end_where(now, is_gone);
        if !payload.is_empty() {
            changed.extend(self.set_remote(node, payload, now)?);
        }
        Ok(changed)
    }

    /// Takes away everybody who was on a node; returns their ids.
    pub fn remove_node(&mut self, node: NodeId, now: Instant) -> Vec<u64> {
        self.end_where(now, |_, state| state.owner == Owner::There(node))
    }

    /// Of these ids, those that this node answers for, as a payload for the others.
    pub fn encode_own(&self, ids: impl IntoIterator<Item = u64>) -> Option<Vec<u8>> {
        let known = ids.into_iter().filter_map(|id| Some((id, self.states.get(&id)?)));
        let own: Vec<_> = known.filter(|(_, state)| is_here(state)).collect();
        if own.is_empty() { None } else { Some(encode(own)) }
    }

    /// Everybody who is here, on this node, as a payload for the others.
    pub fn encode_all_own(&self) -> Option<Vec<u8>> {
        let is_present = |id: &&u64| self.states.get(id).is_some_and(|state| state.json.is_some());
        self.encode_own(self.states.keys().filter(is_present).copied())
    }

    /// The ids of everybody who is here, on any node, in order.
    pub fn present(&self) -> Vec<u64> {
        let here = self.states.iter().filter(|(_, state)| state.json.is_some());
        let mut ids: Vec<_> = here.map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    fn set_one(&mut self, node: NodeId, entry: &AwarenessEntry<'_>, now: Instant) -> bool {
        let AwarenessEntry { client, clock, json } = *entry;
        let owner = Owner::There(node);
        if json == "null" {
            let Some(state) = self.states.get_mut(&client) else { return false };
            // Whoever has taken the id over in the meantime answers for it now.
            if state.owner != owner || state.json.is_none() || clock < state.clock {
                return false;
            }
            state.clock = clock;
            state.json = None;
            state.seen = now;
            return true;
        }
        let Some(user) = user_of(json, self.state_bytes) else { return false };
        let is_full = self.states.len() >= MAX_IDS;
        match self.states.get_mut(&client) {
            Some(state) if state.owner == owner && state.clock == clock && state.json.is_some() => {
                state.seen = now;
                return false;
            }
            Some(state) if !may_take(state, owner, user, clock) => return false,
            Some(_) => {}
            None if is_full => return false,
            None => {}
        }
        let state = State::new(owner, user, clock, Some(json.to_owned()), now);
        let before = self.states.insert(client, state).filter(|state| state.json.is_some());
        if let Some(before) = before {
            Self::lose_id(&mut self.bringers, before.owner);
        }
        true
    }
}

/// Whether a state yields to what another node says of its id. A client that changes nodes takes its id along,
/// with the same clock, perhaps before its old socket is noticed as dead: of the same person, the newer claim
/// wins. Between two people all nodes decide alike.
fn may_take<P: Copy + Eq>(state: &State<P>, owner: Owner<P>, user: UserId, clock: u32) -> bool {
    let is_free = state.json.is_none() || state.owner == owner || state.user == user;
    if is_free { clock >= state.clock } else { (clock, user) > (state.clock, state.user) }
}

fn is_here<P>(state: &State<P>) -> bool {
    matches!(state.owner, Owner::Here(_))
}

/// The person whom the other node wrote into the state, which is longer by that.
fn user_of(json: &str, state_bytes: usize) -> Option<UserId> {
    if json.len() > 2 * state_bytes {
        return None;
    }
    serde_json::from_str(json).ok().map(|Signed { u }| u.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::Presence;

    fn person() -> Presence {
        Presence { id: UserId::new(), name: "민아".into(), color: "#aa0000".into() }
    }

    fn payload(entries: &[(u64, u32, &str)]) -> Vec<u8> {
        let mut out = crate::crdt::guard::Writer::default();
        out.number(entries.len() as u64);
        for (client, clock, json) in entries {
            out.number(*client);
            out.number(u64::from(*clock));
            out.text(json);
        }
        out.bytes
    }

    /// What a node says on which this person set an id.
    fn said(person: &Presence, id: u64, clock: u32) -> Vec<u8> {
        let mut there = Awareness::<u8>::default();
        there.set(1, person, &payload(&[(id, clock, "{}")]), Instant::now()).unwrap();
        there.encode_all_own().unwrap()
    }

    #[test]
    fn only_the_node_of_an_id_ends_it_and_a_node_that_is_gone_takes_its_own() {
        let (now, mina) = (Instant::now(), person());
        let (one, other) = (NodeId::new(), NodeId::new());
        let mut here = Awareness::<u8>::default();
        assert_eq!(here.set_remote(one, &said(&mina, 7, 1), now), Ok(vec![7]));
        assert_eq!(here.set_remote(other, &payload(&[(7, 1, "null")]), now), Ok(vec![]));
        assert_eq!(here.set_remote(other, &said(&mina, 8, 1), now), Ok(vec![8]));
        assert_eq!(here.set_remote(one, &payload(&[(7, 1, "null")]), now), Ok(vec![7]));
        assert_eq!(here.present(), [8]);
        assert_eq!(here.remove_node(other, now), [8]);
        assert_eq!(here.encode_own([7, 8]), None, "others answer for these");
    }

    /// W8
    #[test]
    fn a_client_that_changes_nodes_takes_its_id_along_and_its_old_socket_does_not_end_it() {
        let (now, mina) = (Instant::now(), person());
        let there = NodeId::new();
        let mut old = Awareness::<u8>::default();
        old.set(1, &mina, &payload(&[(7, 3, "{}")]), now).unwrap();
        assert_eq!(old.set_remote(there, &said(&mina, 7, 3), now), Ok(vec![7]));
        assert_eq!(old.remove(1, now), Vec::<u64>::new());
        assert_eq!(old.present(), [7]);
        // And back again.
        old.set(2, &mina, &payload(&[(7, 3, "{}")]), now).unwrap();
        assert!(old.encode_all_own().is_some());
    }

    /// W8
    #[test]
    fn two_people_who_claim_one_id_on_two_nodes_end_up_as_one_on_both() {
        let (now, mina, jun) = (Instant::now(), person(), person());
        let (one, other) = (NodeId::new(), NodeId::new());
        let mut nodes = [Awareness::<u8>::default(), Awareness::<u8>::default()];
        nodes[0].set(1, &mina, &payload(&[(7, 1, "{}")]), now).unwrap();
        nodes[1].set(1, &jun, &payload(&[(7, 1, "{}")]), now).unwrap();
        nodes[0].set_remote(other, &said(&jun, 7, 1), now).unwrap();
        nodes[1].set_remote(one, &said(&mina, 7, 1), now).unwrap();
        let owners = nodes.map(|node| node.states[&7].user);
        assert_eq!(owners, [mina.id.max(jun.id); 2]);
    }

    #[test]
    fn who_is_not_in_a_whole_account_is_gone() {
        let (now, mina, jun) = (Instant::now(), person(), person());
        let node = NodeId::new();
        let mut here = Awareness::<u8>::default();
        here.set_remote(node, &said(&mina, 7, 1), now).unwrap();
        here.set_remote(node, &said(&jun, 8, 1), now).unwrap();
        assert_eq!(here.replace_remote(node, &said(&jun, 8, 1), now), Ok(vec![7]));
        assert_eq!(here.replace_remote(node, &[], now), Ok(vec![8]));
    }
}
