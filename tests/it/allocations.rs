//! How much memory parsing and refusing takes: at most sixteen times the bytes that came, and a little.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use bytes::Bytes;
use moim::{
    crdt::{Awareness, Document, Limits, Presence},
    ids::DocKind,
    protocol,
};
use peak_alloc::PeakAlloc;
use rand::{SeedableRng, rngs::StdRng};

use crate::{
    bytes::write_number,
    hostile,
    mutation::{corpus, damage},
};

#[global_allocator]
pub(crate) static MEMORY: PeakAlloc = PeakAlloc;

/// So many bytes may be taken for each that came.
const TIMES: usize = 16;
/// And so many beside, for what is small and doesn't grow.
const BESIDE: usize = 4 << 10;

const CHILD: &str = "allocations::a_child_of_one_thread_measures";

/// What was taken while something was done, at the most.
pub(crate) fn peak_of<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let done = work();
    (MEMORY.peak_usage().saturating_sub(before), done)
}

#[track_caller]
#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
fn check(what: &str, bytes: usize, peak: usize) {
    let most = TIMES * bytes + BESIDE;
    if bytes >= 100_000 {
        eprintln!("{what}: {:.1} times its bytes", peak as f64 / bytes as f64);
    }
    assert!(peak <= most, "{what}: {peak} bytes for {bytes}");
}

/// An update of so many bytes, made of `section`s with the number of each, with one at the end that builds on
/// what nobody has: it is read in full and then refused.
fn refused_late(length: usize, section: impl Fn(u64, &mut Vec<u8>)) -> Vec<u8> {
    let (mut sections, mut count) = (vec![], 0);
    while sections.len() < length {
        section(count, &mut sections);
        count += 1;
    }
    let mut update = vec![];
    write_number(count + 1, &mut update);
    update.extend(sections);
    // One deleted element of client 2^40 after one of client 2^41.
    update.extend([1]);
    [1 << 40, 0].iter().for_each(|number| write_number(*number, &mut update));
    update.push(0x81);
    [1 << 41, 0, 1, 0].iter().for_each(|number| write_number(*number, &mut update));
    update
}

/// A section of one client with so many structs.
fn section(client: u64, structs: u64, one: impl Fn(u64, &mut Vec<u8>), out: &mut Vec<u8>) {
    [structs, client, 0].iter().for_each(|number| write_number(*number, out));
    (0..structs).for_each(|at| one(at, out));
}

