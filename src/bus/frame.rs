//! The frames that nodes send each other, as bytes and back. Pure; what is read is borrowed, nothing is counted on.
//!
//! A frame is a version byte, the node (16 bytes), the epoch (8 bytes, little-endian like all numbers), the life
//! and the number (8 bytes each), a byte for the kind, and what that kind says. Fields of variable length have their length before them, in
//! 4 bytes; the last field of a frame goes to its end.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::ids::{DocId, NodeId, UserId};

/// Frames of another version are not read: nodes of both may run while a fleet is renewed.
const VERSION: u8 = 3;
/// No honest frame is longer: a document has at most 5 MB.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// What one node says, and the how manieth thing it says in this life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<T> {
    /// Who.
    pub from: NodeId,
    /// Of the document: what is said in one epoch means nothing in another. 0 where it is about no document.
    pub epoch: u64,
    /// The how manieth room (or hub) of that node it is: numbers begin again with each.
    pub life: u64,
    /// Counts the frames of this life on this topic, from 1.
    pub number: u64,
    /// What.
    pub said: T,
}

/// A checksum of all that a document has, its deletions too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub u32);

/// What is said about one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomSaid {
    /// Edits that are durable, as one update.
    Edits(Bytes),
    /// Awareness of people on the sending node.
    Awareness(Bytes),
    /// The sender may lack something of one node's, or of anybody's. This is what it has.
    Need {
        /// Who is asked; everybody if nobody is named.
        of: Option<NodeId>,
        /// Of the sender's document.
        digest: Digest,
        /// Of the sender's document.
        state_vector: Bytes,
    },
    /// What that node lacked, and who is here.
    Answer {
        /// Who had asked.
        to: NodeId,
        /// Of the sender's document when it was asked.
        digest: Digest,
        /// All awareness of people on the sending node; empty if there is none.
        awareness: Bytes,
        /// Empty if nothing was lacking, or if another node has said the same already.
        update: Bytes,
    },
    /// Nothing new; this is what the sender has.
    Heartbeat(Digest),
    /// The room has ended on the sending node, and its people are gone from there.
    Goodbye,
}

/// What nodes say about themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeSaid {
    /// The node is there.
    Alive,
    /// Who is in some documents now, on the sending node. In place of what was said of these before.
    People(People),
    /// The same of all documents, in so many frames from the next on: whatever was said before is void.
    Recount,
    /// That node is asked for a `Recount`.
    Ask(NodeId),
    /// What this person may do with the document has changed: the store knows how.
    Access(DocId, UserId),
    /// The document has begun anew, or is about to: the store knows.
    BeganAnew(DocId),
    /// The node stops.
    Leaving,
}

/// People in documents, still in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People(Bytes);

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// By a node that speaks otherwise.
    #[error("version {0} of the frames is not known here")]
    Version(u8),
    /// Cut off, too long, or not what it claims to be.
    #[error("not a frame: {0}")]
    Malformed(&'static str),
}

type Read<T> = Result<T, FrameError>;

const CUT_OFF: FrameError = FrameError::Malformed("it ends too early");

/// What the kinds of a topic have in common.
pub trait Said: Sized {
    /// Appends the kind and what it says.
    fn write(&self, out: &mut BytesMut);

    /// Reads what `write` wrote; the bytes end where the frame does.
    fn read(kind: u8, from: Bytes) -> Result<Self, FrameError>;
}

