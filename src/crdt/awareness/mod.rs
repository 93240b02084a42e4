//! Who is here and what they point at: awareness states with their owners, never stored. Rules W3 and W8.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    time::{Duration, Instant},
};

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    guard::{AwarenessEntry, Writer, read_awareness},
    limits::{Limits, Refusal},
};
use crate::{
    bucket::Bucket,
    ids::{NodeId, UserId},
};

mod remote;

/// Ids that one participant may bring.
const IDS_PER_PARTICIPANT: usize = 4;
/// States that one message may set: its sender's own, and those of the same person's other tabs, which it repeats.
const STATES_PER_MESSAGE: usize = 16;
/// A state of another node that isn't renewed for so long is gone, and one of a connection whose other states were
/// renewed since. Clients renew theirs every 15 s, but for tabs in the background, whose timers are throttled.
const LIFETIME: Duration = Duration::from_secs(30);
/// A state that was not renewed for so long is renewed for its connection, as long as that is open: clients take
/// what they hear nothing of for 30 s for gone.
const RENEW_AFTER: Duration = Duration::from_secs(20);
/// So many of the states that were last sent on are known again when they come back.
const ECHOES: usize = 4;
/// The clock that a client brings along from another node may be behind by so much: it may not have heard of
/// renewals.
const RENEWALS_UNHEARD: u32 = 4;
/// A participant may send so much of a second's states at the same time.
const BURST: Duration = Duration::from_secs(1);
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

/// Who brought an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner<P> {
    /// A participant on this node.
    Here(P),
    /// One on another node, which answers for it.
    There(NodeId),
}

/// One awareness id.
#[derive(Debug)]
struct State<P> {
    owner: Owner<P>,
    user: UserId,
    /// As the others count; it only grows.
    clock: u32,
    /// As its owner counts: behind `clock` by the renewals that it has not heard of.
    own_clock: u32,
    /// `None`: gone, only the clock is remembered.
    json: Option<String>,
    /// When its owner last renewed it.
    seen: Instant,
    /// When the others last heard of it.
    said: Instant,
    /// What was sent on last. Stock clients repeat what they hear of themselves.
    echoes: [u32; ECHOES],
}

/// What one participant brings.
#[derive(Debug)]
struct Bringer {
    /// Ids of its that are here.
    ids: usize,
    pace: Bucket,
    /// What came too fast: the newest state of each id, until it is due.
    held: BTreeMap<u64, Brought>,
    due: Instant,
    /// When it last renewed any of its states.
    renewed: Instant,
}

/// A state on its way in.
#[derive(Debug)]
struct Brought {
    client: u64,
    clock: u32,
    user: UserId,
    json: Option<String>,
}

/// The awareness of one document. `P` names a participant: one connection.
#[derive(Debug)]
pub struct Awareness<P> {
    states: HashMap<u64, State<P>>,
    bringers: HashMap<P, Bringer>,
    /// Whose states are held back.
    holding: Vec<P>,
    held: u64,
    oversized: u64,
    state_bytes: usize,
    per_second: u32,
}

impl<P> Default for Awareness<P> {
    fn default() -> Self {
        Self::new(&Limits::default())
    }
}

impl<P> Awareness<P> {
    /// With nobody here.
    pub fn new(limits: &Limits) -> Self {
        Self {
            states: HashMap::new(),
            bringers: HashMap::new(),
            holding: Vec::new(),
            held: 0,
            oversized: 0,
            state_bytes: limits.awareness_bytes,
            per_second: limits.awareness_per_second,
        }
    }
}

impl<P: Copy + Eq + Hash + fmt::Debug> Awareness<P> {
    /// Takes the payload of an awareness message; returns the ids to send on, the sender's own too (W3).
    /// What it says of ids that others brought is passed over: stock clients repeat what they hear. What comes
    /// too fast is held back, and `release` takes the newest of it. What is too large is passed over.
    pub fn set(
        &mut self,
        participant: P,
        user: &Presence,
        payload: &[u8],
        now: Instant,
    ) -> Result<Vec<u64>, Refusal> {
        let mut own = vec![];
        for AwarenessEntry { client, clock, json } in read_awareness(payload)? {
            let has_room = own.len() < STATES_PER_MESSAGE;
            if has_room && self.may_set(participant, user.id, client, clock, json == "null") {
                if json.len() > self.state_bytes {
                    self.pass_over(participant, client, now);
                    continue;
                }
                let json = with_user(json, user)?;
                own.push(Brought { client, clock, user: user.id, json });
            }
        }
        if own.iter().any(|one| one.json.is_some())
            && let Err(wait) = self.bringer(participant, now).pace.take(now)
        {
            let (states, ends) = own.into_iter().partition(|one| one.json.is_some());
            self.hold(participant, states, now + wait);
            own = ends;
        }
        Ok(self.take(participant, own, now))
    }

