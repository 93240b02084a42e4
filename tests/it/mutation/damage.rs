//! How bytes are damaged: few changes, most of them lies that name something that is there.

use rand::{Rng, rngs::StdRng};

use super::corpus::History;
use crate::bytes::write_number;

/// Numbers at which something ends, as lib0 spells them.
const EDGES: &[&[u8]] = &[
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x80, 0x80, 0x80, 0x80, 0x04],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x7f],
    &[0x80, 0x01],
];

/// Changes, drops, repeats or exchanges a few bytes of an update.
pub(crate) fn damage(bytes: &[u8], history: &History, random: &mut StdRng) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for _ in 0..[1, 1, 1, 2, 2, 3][random.random_range(0..6)] {
        if damaged.is_empty() {
            break;
        }
        once(&mut damaged, history, random);
    }
    damaged
}

fn once(bytes: &mut Vec<u8>, history: &History, random: &mut StdRng) {
    let at = random.random_range(0..bytes.len());
    let to = (at + random.random_range(1..12)).min(bytes.len());
    match random.random_range(0..16) {
        0 => bytes[at] = random.random(),
        1 => bytes[at] ^= 1 << random.random_range(0..8),
        // Small numbers make the best lies: they name elements that are there.
        2..=4 => bytes[at] = random.random_range(0..12),
        5 => bytes[at] = bytes[at].wrapping_add(1),
        6 => bytes[at] = bytes[at].wrapping_sub(1),
        7 => drop(bytes.remove(at)),
        8 => bytes.insert(at, random.random_range(0..12)),
        9 => drop(bytes.drain(at..to)),
        10 => drop(bytes.splice(at..at, bytes[at..to].to_vec())),
        11 => bytes.truncate(at),
        12 => {
            let edge = EDGES[random.random_range(0..EDGES.len())];
            bytes.splice(at..=at, edge.iter().copied());
        }
        13 | 14 => rename(bytes, history, random),
        _ => {
            let donor = &history.updates[random.random_range(0..history.updates.len())];
            let from = random.random_range(0..donor.len());
            let end = (from + random.random_range(1..12)).min(donor.len());
            bytes.splice(at..at, donor[from..end].iter().copied());
        }
    }
}

/// Puts one client where another stands.
fn rename(bytes: &mut Vec<u8>, history: &History, random: &mut StdRng) {
    let clients = &history.clients;
    let Some(old) = clients.get(random.random_range(0..clients.len().max(1))) else { return };
    let new = &clients[random.random_range(0..clients.len())];
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    if let Some(at) = places.get(random.random_range(0..places.len().max(1))) {
        bytes.splice(*at..*at + old.len(), new.iter().copied());
    }
}

/// The update with its first client's clock as it would be were the client to send it now: what was sent
/// before is new again, and refers to what has changed since.
pub(super) fn again(update: &[u8], end_of: impl Fn(u64) -> u32) -> Option<Vec<u8>> {
    let mut rest = update;
    let (_sections, _structs) = (number(&mut rest)?, number(&mut rest)?);
    let client = number(&mut rest)?;
    let head = update.len() - rest.len();
    number(&mut rest)?;
    let mut bytes = update[..head].to_vec();
    write_number(u64::from(end_of(client)), &mut bytes);
    bytes.extend_from_slice(rest);
    Some(bytes)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let length = bytes.iter().position(|byte| *byte < 0x80)? + 1;
    let (number, rest) = bytes.split_at(length);
    *bytes = rest;
    Some(number.iter().rev().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f)))
}