impl<T: Said> Frame<T> {
    /// As bytes.
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(64);
        out.put_u8(VERSION);
        out.put_slice(&self.from.to_bytes());
        out.put_u64_le(self.epoch);
        out.put_u64_le(self.life);
        out.put_u64_le(self.number);
        self.said.write(&mut out);
        out.freeze()
    }

    /// From bytes that may be anything.
    pub fn decode(mut bytes: Bytes) -> Result<Self, FrameError> {
        if bytes.len() > MAX_FRAME_BYTES {
            return Err(FrameError::Malformed("it is too long"));
        }
        let version = byte(&mut bytes)?;
        if version != VERSION {
            return Err(FrameError::Version(version));
        }
        let from = node(&mut bytes)?;
        let epoch = bytes.try_get_u64_le().map_err(|_| CUT_OFF)?;
        let (life, number) = (number(&mut bytes)?, number(&mut bytes)?);
        let kind = byte(&mut bytes)?;
        Ok(Self { from, epoch, life, number, said: T::read(kind, bytes)? })
    }
}

impl Said for RoomSaid {
    fn write(&self, out: &mut BytesMut) {
        match self {
            Self::Edits(update) => last(out, 1, update),
            Self::Awareness(states) => last(out, 2, states),
            Self::Need { of: None, digest, state_vector } => {
                out.put_u8(3);
                out.put_u32_le(digest.0);
                out.put_slice(state_vector);
            }
            Self::Need { of: Some(of), digest, state_vector } => {
                out.put_u8(4);
                out.put_slice(&of.to_bytes());
                out.put_u32_le(digest.0);
                out.put_slice(state_vector);
            }
            Self::Answer { to, digest, awareness, update } => {
                out.put_u8(5);
                out.put_slice(&to.to_bytes());
                out.put_u32_le(digest.0);
                put_field(out, awareness);
                out.put_slice(update);
            }
            Self::Heartbeat(digest) => {
                out.put_u8(6);
                out.put_u32_le(digest.0);
            }
            Self::Goodbye => out.put_u8(7),
        }
    }

    fn read(kind: u8, mut from: Bytes) -> Read<Self> {
        let said = match kind {
            1 => Self::Edits(rest(&mut from)),
            2 => Self::Awareness(rest(&mut from)),
            3 | 4 => Self::Need {
                of: if kind == 4 { Some(node(&mut from)?) } else { None },
                digest: digest(&mut from)?,
                state_vector: rest(&mut from),
            },
            5 => Self::Answer {
                to: node(&mut from)?,
                digest: digest(&mut from)?,
                awareness: field(&mut from)?,
                update: rest(&mut from),
            },
            6 => Self::Heartbeat(digest(&mut from)?),
            7 => Self::Goodbye,
            _ => return Err(FrameError::Malformed("an unknown kind")),
        };
        end(&from, said)
    }
}

impl Said for NodeSaid {
    fn write(&self, out: &mut BytesMut) {
        match self {
            Self::Alive => out.put_u8(1),
            Self::People(people) => last(out, 2, &people.0),
            Self::Recount => out.put_u8(3),
            Self::Ask(of) => last(out, 4, &of.to_bytes()),
            Self::Access(doc, user) => {
                out.put_u8(5);
                out.put_slice(&user.to_bytes());
                out.put_slice(doc.to_string().as_bytes());
            }
            Self::Leaving => out.put_u8(6),
            Self::BeganAnew(doc) => last(out, 7, doc.to_string().as_bytes()),
        }
    }

    fn read(kind: u8, mut from: Bytes) -> Read<Self> {
        let said = match kind {
            1 => Self::Alive,
            2 => Self::People(People::read(rest(&mut from))?),
            3 => Self::Recount,
            4 => Self::Ask(node(&mut from)?),
            5 => {
                let user = UserId::from_bytes(array(&mut from)?);
                Self::Access(document(&rest(&mut from))?, user)
            }
            6 => Self::Leaving,
            7 => Self::BeganAnew(document(&rest(&mut from))?),
            _ => return Err(FrameError::Malformed("an unknown kind")),
        };
        end(&from, said)
    }
}

