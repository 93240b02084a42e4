//! What a room makes of the same room on other nodes, and what it tells them.

use std::time::Instant;

use bytes::Bytes;

use super::{
    Effect, Fresh, Room,
    encodings::merged,
    mesh::{Haste, Life, Mesh, Outgoing, Question, Standing},
    revision::Revision,
};
use crate::{
    bus::frame::{Digest, Frame, RoomSaid},
    crdt::{Applied, Document, Refusal},
    ids::NodeId,
};

/// Edits are merged into frames for other nodes of about so many bytes.
const FRAME_BYTES: usize = 1024 * 1024;

impl Room {
    /// A room that other nodes may have open, too.
    pub fn among_nodes(document: Document, life: Life, now: Instant) -> Self {
        Self { mesh: Some(Mesh::new(life, now)), ..Self::new(document, now) }
    }

    /// The awareness ids of everybody who is here, on any node, in order.
    pub fn present(&self) -> Vec<u64> {
        self.awareness.present()
    }

    /// Tells the other nodes that the room ends here.
    pub fn leave(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if let Some(mesh) = &mut self.mesh {
            effects.push(Effect::Publish(mesh.say(RoomSaid::Goodbye, now)));
        }
    }

    pub(super) fn heard(
        &mut self,
        frame: Frame<RoomSaid>,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        let Some(mesh) = &mut self.mesh else { return };
        let from = frame.from;
        let is_late = match mesh.note(&frame, now) {
            Standing::Own | Standing::Foreign => return,
            Standing::Newest => false,
            Standing::Reborn => {
                self.stirred.extend(self.awareness.remove_node(from, now));
                false
            }
            Standing::Late => true,
        };
        match frame.said {
            RoomSaid::Edits(update) => {
                self.take_over(from, &update, now, effects);
            }
            RoomSaid::Answer { to, digest, awareness, update } => {
                let is_whole = update.is_empty() || self.take_over(from, &update, now, effects);
                if !is_late {
                    self.heard_answer(from, to, digest, is_whole);
                    // Malformed awareness of a node is passed over: the next state replaces it.
                    let changed = self.awareness.replace_remote(from, &awareness, now);
                    self.stirred.extend(changed.unwrap_or_default());
                }
            }
            _ if is_late => {}
            RoomSaid::Awareness(states) => {
                let changed = self.awareness.set_remote(from, &states, now);
                self.stirred.extend(changed.unwrap_or_default());
            }
            RoomSaid::Need { of, digest: theirs, state_vector } => {
                let is_answered = theirs == digest(&self.document);
                mesh.question(from, of, state_vector, is_answered, now);
            }
            RoomSaid::Heartbeat(digest) => self.compare(from, digest, now),
            RoomSaid::Goodbye => {
                mesh.goodbye(from, now);
                self.stirred.extend(self.awareness.remove_node(from, now));
            }
        }
    }

    /// Frames may have been lost.
    pub(super) fn missed(&mut self, now: Instant) {
        if let Some(mesh) = &mut self.mesh {
            mesh.missed(now);
        }
    }

    /// The document may have begun anew.
    pub(super) fn doubted(&mut self, haste: Haste, now: Instant) {
        if let Some(mesh) = &mut self.mesh {
            mesh.doubt(haste, now);
        }
    }

    /// A node was silent for too long.
    pub(super) fn node_gone(&mut self, node: NodeId, now: Instant) {
        if let Some(mesh) = &mut self.mesh {
            mesh.gone(node, now);
            self.stirred.extend(self.awareness.remove_node(node, now));
        }
    }

    /// A node has said that it leaves.
    pub(super) fn node_left(&mut self, node: NodeId, now: Instant) {
        if let Some(mesh) = &mut self.mesh {
            mesh.left(node, now);
            self.stirred.extend(self.awareness.remove_node(node, now));
        }
    }

    /// The journal was read: this is what it has beyond what we had. `None`: it can't be read now.
    pub(super) fn reread(
        &mut self,
        update: Option<&Bytes>,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        let is_read = update.is_some_and(|update| self.merge(update, now, effects).is_ok());
        if let Some(mesh) = &mut self.mesh {
            mesh.end_reread(is_read, now);
        }
    }

    /// Says to other nodes what is due.
    pub(super) fn share(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        if self.mesh.is_none() {
            return;
        }
        self.share_awareness(now, effects);
        while let Some(question) = self.mesh.as_mut().and_then(|mesh| mesh.due_question(now)) {
            self.prepare_answer(question);
        }
        self.release(now, effects);
        let Some(mesh) = &mut self.mesh else { return };
        if let Some(of) = mesh.due_need(now) {
            let state_vector = self.document.state_vector().into();
            let need = RoomSaid::Need { of, digest: digest(&self.document), state_vector };
            effects.push(Effect::Publish(mesh.say(need, now)));
        }
        if mesh.is_heartbeat_due(now) {
            let heartbeat = RoomSaid::Heartbeat(digest(&self.document));
            effects.push(Effect::Publish(mesh.say(heartbeat, now)));
        }
        if mesh.begin_reread(now) {
            effects.push(Effect::Reread(self.document.state_vector().into()));
        }
    }

