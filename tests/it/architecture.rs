//! The conventions that matter, held against the sources: layers, crates in their rooms, purity, first sentences, length.

use std::{fmt, path::Path};

use source::{Language, Source};

mod circles;
mod made_up;
mod source;

/// The top-level modules from the bottom up. A module sees itself and the layers below its own; modules of
/// one layer don't see each other.
const LAYERS: &[&[&str]] = &[
    &["text"],
    &["ids", "language", "summary", "fields", "origin", "address", "bucket", "quota", "mail"],
    &["config"],
    &["telemetry"],
    &["protocol", "crdt", "store", "bus", "auth"],
    &["redis", "documents", "access"],
    &["rooms", "accounts", "notify", "upkeep"],
    &["plans"],
    &["connection"],
    &["events"],
    &["http"],
    &["server", "users"],
    &["lib", "main", "signals"],
];

/// Where an outside crate may be named: nowhere but in files whose path begins like this.
const CRATES: &[(&str, &[&str])] = &[
    ("yrs", &["src/crdt/"]),
    ("hashbrown", &["src/crdt/guard/fresh.rs"]),
    ("rusqlite", &["src/store/sqlite/"]),
    ("fred", &["src/redis/"]),
    ("mongodb", &["src/store/mongo/"]),
    ("jsonwebtoken", &["src/auth/tokens.rs"]),
    ("argon2", &["src/auth/passwords.rs"]),
    ("axum", &["src/http/", "src/connection/", "src/events/", "src/server.rs"]),
    ("tokio_tungstenite", &["src/connection/handshake.rs", "src/connection/websocket.rs"]),
    ("tower_http", &["src/http/"]),
    ("utoipa_axum", &["src/http/"]),
    ("utoipa_swagger_ui", &["src/http/openapi.rs"]),
    (
        "hyper",
        &[
            "src/http/accept.rs",
            "src/http/answers.rs",
            "src/http/probe.rs",
            "src/connection/handshake.rs",
            "src/connection/websocket.rs",
        ],
    ),
    ("hyper_util", &["src/http/accept.rs", "src/http/probe.rs", "src/connection/websocket.rs"]),
    ("unicode_segmentation", &["src/text.rs"]),
    ("unicode_normalization", &["src/auth/passwords.rs", "src/mail.rs"]),
    ("idna", &["src/mail.rs"]),
    ("governor", &["src/http/limits.rs"]),
    ("rust_embed", &["src/http/assets.rs"]),
    ("clap", &["src/config.rs", "src/upkeep/commands.rs", "src/users.rs", "src/main.rs"]),
    ("url", &["src/origin.rs"]),
    (
        "rustix",
        &[
            "src/http/listen.rs",
            "src/upkeep/access.rs",
            "src/upkeep/holder.rs",
            "src/http/files.rs",
            "src/documents/trial.rs",
        ],
    ),
    ("tracing_subscriber", &["src/telemetry.rs"]),
    ("metrics_exporter_prometheus", &["src/telemetry.rs", "src/http/"]),
    ("anyhow", &["src/main.rs"]),
    ("tikv_jemallocator", &["src/main.rs"]),
];

/// Files that decide and nothing else: they wait for nothing and read no clock.
const PURE: &[&str] = &[
    "src/bucket.rs",
    "src/fields.rs",
    "src/language.rs",
    "src/origin.rs",
    "src/quota.rs",
    "src/text.rs",
    "src/mail.rs",
    "src/summary.rs",
    "src/auth/permits.rs",
    "src/bus/frame.rs",
    "src/auth/tokens.rs",
    "src/accounts/fields.rs",
    "src/plans/rules.rs",
    "src/protocol/",
    "src/crdt/",
    "src/rooms/core",
    "src/rooms/fleet/nodes.rs",
    "src/upkeep/diagnosis",
    "src/redis/layout.rs",
    "src/connection/admission.rs",
    "src/connection/session.rs",
    "src/events/frames.rs",
    "src/events/session.rs",
    "src/notify/bursts.rs",
    "src/notify/page.rs",
    "src/notify/rules.rs",
    "src/store/mongo/members.rs",
    "src/store/mongo/packing.rs",
];

/// What pure files don't say.
const IMPURE: &[&str] = &[
    "tokio",
    ".await",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "std::fs",
    "std::net",
    "std::thread",
];

const LONGEST_FILE: usize = 600;

/// The folders that are read, with all that is below them.
const FOLDERS: &[&str] =
    &["src", "tests", "benches", "examples", "fuzz", "static/src", "static/e2e"];

