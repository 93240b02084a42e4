//! One trial: a document that hears a trip's updates among damaged ones, and is looked at now and then.

use std::{
    fmt,
    ops::AddAssign,
    time::{Duration, Instant},
};

use bytes::Bytes;
use moim::{
    crdt::{Applied, Awareness, Document, Limits, Presence, Refusal, fold},
    ids::DocKind,
    protocol::{self, Message},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use yrs::{StateVector, updates::decoder::Decode};

use super::{
    corpus::{self, History},
    damage,
};
use crate::{bytes::write_number, fuzzed::serves};

/// What became of damaged messages.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) messages: u64,
    pub(super) changed: u64,
    pub(super) unchanged: u64,
    pub(super) malformed: u64,
    pub(super) missing: u64,
    pub(super) too_large: u64,
    pub(super) too_many: u64,
    /// Other messages than updates that were taken.
    pub(super) answered: u64,
    /// How often a document was saved, opened and read.
    pub(super) checks: u64,
}

impl Counts {
    pub(super) const FIELDS: usize = 9;

    pub(super) const fn to_array(self) -> [u64; Self::FIELDS] {
        let Self { messages, changed, unchanged, malformed, missing, .. } = self;
        let Self { too_large, too_many, answered, checks, .. } = self;
        [messages, changed, unchanged, malformed, missing, too_large, too_many, answered, checks]
    }

    pub(super) const fn from_array(fields: [u64; Self::FIELDS]) -> Self {
        let [messages, changed, unchanged, malformed, missing, ..] = fields;
        let [.., too_large, too_many, answered, checks] = fields;
        Self {
            messages,
            changed,
            unchanged,
            malformed,
            missing,
            too_large,
            too_many,
            answered,
            checks,
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        match refusal {
            Refusal::Malformed(_) => self.malformed += 1,
            Refusal::Missing => self.missing += 1,
            Refusal::TooLarge(_) => self.too_large += 1,
            Refusal::TooMany(_) => self.too_many += 1,
            Refusal::Later => panic!("nobody has taken anything before"),
            Refusal::Barred => panic!("nothing was set aside"),
            Refusal::Failed => panic!("it is no answer to anything else than an update"),
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let (mut sum, other) = (self.to_array(), other.to_array());
        sum.iter_mut().zip(other).for_each(|(one, other)| *one += other);
        *self = Self::from_array(sum);
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} damaged messages: {} changed a document, {} said nothing new, {} others were \
             answered; refused: {} malformed, {} missing, {} too large, {} too many; {} checks",
            self.messages,
            self.changed,
            self.unchanged,
            self.answered,
            self.malformed,
            self.missing,
            self.too_large,
            self.too_many,
            self.checks,
        )
    }
}

struct Trial {
    document: Document,
    awareness: Awareness<u32>,
    user: Presence,
    now: Instant,
    /// What the document began with, and what it took since.
    start: Vec<u8>,
    accepted: Vec<Vec<u8>>,
    counts: Counts,
}

/// Runs the trial of a seed. Panics where something breaks.
pub(super) fn run(seed: u64) -> Counts {
    let random = &mut StdRng::seed_from_u64(seed);
    let history = corpus::pick(random);
    let mut trial = Trial {
        document: Document::new(DocKind::Trip, Limits::default()),
        awareness: Awareness::default(),
        user: Presence {
            id: "01JABCDEFGHJKMNPQRSTVWXYZ0".parse().unwrap(),
            name: "Mina".to_owned(),
            color: "#112233".to_owned(),
        },
        now: Instant::now(),
        start: vec![0, 0],
        accepted: vec![],
        counts: Counts::default(),
    };
    for update in &history.updates {
        for _ in 0..random.random_range(1..300) {
            trial.hear_something_damaged(update, &history, random);
        }
        if random.random_range(0..8) > 0 {
            let _ = trial.apply(update);
        }
        if random.random_range(0..16) == 0 {
            trial.reopen();
        }
    }
    trial.check();
    trial.counts
}