    /// An edit of somebody on this node: the other nodes get it as soon as it is durable, and not before.
    /// Otherwise somebody there could build on it and be stored, while it is lost in a crash.
    pub(super) fn hold_for_others(&mut self, revision: Revision, update: Bytes, now: Instant) {
        if let Some(mesh) = &mut self.mesh {
            mesh.stir(now);
            mesh.hold(revision, Outgoing::Edit(update));
        }
    }

    /// Edits of another node. `false`: they could not be merged, and will be asked for.
    fn take_over(
        &mut self,
        from: NodeId,
        update: &Bytes,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let merged = self.merge(update, now, effects);
        if let (Err(_), Some(mesh)) = (&merged, &mut self.mesh) {
            mesh.lacks(from, now);
        }
        merged.is_ok()
    }

    /// Merges what others have made durable. Nobody here waits for it, and it isn't journaled again.
    fn merge(
        &mut self,
        update: &Bytes,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        match self.document.apply_stored(update) {
            Ok(Applied::Unchanged) => Ok(()),
            Ok(Applied::Changed) => {
                self.accepted = Revision(self.accepted.0 + 1);
                self.note_stored();
                self.pace.edit(now);
                self.encodings.push(self.accepted, update.clone());
                let (revision, update) = (self.accepted, update.clone());
                self.fresh.push(Fresh { from: None, revision, update });
                if let Some(mesh) = &mut self.mesh {
                    mesh.stir(now);
                }
                Ok(())
            }
            Err(refusal) => {
                if refusal == Refusal::Failed {
                    effects.push(Effect::Abandon);
                }
                Err(refusal)
            }
        }
    }

    fn heard_answer(&mut self, from: NodeId, to: NodeId, theirs: Digest, is_whole: bool) {
        let Some(mesh) = &mut self.mesh else { return };
        if to == mesh.node() {
            if is_whole {
                mesh.answered(from);
            }
        } else if mesh.is_asked_by(to) && theirs == digest(&self.document) {
            mesh.said_already(to);
        }
    }

    /// Holds what another node has against what this one has.
    fn compare(&mut self, from: NodeId, theirs: Digest, now: Instant) {
        let Some(mesh) = &mut self.mesh else { return };
        if mesh.is_quiet(now) && theirs != digest(&self.document) {
            mesh.lacks(from, now);
        }
    }

    fn share_awareness(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let Some(mesh) = &mut self.mesh else { return };
        if self.unshared.is_empty() || mesh.awareness_due(now) > now {
            return;
        }
        mesh.said_awareness(now);
        if let Some(states) = self.awareness.encode_own(std::mem::take(&mut self.unshared)) {
            let said = RoomSaid::Awareness(states.into());
            effects.push(Effect::Publish(mesh.say(said, now)));
        }
    }

    /// What is in an answer may not be durable yet: then the answer waits until it is.
    fn prepare_answer(&mut self, question: Question) {
        let Question { by, state_vector, is_answered, .. } = question;
        let update = if is_answered {
            Bytes::new()
        } else {
            // A state vector that can't be read deserves no answer.
            let Ok(update) = self.document.encode_diff(&state_vector) else { return };
            update.into()
        };
        let digest = digest(&self.document);
        if let Some(mesh) = &mut self.mesh {
            mesh.hold(self.accepted, Outgoing::Answer(by, digest, update));
        }
    }

    /// Says what has become durable, edits merged.
    fn release(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let Some(mesh) = &mut self.mesh else { return };
        let mut edits = Vec::new();
        let mut bytes = 0;
        for outgoing in mesh.release(self.stored) {
            match outgoing {
                Outgoing::Edit(update) => {
                    bytes += update.len();
                    edits.push(update);
                    if bytes >= FRAME_BYTES {
                        bytes = 0;
                        say_edits(mesh, &mut edits, now, effects);
                    }
                }
                Outgoing::Answer(to, digest, update) => {
                    // The numbers tell that all edits before an answer are in it.
                    say_edits(mesh, &mut edits, now, effects);
                    let awareness = self.awareness.encode_all_own().unwrap_or_default().into();
                    let answer = RoomSaid::Answer { to, digest, awareness, update };
                    effects.push(Effect::Publish(mesh.say(answer, now)));
                }
            }
        }
        say_edits(mesh, &mut edits, now, effects);
    }

    /// Everything durable: all that came before the first edit that is not.
    pub(super) fn note_stored(&mut self) {
        self.stored =
            self.unstored.front().map_or(self.accepted, |(first, _)| Revision(first.0 - 1));
    }
}

/// Made only where it is needed: it takes a walk through the whole document.
fn digest(document: &Document) -> Digest {
    Digest(document.digest())
}

fn say_edits(mesh: &mut Mesh, edits: &mut Vec<Bytes>, now: Instant, effects: &mut Vec<Effect>) {
    for update in merged(&std::mem::take(edits)) {
        effects.push(Effect::Publish(mesh.say(RoomSaid::Edits(update), now)));
    }
}
