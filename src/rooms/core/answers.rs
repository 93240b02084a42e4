//! What a room tells one participant who lacks something: the document, a difference, everybody's awareness.

use std::time::Instant;

use bytes::Bytes;

use super::{
    Effect, Room, awareness_frame, frames::LARGE_FRAME, participants::ParticipantId,
    reckoned::keep, revision::Revision, send, whole_frame,
};
use crate::protocol::{self, CloseCode};

/// The state vector of a replica that has nothing: zero clients.
const EMPTY: &[u8] = &[0];

impl Room {
    /// W2: what the server says first.
    pub(super) fn welcome(&self, id: ParticipantId, effects: &mut Vec<Effect>) {
        effects.push(send(id, protocol::step1(&self.document.state_vector())));
        self.send_awareness(id, effects);
    }

    pub(super) fn send_awareness(&self, id: ParticipantId, effects: &mut Vec<Effect>) {
        if let Some(states) = self.awareness.encode_all() {
            effects.push(Effect::Send(id, awareness_frame(&states)));
        }
    }

    pub(super) fn answer(
        &mut self,
        id: ParticipantId,
        state_vector: Bytes,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        match self.participants.get_mut(id).map(|participant| participant.ask(state_vector, now)) {
            Some(Ok(state_vector)) if state_vector == EMPTY => self.send_whole(id, effects),
            Some(Ok(state_vector)) => self.send_difference(id, &state_vector, effects),
            Some(Err(due)) => self.answer_later(id, due, effects),
            None => {}
        }
    }

    /// What a message of a few bytes asks for may be large: whoever asks too often waits.
    pub(super) fn answer_awareness(
        &mut self,
        id: ParticipantId,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        match self.participants.get_mut(id).map(|participant| participant.ask_awareness(now)) {
            Some(Ok(())) => self.send_awareness(id, effects),
            Some(Err(due)) => self.answer_later(id, due, effects),
            None => {}
        }
    }

    fn answer_later(&mut self, id: ParticipantId, due: Instant, effects: &mut Vec<Effect>) {
        let asking = self.asking.entry(id).or_insert(due);
        *asking = due.min(*asking);
        effects.push(Effect::Limited("differences"));
    }

    /// Answers who asked too often, and waits.
    pub(super) fn answer_due(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let due: Vec<_> = self.asking.extract_if(.., |_, due| *due <= now).collect();
        for (id, _) in due {
            let Some(participant) = self.participants.get_mut(id) else { continue };
            let (asked, awareness) = (participant.take_asked(), participant.take_asked_awareness());
            if let Some(state_vector) = asked {
                self.answer(id, state_vector, now, effects);
            }
            if awareness {
                self.answer_awareness(id, now, effects);
            }
        }
    }

    fn send_whole(&mut self, id: ParticipantId, effects: &mut Vec<Effect>) {
        let Self { encodings, document, reckoned, .. } = self;
        let frames = encodings.whole(document, |frame| keep(reckoned.as_ref(), frame));
        let Some(frames) = frames else { return Self::send_away(id, effects) };
        self.participants.has_document(id);
        let frames = frames.into_iter().map(whole_frame);
        effects.extend(frames.map(|frame| Effect::Send(id, frame)));
    }

    fn send_difference(
        &mut self,
        id: ParticipantId,
        state_vector: &[u8],
        effects: &mut Vec<Effect>,
    ) {
        let Ok(difference) = self.document.encode_diff(state_vector) else {
            return effects.push(Effect::Close(id, CloseCode::Malformed));
        };
        // Whoever lacks most of it gets all of it: that encoding is shared.
        if difference.len() > LARGE_FRAME && difference.len() > self.document.size() / 2 {
            return self.send_whole(id, effects);
        }
        match keep(self.reckoned.as_ref(), protocol::step2(&difference)) {
            Some(frame) => {
                self.participants.has_document(id);
                effects.push(Effect::Send(id, whole_frame(frame)));
            }
            None => Self::send_away(id, effects),
        }
    }

    /// W10
    pub(super) fn catch_up(
        &mut self,
        id: ParticipantId,
        from: Revision,
        effects: &mut Vec<Effect>,
    ) {
        if self.participants.get(id).is_none() {
            return;
        }
        let Self { encodings, document, reckoned, .. } = self;
        let frames =
            encodings.since_or_whole(from, document, |frame| keep(reckoned.as_ref(), frame));
        let Some(frames) = frames else { return Self::send_away(id, effects) };
        let mut frames: Vec<_> = frames.into_iter().map(whole_frame).collect();
        frames.extend(self.awareness.encode_all().map(|states| awareness_frame(&states)));
        effects.push(Effect::CatchUp(id, frames));
    }
}