impl People {
    /// Adds who is in a document: nobody, perhaps.
    pub fn and(self, doc: DocId, users: impl ExactSizeIterator<Item = UserId>) -> Self {
        let mut out = BytesMut::from(self.0);
        put_field(&mut out, doc.to_string().as_bytes());
        let count = users.len().min(u32::MAX as usize);
        out.put_u32_le(u32::try_from(count).unwrap_or(u32::MAX));
        users.take(count).for_each(|user| out.put_slice(&user.to_bytes()));
        Self(out.freeze())
    }

    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Each document, and who is in it.
    pub fn documents(&self) -> impl Iterator<Item = (DocId, Vec<UserId>)> {
        let mut left = self.0.clone();
        std::iter::from_fn(move || read_people(&mut left).ok().flatten())
    }

    fn read(bytes: Bytes) -> Read<Self> {
        let mut left = bytes.clone();
        while read_people(&mut left)?.is_some() {}
        Ok(Self(bytes))
    }
}

fn read_people(from: &mut Bytes) -> Read<Option<(DocId, Vec<UserId>)>> {
    if from.is_empty() {
        return Ok(None);
    }
    let doc = document(&field(from)?)?;
    let count = from.try_get_u32_le().map_err(|_| CUT_OFF)? as usize;
    // What is counted must be there before room is made for it.
    let bytes = count.checked_mul(16).filter(|bytes| *bytes <= from.len()).ok_or(CUT_OFF)?;
    let mut users = from.split_to(bytes);
    let mut all = Vec::with_capacity(count);
    while !users.is_empty() {
        all.push(UserId::from_bytes(array(&mut users)?));
    }
    Ok(Some((doc, all)))
}

fn last(out: &mut BytesMut, kind: u8, field: &[u8]) {
    out.put_u8(kind);
    out.put_slice(field);
}

fn put_field(out: &mut BytesMut, field: &[u8]) {
    out.put_u32_le(u32::try_from(field.len()).unwrap_or(u32::MAX));
    out.put_slice(field);
}

fn byte(from: &mut Bytes) -> Read<u8> {
    from.try_get_u8().map_err(|_| CUT_OFF)
}

fn number(from: &mut Bytes) -> Read<u64> {
    from.try_get_u64_le().map_err(|_| CUT_OFF)
}

fn digest(from: &mut Bytes) -> Read<Digest> {
    from.try_get_u32_le().map(Digest).map_err(|_| CUT_OFF)
}

fn array(from: &mut Bytes) -> Read<[u8; 16]> {
    let mut bytes = [0; 16];
    from.try_copy_to_slice(&mut bytes).map_err(|_| CUT_OFF)?;
    Ok(bytes)
}

fn node(from: &mut Bytes) -> Read<NodeId> {
    array(from).map(NodeId::from_bytes)
}

fn document(name: &[u8]) -> Read<DocId> {
    let name = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
    name.ok_or(FrameError::Malformed("no document's name"))
}

fn field(from: &mut Bytes) -> Read<Bytes> {
    let length = from.try_get_u32_le().map_err(|_| CUT_OFF)? as usize;
    if length > from.len() { Err(CUT_OFF) } else { Ok(from.split_to(length)) }
}

fn rest(from: &mut Bytes) -> Bytes {
    std::mem::take(from)
}