impl Trial {
    fn apply(&mut self, update: &[u8]) -> Result<Applied, Refusal> {
        let answer = self.document.apply(update);
        if answer == Err(Refusal::Failed) {
            let Self { start, accepted, .. } = self;
            panic!("yrs failed on {update:?} after the state {start:?} and {accepted:?}");
        }
        if answer == Ok(Applied::Changed) {
            self.accepted.push(update.to_vec());
        }
        answer
    }

    fn hear_something_damaged(&mut self, next: &[u8], history: &History, random: &mut StdRng) {
        let any = |random: &mut StdRng| random.random_range(0..history.updates.len());
        self.counts.messages += 1;
        let bytes = match random.random_range(0..8) {
            0 => return self.hear_a_damaged_frame(next, history, random),
            // Something old or something that is still to come.
            1 | 2 => damage::damage(&history.updates[any(random)], history, random),
            // Something old that is new again.
            3 | 4 => self.again(&history.updates[any(random)], history, random),
            _ => damage::damage(next, history, random),
        };
        self.hear_update(&bytes);
    }

    fn again(&self, update: &[u8], history: &History, random: &mut StdRng) -> Vec<u8> {
        let known = StateVector::decode_v1(&self.document.state_vector()).unwrap();
        let end_of = |client| known.get(&yrs::ClientID::new(client));
        let again = damage::again(update, end_of);
        let again = again.unwrap_or_else(|| update.to_vec());
        if random.random() { damage::damage(&again, history, random) } else { again }
    }

    fn hear_update(&mut self, bytes: &[u8]) {
        match self.apply(bytes) {
            Ok(Applied::Changed) => self.counts.changed += 1,
            Ok(Applied::Unchanged) => self.counts.unchanged += 1,
            Err(refusal) => self.counts.refuse(refusal),
        }
    }

    /// A frame of several messages, of which anything may be damaged.
    fn hear_a_damaged_frame(&mut self, update: &[u8], history: &History, random: &mut StdRng) {
        let mut states = vec![];
        let count = random.random_range(1..4_u64);
        write_number(count, &mut states);
        for client in 0..count {
            [client, random.random_range(0..9), 7].iter().for_each(|number| {
                write_number(*number, &mut states);
            });
            states.extend_from_slice(b"{\"a\":1}");
        }
        let frame = [
            protocol::awareness(&states),
            protocol::step1(&self.document.state_vector()),
            protocol::update(update),
        ]
        .concat();
        let frame = damage::damage(&frame, history, random);
        for message in protocol::messages(Bytes::from(frame)) {
            match message {
                Ok(Message::Step2(update) | Message::Update(update)) => self.hear_update(&update),
                Ok(Message::Step1(known)) => {
                    let answer = self.document.encode_diff(&known).map(drop);
                    self.count_answer(answer);
                }
                Ok(Message::Awareness(states)) => {
                    self.now += Duration::from_secs(1);
                    let owner = random.random_range(0..3);
                    let answer = self.awareness.set(owner, &self.user, &states, self.now);
                    self.count_answer(answer.map(drop));
                    assert!(self.awareness.encode_all().is_none_or(|all| !all.is_empty()));
                }
                Ok(Message::AskAwareness | Message::Token(_) | Message::Probe) => {
                    self.counts.answered += 1;
                }
                Err(_) => self.counts.malformed += 1,
            }
        }
    }

    fn count_answer(&mut self, answer: Result<(), Refusal>) {
        match answer {
            Ok(()) => self.counts.answered += 1,
            Err(refusal) => self.counts.refuse(refusal),
        }
    }

    fn check(&mut self) {
        self.counts.checks += 1;
        serves::check(&self.document);
        serves::check_journal(&self.document, &self.start, &self.accepted);
    }

    /// The room falls idle, and somebody opens it again.
    fn reopen(&mut self) {
        self.check();
        self.start = fold(DocKind::Trip, &self.document.encode_state(), []).unwrap().state;
        self.document = Document::load(DocKind::Trip, &self.start, [], Limits::default()).unwrap();
        self.accepted.clear();
    }
}
