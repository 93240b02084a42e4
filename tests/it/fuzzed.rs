//! The fuzz targets over their corpus: what was interesting once holds on.

use std::{fs, path::Path};

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is a crate of its own for the fuzz targets")]
mod checks;

pub(crate) use checks::serves;

/// Holds one target against each file of its corpus.
fn check(target: &str, holds: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut count = 0;
    for path in files {
        let bytes = fs::read(&path).unwrap();
        let held = std::panic::catch_unwind(|| holds(&bytes));
        assert!(held.is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 10, "{target} has a corpus of {count} files");
}

#[test]
fn every_frame_of_the_corpus_is_read_or_refused() {
    check("decode_frame", checks::decode_frame);
}

#[test]
fn every_frame_between_nodes_of_the_corpus_is_read_or_refused() {
    check("decode_bus_frame", checks::decode_bus_frame);
}

#[test]
fn every_conversation_of_the_corpus_leaves_a_document_that_serves() {
    check("guard_then_apply", checks::guard_then_apply);
}

#[test]
fn every_awareness_of_the_corpus_is_told_as_others_can_read_it() {
    check("decode_awareness", checks::decode_awareness);
}
