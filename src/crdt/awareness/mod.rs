//! Who is here and what they point at: awareness states with their owners, never stored. Rules W3 and W8.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    time::{Duration, Instant},
};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    Refusal,
    guard::{AwarenessEntry, Writer, read_awareness},
};
use crate::ids::UserId;

/// Bytes of one state, as JSON.
const STATE_BYTES: usize = 4 << 10;
/// Ids that one participant may bring.
const IDS_PER_PARTICIPANT: usize = 4;
/// A state that isn't renewed for so long is gone (clients renew theirs every 15 s).
const LIFETIME: Duration = Duration::from_secs(30);
/// How long the clock of a state that is gone is remembered, so that an old message doesn't bring it back.
const MEMORY: Duration = Duration::from_secs(300);

/// A person as the others see them: what the server writes as `u` into each of their states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// Who.
    pub id: UserId,
    /// As others see it.
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
}

/// One awareness id.
#[derive(Debug)]
struct State<P> {
    owner: P,
    user: UserId,
    clock: u32,
    /// `None`: gone, only the clock is remembered.
    json: Option<String>,
    seen: Instant,
}

/// The awareness of one document. `P` names a participant: one connection.
#[derive(Debug)]
pub struct Awareness<P> {
    states: HashMap<u64, State<P>>,
}

impl<P> Default for Awareness<P> {
    fn default() -> Self {
        Self { states: HashMap::new() }
    }
}

impl<P: Copy + Eq + fmt::Debug> Awareness<P> {
    /// Takes the payload of an awareness message; returns the ids to send on, the sender's own too (W3).
    /// What it says of ids that others brought is passed over: stock clients repeat what they hear.
    pub fn set(
        &mut self,
        participant: P,
        user: &Presence,
        payload: &[u8],
        now: Instant,
    ) -> Result<Vec<u64>, Refusal> {
        let mut own = vec![];
        for entry in read_awareness(payload)? {
            if self.may_set(participant, user.id, &entry) {
                own.push((entry, with_user(entry.json, user)?));
            }
        }
        let mut changed = vec![];
        for (entry, json) in own {
            // An id may stand there twice, and ids have a limit: ask again.
            if self.may_set(participant, user.id, &entry) {
                let AwarenessEntry { client, clock, .. } = entry;
                let state = State { owner: participant, user: user.id, clock, json, seen: now };
                self.states.insert(client, state);
                changed.push(client);
            }
        }
        Ok(changed)
    }

    /// Takes away what a participant brought, because it left; returns these ids.
    pub fn remove(&mut self, participant: P, now: Instant) -> Vec<u64> {
        self.end_where(now, |state| state.owner == participant)
    }

    /// Takes away what wasn't renewed; returns these ids.
    pub fn expire(&mut self, now: Instant) -> Vec<u64> {
        let age = |state: &State<P>| now.saturating_duration_since(state.seen);
        self.states.retain(|_, state| state.json.is_some() || age(state) < MEMORY);
        self.end_where(now, |state| age(state) >= LIFETIME)
    }

    /// When `expire` has something to do next.
    pub fn deadline(&self) -> Option<Instant> {
        let here = self.states.values().filter(|state| state.json.is_some());
        here.map(|state| state.seen + LIFETIME).min()
    }

    /// The payload of an awareness message that tells of these ids.
    pub fn encode(&self, ids: &[u64]) -> Vec<u8> {
        let known = ids.iter().filter_map(|id| Some((*id, self.states.get(id)?)));
        encode(known.collect())
    }

    /// The payload of an awareness message that tells of all who are here; `None` if nobody is.
    pub fn encode_all(&self) -> Option<Vec<u8>> {
        let here = self.states.iter().filter(|(_, state)| state.json.is_some());
        let here: Vec<_> = here.map(|(id, state)| (*id, state)).collect();
        if here.is_empty() { None } else { Some(encode(here)) }
    }

    fn may_set(&self, participant: P, user: UserId, entry: &AwarenessEntry<'_>) -> bool {
        let ids = self.ids_of(participant);
        let Some(state) = self.states.get(&entry.client) else {
            return entry.json != "null" && ids < IDS_PER_PARTICIPANT;
        };
        let is_newer = entry.clock > state.clock;
        let is_end = entry.json == "null" && entry.clock == state.clock && state.json.is_some();
        if state.json.is_some() && state.owner == participant {
            return is_newer || is_end;
        }
        // A client that comes back takes its id along, with the same clock, perhaps before its old socket is
        // noticed as dead. Somebody's other tab repeats ids too, but after it has brought its own.
        state.user == user && ids == 0 && entry.clock >= state.clock && entry.json != "null"
            || state.json.is_none() && is_newer && state.user == user && ids < IDS_PER_PARTICIPANT
    }

    fn ids_of(&self, participant: P) -> usize {
        let is_own = |state: &&State<P>| state.json.is_some() && state.owner == participant;
        self.states.values().filter(is_own).count()
    }

    fn end_where(&mut self, now: Instant, ends: impl Fn(&State<P>) -> bool) -> Vec<u64> {
        let mut ended = vec![];
        for (id, state) in &mut self.states {
            if state.json.is_some() && ends(state) {
                state.json = None;
                state.seen = now;
                ended.push(*id);
            }
        }
        ended
    }
}

fn encode<P>(states: Vec<(u64, &State<P>)>) -> Vec<u8> {
    let mut out = Writer::default();
    out.number(states.len() as u64);
    for (id, state) in states {
        out.number(id);
        out.number(u64::from(state.clock));
        out.text(state.json.as_deref().unwrap_or("null"));
    }
    out.bytes
}

/// The state with the person that the server knows in it; `None` for `null`.
fn with_user(json: &str, user: &Presence) -> Result<Option<String>, Refusal> {
    const BAD_JSON: Refusal = Refusal::Malformed("a state is no JSON object");
    if json.len() > STATE_BYTES {
        return Err(Refusal::TooLarge("awareness state"));
    }
    if json == "null" {
        return Ok(None);
    }
    let mut fields: BTreeMap<String, &RawValue> =
        serde_json::from_str(json).map_err(|_| BAD_JSON)?;
    let user = serde_json::value::to_raw_value(user).map_err(|_| BAD_JSON)?;
    fields.insert("u".to_owned(), &user);
    serde_json::to_string(&fields).map(Some).map_err(|_| BAD_JSON)
}

#[cfg(test)]
mod tests;
