//! Made-up sources that show that each rule can fail, and that it leaves innocent code alone.

use super::{Breach, Source, circles::circles, crates, first_sentence, layers, length, purity};

/// The lines of a made-up file that break the rule.
fn broken(rule: fn(&Source) -> Vec<Breach>, path: &str, text: &str) -> Vec<usize> {
    let source = Source::new(path, text).unwrap();
    rule(&source).iter().map(|breach| breach.line).collect()
}

/// No line: typed, because crates that are linked in make an empty list ambiguous.
const NOTHING: [usize; 0] = [];

#[test]
fn a_module_that_looks_up_is_a_breach() {
    for text in [
        "use crate::rooms::Handle;",
        "use crate::{ids::DocId, rooms::{self, Handle}};",
        "fn f() { crate::http::router() }",
        "use super::super::rooms::Handle;",
    ] {
        assert_eq!(broken(layers, "src/store/sqlite.rs", text), [1], "{text}");
    }
    assert_eq!(broken(layers, "src/ids.rs", "use super::store::Version;"), [1]);
}

#[test]
fn modules_of_one_layer_do_not_see_each_other() {
    assert_eq!(broken(layers, "src/crdt/guard.rs", "\nuse crate::store::Journal;"), [2]);
    assert_eq!(broken(layers, "src/auth/mod.rs", "use crate::{\n  protocol,\n};"), [2]);
}

#[test]
fn a_module_without_a_layer_is_a_breach() {
    assert_eq!(broken(layers, "src/helper.rs", ""), [1]);
    assert_eq!(broken(layers, "src/rooms/core.rs", "use crate::helper::help;"), [1]);
}

#[test]
fn looking_down_or_at_oneself_is_allowed() {
    let text = "use crate::{ids::DocId, store::{Journal, http}, rooms::core};\nuse super::actor;";
    assert_eq!(broken(layers, "src/rooms/persist.rs", text), NOTHING);
    assert_eq!(broken(layers, "src/store/sqlite/rows.rs", "use super::super::records;"), NOTHING);
    assert_eq!(broken(layers, "src/server.rs", "use crate::{http, rooms, store};"), NOTHING);
    assert_eq!(broken(layers, "src/lib.rs", "pub use crate::server::run;"), NOTHING);
}

#[test]
fn comments_strings_and_tests_do_not_count() {
    let text = r##"//! See crate::rooms.
        /* crate::rooms */ const A: &str = "crate::rooms \" crate::rooms";
        const B: &str = r#"crate::rooms " crate::rooms"#; const C: char = '"'; const D: char = '\'';
        fn f<'a>(_: &'a str) {}
        use crate::rooms;
#[cfg(test)]
mod tests {
    use crate::rooms;
}
"##;
    assert_eq!(broken(layers, "src/store/mod.rs", text), [5]);
    assert_eq!(broken(layers, "src/store/tests.rs", text), NOTHING);
}

#[test]
fn a_crate_outside_its_room_is_a_breach() {
    for text in ["use yrs::Doc;", "fn f(_: &::yrs::Doc) {}", "use {yrs::Doc};", "use yrs as y;"] {
        assert_eq!(broken(crates, "src/rooms/core.rs", text), [1], "{text}");
        assert_eq!(broken(crates, "src/crdt/document.rs", text), NOTHING, "{text}");
    }
    assert_eq!(broken(crates, "src/store/mod.rs", "use rusqlite::Row;"), [1]);
    assert_eq!(
        broken(crates, "src/rooms/core.rs", "use crate::yrs::Doc; fn yrs() { yrs(); }"),
        NOTHING
    );
}

#[test]
fn a_pure_file_that_waits_or_reads_a_clock_is_a_breach() {
    for text in [
        "use tokio::sync::mpsc;",
        "async fn f() { g().await }",
        "fn f() { g().\n await }",
        "fn f() { std::time::Instant::now(); }",
        "fn f() { jiff::Timestamp::now(); }",
    ] {
        assert_eq!(broken(purity, "src/rooms/core.rs", text), [1], "{text}");
        assert_eq!(broken(purity, "src/rooms/actor.rs", text), NOTHING, "{text}");
    }
    assert_eq!(
        broken(purity, "src/protocol/mod.rs", "fn f(now: Instant) { now.elapsed() }"),
        NOTHING
    );
}

#[test]
fn a_file_without_its_first_sentence_is_a_breach() {
    for (path, bad, good) in [
        ("src/a.rs", "use b;\n//! What a does.", "//! What a does."),
        ("src/a.rs", "//! A", "//! What a decides, and\n//! what it doesn't."),
        ("static/src/a.ts", "import b", "// What a does."),
        ("static/src/a.svelte", "<script>", "<!-- What a shows. -->"),
        ("static/src/a.css", "body {}", "/* What a looks like. */"),
    ] {
        assert_eq!(broken(first_sentence, path, bad), [1], "{path}");
        assert_eq!(broken(first_sentence, path, good), NOTHING, "{path}");
    }
}

#[test]
fn a_file_of_601_lines_is_a_breach() {
    assert_eq!(broken(length, "tests/it/a.rs", &"\n".repeat(600)), NOTHING);
    assert_eq!(broken(length, "tests/it/a.rs", &"\n".repeat(601)), [601]);
}

/// What is told of circles in made-up files.
fn circles_in(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<_> =
        files.iter().map(|(path, text)| Source::new(path, text).unwrap()).collect();
    circles(&sources).iter().map(ToString::to_string).collect()
}

#[test]
fn modules_that_import_each_other_are_a_breach() {
    let told = circles_in(&[
        ("src/a/mod.rs", "mod b;\nmod c;\npub use b::{B, Other as Another};"),
        ("src/a/b.rs", "use std::sync::Arc;\nuse super::{\n    c::{self, C},\n};"),
        ("src/a/c.rs", "fn f() { crate::e::E::new(super::B) }"),
        ("src/d.rs", "use crate::{a::{b, c::C}, e};"),
        ("src/f.rs", "use crate::g;"),
        ("src/g.rs", "\nuse crate::{d::D, f::F};"),
        ("src/e.rs", "use std::e::E;\n#[cfg(test)]\nmod tests {\n    use crate::d::D;\n}"),
    ]);
    assert_eq!(
        told,
        [
            "src/a/mod.rs:3: `a` imports itself by way of a::b, a::c, a",
            "src/f.rs:1: `f` imports itself by way of g, f",
        ]
    );
}

#[test]
fn a_parent_that_calls_a_child_which_names_the_parent_is_a_breach() {
    let told = circles_in(&[
        ("src/a/mod.rs", "mod b;\npub struct A;\nfn f() { b::g(&A) }"),
        ("src/a/b.rs", "use super::A;\npub(super) fn g(_: &A) {}"),
    ]);
    assert_eq!(told, ["src/a/mod.rs:3: `a` imports itself by way of a::b, a"]);
}

#[test]
fn what_is_imported_one_way_is_no_circle() {
    let told = circles_in(&[
        ("src/a/mod.rs", "mod b;\nmod c;\npub use self::{b::B, c::C};"),
        ("src/a/b.rs", "use super::c::C;\nuse b::Other;\nimpl B { fn a(self) { C::a() } }"),
        ("src/a/c.rs", "pub(in crate::a) struct C;\nfn b() {}"),
        ("src/d.rs", "use crate::a::{B, C};"),
        ("src/main.rs", "use moim::d;"),
    ]);
    assert_eq!(told, [""; 0]);
}