    /// Takes what was held back and is due; returns these ids.
    pub fn release(&mut self, now: Instant) -> Vec<u64> {
        let mut changed = vec![];
        for participant in std::mem::take(&mut self.holding) {
            let Some(bringer) = self.bringers.get_mut(&participant) else { continue };
            if now < bringer.due || bringer.pace.take(now).is_err() {
                self.holding.push(participant);
                continue;
            }
            let held = std::mem::take(&mut bringer.held);
            changed.extend(self.take(participant, held.into_values(), now));
        }
        changed
    }

    /// How many messages were held back since this was last asked.
    pub fn take_held(&mut self) -> u64 {
        std::mem::take(&mut self.held)
    }

    /// How many states were too large since this was last asked.
    pub fn take_oversized(&mut self) -> u64 {
        std::mem::take(&mut self.oversized)
    }

    /// Takes away what a participant brought, because it left; returns these ids.
    pub fn remove(&mut self, participant: P, now: Instant) -> Vec<u64> {
        let ended = self.end_where(now, |_, state| state.owner == Owner::Here(participant));
        self.bringers.remove(&participant);
        self.holding.retain(|one| *one != participant);
        ended
    }

    /// Takes away what is gone, and renews what is here for those who don't do it themselves; returns these ids.
    pub fn expire(&mut self, now: Instant) -> Vec<u64> {
        let age = |state: &State<P>| now.saturating_duration_since(state.seen);
        self.states.retain(|_, state| state.json.is_some() || age(state) < MEMORY);
        let is_over = |state: &State<P>| match state.owner {
            Owner::There(_) => age(state) >= LIFETIME,
            // It renews what it still uses.
            Owner::Here(participant) => self.bringers.get(&participant).is_none_or(|bringer| {
                bringer.renewed.saturating_duration_since(state.seen) >= LIFETIME
            }),
        };
        let over: HashSet<_> =
            self.states.iter().filter(|(_, state)| is_over(state)).map(|(id, _)| *id).collect();
        let mut changed = self.end_where(now, |id, _| over.contains(&id));
        for (id, state) in &mut self.states {
            if state.is_renewable() && now >= state.said + RENEW_AFTER {
                state.say(state.clock.saturating_add(1), now);
                changed.push(*id);
            }
        }
        changed
    }