fn end<T>(left: &Bytes, said: T) -> Read<T> {
    if left.is_empty() { Ok(said) } else { Err(FrameError::Malformed("something follows its end")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ids::DocKind;

    fn node_id() -> impl Strategy<Value = NodeId> {
        any::<[u8; 16]>().prop_map(NodeId::from_bytes)
    }

    fn bytes() -> impl Strategy<Value = Bytes> {
        any::<Vec<u8>>().prop_map(Bytes::from)
    }

    fn digest() -> impl Strategy<Value = Digest> {
        any::<u32>().prop_map(Digest)
    }

    fn room_said() -> impl Strategy<Value = RoomSaid> {
        prop_oneof![
            bytes().prop_map(RoomSaid::Edits),
            bytes().prop_map(RoomSaid::Awareness),
            (proptest::option::of(node_id()), digest(), bytes())
                .prop_map(|(of, digest, state_vector)| RoomSaid::Need { of, digest, state_vector }),
            (node_id(), digest(), bytes(), bytes()).prop_map(|(to, digest, awareness, update)| {
                RoomSaid::Answer { to, digest, awareness, update }
            }),
            digest().prop_map(RoomSaid::Heartbeat),
            Just(RoomSaid::Goodbye),
        ]
    }

    fn people(counts: &[usize]) -> People {
        counts.iter().fold(People::default(), |people, count| {
            let users: Vec<_> = (0..*count).map(|_| UserId::new()).collect();
            people.and(DocId::new(DocKind::Trip), users.into_iter())
        })
    }

    fn node_said() -> impl Strategy<Value = NodeSaid> {
        prop_oneof![
            Just(NodeSaid::Alive),
            proptest::collection::vec(0usize..4, 0..4)
                .prop_map(|counts| NodeSaid::People(people(&counts))),
            Just(NodeSaid::Recount),
            node_id().prop_map(NodeSaid::Ask),
            Just(()).prop_map(|()| NodeSaid::Access(DocId::new(DocKind::Trip), UserId::new())),
            Just(()).prop_map(|()| NodeSaid::BeganAnew(DocId::new(DocKind::Trip))),
            Just(NodeSaid::Leaving),
        ]
    }

    fn check<T: Said + PartialEq + std::fmt::Debug>(from: NodeId, said: T) {
        let frame = Frame { from, epoch: 3, life: 7, number: u64::MAX, said };
        let bytes = frame.encode();
        for end in 0..bytes.len() {
            // Fields that go to the end can be cut; nothing may panic, and nothing may grow.
            if let Ok(cut) = Frame::<T>::decode(bytes.slice(..end)) {
                assert!(cut.encode().len() <= end);
            }
        }
        assert_eq!(Frame::decode(bytes), Ok(frame));
    }

    proptest! {
        #[test]
        fn frames_of_rooms_survive_the_wire(from in node_id(), said in room_said()) {
            check(from, said);
        }

        #[test]
        fn frames_of_nodes_survive_the_wire(from in node_id(), said in node_said()) {
            check(from, said);
        }

        #[test]
        fn anything_is_read_without_a_panic(mut bytes in any::<Vec<u8>>(), kind in 0u8..9) {
            let _ = Frame::<RoomSaid>::decode(bytes.clone().into());
            // Past the header, too.
            let mut header = vec![VERSION];
            header.extend([0; 40]);
            header.push(kind);
            header.append(&mut bytes);
            let _ = Frame::<RoomSaid>::decode(header.clone().into());
            let _ = Frame::<NodeSaid>::decode(header.into());
        }
    }

    #[test]
    fn people_are_read_as_they_were_written() {
        let (doc, users) = (DocId::new(DocKind::Trip), [UserId::new(), UserId::new()]);
        let other = DocId::new(DocKind::Trip);
        let people = People::default().and(doc, users.into_iter()).and(other, [].into_iter());
        let read: Vec<_> = people.documents().collect();
        assert_eq!(read, [(doc, users.to_vec()), (other, vec![])]);
    }

    #[test]
    fn a_count_is_not_believed() {
        let mut bytes = BytesMut::new();
        put_field(&mut bytes, DocId::new(DocKind::Trip).to_string().as_bytes());
        bytes.put_u32_le(u32::MAX);
        assert_eq!(People::read(bytes.freeze()), Err(CUT_OFF));
    }

    #[test]
    fn another_version_is_told_apart_from_rubbish() {
        let (from, said) = (NodeId::new(), RoomSaid::Goodbye);
        let mut bytes = Frame { from, epoch: 1, life: 1, number: 1, said }.encode().to_vec();
        bytes[0] = 9;
        assert_eq!(Frame::<RoomSaid>::decode(bytes.into()), Err(FrameError::Version(9)));
    }
}
