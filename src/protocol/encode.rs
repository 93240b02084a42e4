//! Messages to frames: each function gives one whole frame, to be shared by everybody that it goes to.

use bytes::Bytes;

use super::{
    kinds::{RefusedStatus, auth, kind, sync},
    varint,
};

/// The server's own step 1 (W2).
pub fn step1(state_vector: &[u8]) -> Bytes {
    with_payload(&[kind::SYNC, sync::STEP1], state_vector)
}

/// The answer to a step 1.
pub fn step2(update: &[u8]) -> Bytes {
    with_payload(&[kind::SYNC, sync::STEP2], update)
}

/// An update for everybody.
pub fn update(update: &[u8]) -> Bytes {
    with_payload(&[kind::SYNC, sync::UPDATE], update)
}

/// An update with the content of this step 2.
pub(crate) fn as_update(step2: &[u8]) -> Bytes {
    let mut out = step2.to_vec();
    // Both kinds are numbers of one byte.
    if let Some(what) = out.get_mut(1) {
        *what = sync::UPDATE as u8;
    }
    out.into()
}

/// Awareness states, encoded as y-protocols does.
pub fn awareness(states: &[u8]) -> Bytes {
    with_payload(&[kind::AWARENESS], states)
}

/// Asks a client for the awareness that it knows.
pub fn ask_awareness() -> Bytes {
    integers(&[kind::ASK_AWARENESS])
}

/// Says that something was not permitted; stock clients print the reason.
pub fn denied(reason: &str) -> Bytes {
    with_payload(&[kind::AUTH, auth::DENIED], reason.as_bytes())
}

/// Asks for a new ticket before the connection has to end (W11).
pub fn token_wanted(reason: &str) -> Bytes {
    with_payload(&[kind::AUTH, auth::TOKEN_WANTED], reason.as_bytes())
}

/// A client's new ticket (W11); here for tests and tools in Rust.
pub fn token(token: &str) -> Bytes {
    with_payload(&[kind::AUTH, auth::TOKEN], token.as_bytes())
}

/// Says that a new ticket is good for so many seconds.
pub fn token_accepted(seconds: u64) -> Bytes {
    integers(&[kind::AUTH, auth::TOKEN_ACCEPTED, seconds])
}

/// Tells a member the role that it has from now on.
pub fn access(role: &str) -> Bytes {
    with_payload(&[kind::AUTH, auth::ACCESS], role.as_bytes())
}

/// The first `count` step 2 and update messages of this connection are applied and durable (W4).
pub fn stored(count: u64) -> Bytes {
    integers(&[kind::STORED, count])
}

/// The `count`th step 2 or update message of this connection was not applied (W4).
pub fn refused(count: u64, status: RefusedStatus, reason: &str) -> Bytes {
    with_payload(&[kind::REFUSED, count, status as u64], reason.as_bytes())
}

/// The question whether a connection still carries anything, and its answer (W13).
pub fn probe() -> Bytes {
    integers(&[kind::PROBE])
}

/// Awareness was not sent on to the others (W8); the connection stays.
pub fn passed_over(status: RefusedStatus, reason: &str) -> Bytes {
    with_payload(&[kind::PASSED_OVER, status as u64], reason.as_bytes())
}

fn integers(values: &[u64]) -> Bytes {
    let mut out = Vec::with_capacity(values.iter().map(|&value| varint::len(value)).sum());
    for &value in values {
        varint::write(value, &mut out);
    }
    out.into()
}

/// Integers, then the payload behind its length.
fn with_payload(values: &[u64], payload: &[u8]) -> Bytes {
    let length = payload.len() as u64;
    let head = values.iter().map(|&value| varint::len(value)).sum::<usize>() + varint::len(length);
    let mut out = Vec::with_capacity(head + payload.len());
    for &value in values.iter().chain([&length]) {
        varint::write(value, &mut out);
    }
    out.extend_from_slice(payload);
    out.into()
}