    /// When `expire` or `release` has something to do next.
    pub fn deadline(&self) -> Option<Instant> {
        let here = self.states.values().filter(|state| state.json.is_some());
        let held = self.holding.iter().filter_map(|one| Some(self.bringers.get(one)?.due));
        let due = |state: &State<P>| match state.owner {
            Owner::Here(_) => state.said + RENEW_AFTER,
            Owner::There(_) => state.seen + LIFETIME,
        };
        here.map(due).chain(held).min()
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

    /// Leaves a state as it was: it is renewed, though not by what it was to become.
    fn pass_over(&mut self, participant: P, client: u64, now: Instant) {
        self.oversized += 1;
        if let Some(state) = self.states.get_mut(&client)
            && state.json.is_some()
            && state.owner == Owner::Here(participant)
        {
            state.seen = now;
        }
    }

    fn bringer(&mut self, participant: P, now: Instant) -> &mut Bringer {
        self.bringers.entry(participant).or_insert_with(|| Bringer {
            ids: 0,
            pace: Bucket::new(self.per_second, BURST, now),
            held: BTreeMap::new(),
            due: now,
            renewed: now,
        })
    }

    fn hold(&mut self, participant: P, states: Vec<Brought>, due: Instant) {
        let Some(bringer) = self.bringers.get_mut(&participant) else { return };
        self.held += 1;
        if bringer.held.is_empty() {
            bringer.due = due;
            self.holding.push(participant);
        }
        for state in states {
            let known = bringer.held.get(&state.client);
            let is_newer = known.is_none_or(|known| known.clock < state.clock);
            if is_newer && (known.is_some() || bringer.held.len() < IDS_PER_PARTICIPANT) {
                bringer.held.insert(state.client, state);
            }
        }
    }

    /// Takes what may still be set: an id may stand there twice, and ids have a limit.
    fn take(
        &mut self,
        participant: P,
        brought: impl IntoIterator<Item = Brought>,
        now: Instant,
    ) -> Vec<u64> {
        let mut changed = vec![];
        for Brought { client, clock, user, json } in brought {
            if !self.may_set(participant, user, client, clock, json.is_none()) {
                continue;
            }
            let is_here = json.is_some();
            let known = self.states.get_mut(&client);
            if let Some(state) = known.filter(|state| state.is_echo(participant, clock, &json)) {
                state.own_clock = clock;
                continue;
            }
            let before = self.states.remove(&client);
            let mut state = State::new(Owner::Here(participant), user, clock, json, now);
            let mut said = clock;
            if let Some(before) = before {
                // The others take nothing that is not newer than what they have, but for an end.
                said = clock.max(before.clock.saturating_add(u32::from(is_here)));
                state.echoes = before.echoes;
                if before.json.is_some() {
                    Self::lose_id(&mut self.bringers, before.owner);
                }
            }
            state.say(said, now);
            self.states.insert(client, state);
            let bringer = self.bringer(participant, now);
            bringer.renewed = now;
            bringer.ids += usize::from(is_here);
            if bringer.held.get(&client).is_some_and(|held| held.clock <= clock) {
                bringer.held.remove(&client);
            }
            changed.push(client);
        }
        changed
    }

    fn may_set(&self, participant: P, user: UserId, client: u64, clock: u32, ends: bool) -> bool {
        let ids = self.bringers.get(&participant).map_or(0, |bringer| bringer.ids);
        let Some(state) = self.states.get(&client) else {
            return !ends && ids < IDS_PER_PARTICIPANT;
        };
        if state.json.is_some() && state.owner == Owner::Here(participant) {
            return clock > state.own_clock || ends && clock == state.own_clock;
        }
        // A client that comes back takes its id along, with the same clock, perhaps before its old socket is
        // noticed as dead. Somebody's other tab repeats ids too, but after it has brought its own.
        let least = match state.owner {
            Owner::Here(_) => state.own_clock,
            Owner::There(_) => state.clock.saturating_sub(RENEWALS_UNHEARD),
        };
        let is_newer = clock > state.clock;
        state.user == user && ids == 0 && clock >= least && !ends
            || state.json.is_none() && is_newer && state.user == user && ids < IDS_PER_PARTICIPANT
    }

    /// One id less of a participant's, if it is on this node.
    fn lose_id(bringers: &mut HashMap<P, Bringer>, owner: Owner<P>) {
        if let Owner::Here(participant) = owner
            && let Some(bringer) = bringers.get_mut(&participant)
        {
            bringer.ids -= 1;
        }
    }

    fn end_where(&mut self, now: Instant, ends: impl Fn(u64, &State<P>) -> bool) -> Vec<u64> {
        let mut ended = vec![];
        for (id, state) in &mut self.states {
            if state.json.is_some() && ends(*id, state) {
                state.json = None;
                state.seen = now;
                Self::lose_id(&mut self.bringers, state.owner);
                ended.push(*id);
            }
        }
        ended
    }
}

impl<P: Copy + Eq> State<P> {
    fn new(owner: Owner<P>, user: UserId, clock: u32, json: Option<String>, now: Instant) -> Self {
        let (own_clock, echoes) = (clock, [0; ECHOES]);
        Self { owner, user, clock, own_clock, json, seen: now, said: now, echoes }
    }

    /// The others hear it under this clock.
    fn say(&mut self, clock: u32, now: Instant) {
        self.clock = clock;
        self.said = now;
        self.echoes.rotate_right(1);
        self.echoes[0] = digest(clock, self.json.as_deref());
    }

    /// Whether its owner only repeats what it heard from here.
    fn is_echo(&self, from: P, clock: u32, json: &Option<String>) -> bool {
        self.owner == Owner::Here(from)
            && clock > self.own_clock
            && self.json.is_some()
            && self.echoes.contains(&digest(clock, json.as_deref()))
    }

    fn is_renewable(&self) -> bool {
        self.json.is_some() && matches!(self.owner, Owner::Here(_))
    }
}

/// Tells an echo from a state of its owner's own. Never 0, which stands for none.
fn digest(clock: u32, json: Option<&str>) -> u32 {
    let mut hasher = DefaultHasher::new();
    (clock, json).hash(&mut hasher);
    let [low, high] = [hasher.finish() as u32, (hasher.finish() >> 32) as u32];
    (low ^ high) | 1
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