/// A text of two or three bytes, another for each number.
fn name(number: u64, out: &mut Vec<u8>) {
    let letter = char::from_u32(0x80 + u32::try_from(number % 0x5000).unwrap()).unwrap();
    let text = letter.to_string();
    write_number(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Updates that take the most room for their length, by kind.
fn dense(length: usize) -> Vec<(&'static str, Vec<u8>)> {
    let structs = length as u64 / 8;
    let of = |one: &dyn Fn(u64, &mut Vec<u8>)| {
        refused_late(length, |client, out| section(client, structs, one, out))
    };
    vec![
        ("what is gone", of(&gone)),
        ("what is deleted", of(&|at, out| after_first(at, &[1, 1], out))),
        ("types", of(&|at, out| after_first(at, &[7, 1], out))),
        ("letters", of(&|at, out| after_first(at, &[4, 1, b'x'], out))),
        ("formats", of(&|at, out| after_first(at, &[6, 0, 0], out))),
        ("values", of(&|at, out| after_first(at, &[8, 1, 126], out))),
        ("types in types", of(&type_in_a_type)),
        ("roots", of(&|at, out| in_root(&[1, 1], at, &[1], out))),
        ("keys", of(&|at, out| in_root(b"\x28\x01\x01k", at, &[1, 126], out))),
        ("cards", of(&|at, out| in_root(b"\x28\x01\x05cards", at, &[1, 126], out))),
        ("clients", refused_late(length, |client, out| section(client, 1, gone, out))),
        ("clients that wait for each other", refused_late(length, one_that_waits)),
        ("deletions", deletions(length as u64, 1_000)),
        ("clients with deletions", deletions(length as u64, 1)),
    ]
}

fn gone(_: u64, out: &mut Vec<u8>) {
    out.extend([0, 1]);
}

/// A deleted element in the root `r`, then others of this kind and content, each after the first of client 0.
fn after_first(at: u64, content: &[u8], out: &mut Vec<u8>) {
    if at == 0 {
        out.extend([0x01, 1, 1, b'r', 1]);
    } else {
        out.extend([0x80 | content[0], 0, 0]);
        out.extend_from_slice(&content[1..]);
    }
}

/// A list in the root `r`, then seven lists in each eighth.
fn type_in_a_type(at: u64, out: &mut Vec<u8>) {
    if at == 0 {
        out.extend([0x07, 1, 1, b'r', 0]);
    } else {
        out.extend([0x07, 0, 0]);
        write_number((at - 1) / 8 * 8, out);
        out.push(0);
    }
}

/// Something with a fresh name for its root or its key.
fn in_root(before: &[u8], at: u64, after: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    name(at, out);
    out.extend_from_slice(after);
}

fn one_that_waits(client: u64, out: &mut Vec<u8>) {
    let after_next = |_: u64, out: &mut Vec<u8>| {
        out.push(0x81);
        [client + 1, 0, 1].iter().for_each(|number| write_number(*number, out));
    };
    section(client, 1, after_next, out);
}

fn deletions(length: u64, ranges: u64) -> Vec<u8> {
    let mut update = vec![0];
    let clients = (length / (2 * ranges + 3)).max(1);
    write_number(clients, &mut update);
    for client in 0..clients {
        [client, ranges].iter().for_each(|number| write_number(*number, &mut update));
        (0..ranges).for_each(|_| update.extend([0, 1]));
    }
    update
}

#[test]
fn refusing_takes_little_more_memory_than_what_is_refused() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .stdout(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{said}");
    assert!(said.contains("updates were accepted"), "it measured nothing: {said}");
}

/// Nothing else may allocate meanwhile, so it has a process of its own.
#[test]
#[ignore = "is started by the test above, in a process of its own"]
fn a_child_of_one_thread_measures() {
    // What is made once, at the first use.
    let _ = Document::new(DocKind::Trip, Limits::default()).apply(&[0, 0]);
    for length in [100, 1_000, 10_000, 100_000, 250_000] {
        dense_updates_are_refused_in_little_memory(length);
        small_payloads_are_read_in_little_memory(length);
    }
    hostile_payloads_are_refused_in_little_memory();
    damaged_updates_are_refused_in_little_memory();
}

fn dense_updates_are_refused_in_little_memory(length: usize) {
    for (what, update) in dense(length) {
        let mut document = Document::new(DocKind::Trip, Limits::default());
        let (peak, answer) = peak_of(|| document.apply(&update));
        assert!(answer.is_err(), "{what} of {length} bytes were accepted");
        check(what, update.len(), peak);
        let (peak, _) = peak_of(|| document.adds_nothing(&update));
        check(what, update.len(), peak);
    }
}

fn small_payloads_are_read_in_little_memory(length: usize) {
    let document = Document::new(DocKind::Trip, Limits::default());
    let clients = length as u64 / 4;
    let mut vector = vec![];
    write_number(clients, &mut vector);
    (0..clients).for_each(|client| [client, 1].iter().for_each(|n| write_number(*n, &mut vector)));
    let (peak, answer) = peak_of(|| document.encode_diff(&vector).map(drop));
    assert_eq!(answer, Ok(()));
    check("a state vector", vector.len(), peak);

    for json in ["{}", "null", "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7}", "{"] {
        let mut awareness = Awareness::default();
        let count = length as u64 / (json.len() as u64 + 4);
        let mut states = vec![];
        write_number(count, &mut states);
        for client in 0..count {
            let bytes = json.len() as u64;
            [client, 1, bytes].iter().for_each(|number| write_number(*number, &mut states));
            states.extend_from_slice(json.as_bytes());
        }
        let (peak, _) = peak_of(|| awareness.set(1, &mina(), &states, Instant::now()).map(drop));
        check("awareness", states.len(), peak);
    }

    for message in [&[3][..], &[0, 2, 0], &[1, 0], &[2, 2, 1, b'x'], &[9]] {
        let frame = Bytes::from(message.repeat(length / message.len()));
        let bytes = frame.len();
        let (peak, _) = peak_of(|| protocol::messages(frame).for_each(drop));
        check("a frame", bytes, peak);
    }
}

fn hostile_payloads_are_refused_in_little_memory() {
    for (kind, what, bytes) in hostile::payloads() {
        let mut document = Document::new(DocKind::Trip, Limits::default());
        let (peak, refused) = peak_of(|| match kind.as_str() {
            "update" => document.apply(&bytes).is_err(),
            "state-vector" => document.encode_diff(&bytes).is_err(),
            _ => Awareness::default().set(1, &mina(), &bytes, Instant::now()).is_err(),
        });
        assert!(refused, "{what}");
        check(&what, bytes.len(), peak);
    }
}

#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
fn damaged_updates_are_refused_in_little_memory() {
    let random = &mut StdRng::seed_from_u64(1);
    let (mut accepted, mut bytes, mut peaks, mut kept, mut worst) = (0, 0, 0, 0, 0.0_f64);
    for history in corpus::RECORDED.iter() {
        let mut document = Document::new(DocKind::Trip, Limits::default());
        for update in &history.updates {
            for _ in 0..20 {
                let damaged = damage::damage(update, history, random);
                let (peak, answer) = peak_of(|| document.apply(&damaged));
                if answer.is_err() {
                    check("a damaged update", damaged.len(), peak);
                }
            }
            let before = MEMORY.current_usage();
            let (peak, answer) = peak_of(|| document.apply(update));
            if answer.is_ok() {
                accepted += 1;
                bytes += update.len();
                peaks += peak;
                kept += MEMORY.current_usage().saturating_sub(before);
                worst = worst.max(peak as f64 / update.len() as f64);
            }
        }
    }
    let mean = |sum: usize| sum as f64 / bytes as f64;
    eprintln!(
        "{accepted} updates were accepted, of {bytes} bytes: at the most {:.1} times their bytes \
         were taken, {worst:.0} times for one; {:.1} times stay",
        mean(peaks),
        mean(kept),
    );
}

fn mina() -> Presence {
    Presence {
        id: "01JABCDEFGHJKMNPQRSTVWXYZ0".parse().unwrap(),
        name: "Mina".to_owned(),
        color: "#112233".to_owned(),
    }
}