/// A rule that one place in the sources breaks.
#[derive(Debug, PartialEq, Eq)]
struct Breach {
    path: String,
    line: usize,
    what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Modules import downwards only.
fn layers(source: &Source) -> Vec<Breach> {
    let Some(own) = source.top_level_module() else { return Vec::new() };
    let Some(own_layer) = layer(own) else {
        return vec![source.breach(1, format!("`{own}` is in no layer: give it one in LAYERS"))];
    };
    let may_see = |name: &str| name == own || layer(name).is_some_and(|other| other < own_layer);
    source
        .modules_seen()
        .into_iter()
        .filter(|(_, name)| own_layer + 1 < LAYERS.len() && !may_see(name))
        .map(|(line, name)| source.breach(line, format!("`{own}` may not see `{name}`")))
        .collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// Outside crates stay in their rooms.
fn crates(source: &Source) -> Vec<Breach> {
    let outside = |(_, rooms): &&(&str, &[&str])| {
        source.path.starts_with("src/") && !rooms.iter().any(|room| source.path.starts_with(room))
    };
    CRATES
        .iter()
        .filter(outside)
        .flat_map(|(name, rooms)| {
            let what = format!("`{name}` may only be named in {}", rooms.join(", "));
            source.lines_naming_crate(name).into_iter().map(move |line| (line, what.clone()))
        })
        .map(|(line, what)| source.breach(line, what))
        .collect()
}

/// Pure files neither wait nor look at a clock.
fn purity(source: &Source) -> Vec<Breach> {
    if !PURE.iter().any(|path| source.path.starts_with(path)) {
        return Vec::new();
    }
    IMPURE
        .iter()
        .flat_map(|words| source.lines_saying(words).into_iter().map(move |line| (line, words)))
        .map(|(line, words)| source.breach(line, format!("a pure file says `{words}`")))
        .collect()
}

/// The first line of each file is a sentence that says what lives there.
fn first_sentence(source: &Source) -> Vec<Breach> {
    let opening = match source.language {
        Language::Rust => "//! ",
        Language::Script => "// ",
        Language::Svelte => "<!-- ",
        Language::Style => "/* ",
    };
    let first = source.text.lines().next().and_then(|line| line.strip_prefix(opening));
    if first.is_some_and(|words| words.split_whitespace().count() >= 3) {
        return Vec::new();
    }
    vec![source.breach(1, format!("the first line is no `{opening}` sentence on what lives here"))]
}

/// Files stay short enough to be read at once.
fn length(source: &Source) -> Vec<Breach> {
    let lines = source.text.lines().count();
    if lines <= LONGEST_FILE {
        return Vec::new();
    }
    vec![source.breach(lines, format!("{lines} lines, {LONGEST_FILE} at most: split it"))]
}

/// Every file of the project that a rule is about.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    FOLDERS.iter().flat_map(|folder| Source::read_all(root, folder)).collect()
}

/// Holds one rule against every file of the project.
fn check(rule: fn(&Source) -> Vec<Breach>) {
    let breaches: Vec<String> =
        sources().iter().flat_map(rule).map(|breach| breach.to_string()).collect();
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

/// A rule about what was renamed or removed would hold for ever and guard nothing.
#[test]
fn every_rule_is_about_something_that_is_there() {
    let sources = sources();
    for module in LAYERS.iter().copied().flatten() {
        let is_there = sources.iter().any(|source| source.top_level_module() == Some(module));
        assert!(is_there, "there is no module `{module}`");
    }
    for (name, rooms) in CRATES {
        for room in *rooms {
            let in_room = sources.iter().filter(|source| source.path.starts_with(room));
            let mut lines = in_room.flat_map(|source| source.lines_naming_crate(name));
            assert!(lines.next().is_some(), "`{name}` isn't named in {room}");
        }
    }
    for path in PURE {
        let is_there = sources.iter().any(|source| source.path.starts_with(path));
        assert!(is_there, "there is no file {path}");
    }
}

#[test]
fn modules_import_downwards_only() {
    check(layers);
}

#[test]
fn no_module_imports_itself_by_way_of_others() {
    let breaches: Vec<_> = circles::circles(&sources()).iter().map(ToString::to_string).collect();
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    check(crates);
}

#[test]
fn pure_files_neither_wait_nor_read_a_clock() {
    check(purity);
}

#[test]
fn every_file_opens_with_a_sentence_on_what_lives_there() {
    check(first_sentence);
}

#[test]
fn no_file_is_longer_than_can_be_read() {
    check(length);
}
