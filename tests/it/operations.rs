//! The operations manual against the program: its settings, its numbers and its error lines are those that are there.
//!
//! With `MOIM_BLESS=1` the settings in `docs/OPERATIONS.md` are written anew. What the numbers and the lines mean is
//! for people to write; that none is missing and none is made up is held here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use clap::{Arg, CommandFactory, Parser};
use moim::config::Config;

const BEGIN: &str = "<!-- settings, generated: MOIM_BLESS=1 cargo test --test it operations -->\n";
const END: &str = "<!-- end of settings -->\n";

#[derive(Parser)]
struct Serve {
    #[command(flatten)]
    _config: Config,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn manual_path() -> PathBuf {
    root().join("docs/OPERATIONS.md")
}

fn manual() -> String {
    fs::read_to_string(manual_path()).unwrap()
}

/// What stands under a heading, up to the next one.
fn section<'a>(manual: &'a str, heading: &str) -> &'a str {
    let (_, rest) = manual.split_once(&format!("\n## {heading}\n")).expect(heading);
    rest.split("\n## ").next().unwrap()
}

/// The cells of the rows of a table, without its head.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = text.lines().filter(|line| line.starts_with("| `"));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

fn bare(cell: &str) -> &str {
    cell.trim_matches('`')
}

/// The settings as a table, in the order of `moim serve --help`.
fn settings() -> String {
    let mut table = String::from("\n| flag | variable | default | meaning |\n|---|---|---|---|\n");
    let command = Serve::command();
    for arg in command.get_arguments().filter(|arg| arg.get_id() != "help") {
        table.push_str(&setting(arg));
    }
    table.push('\n');
    table
}

fn setting(arg: &Arg) -> String {
    let flag = arg.get_long().unwrap();
    let variable = arg.get_env().unwrap().to_str().unwrap();
    let defaults = arg.get_default_values().iter();
    let defaults: Vec<_> = defaults.map(|value| format!("`{}`", value.to_str().unwrap())).collect();
    let help = arg.get_help().unwrap().to_string();
    format!("| `--{flag}` | `{variable}` | {} | {help} |\n", defaults.join(" "))
}

#[test]
fn every_setting_is_in_the_manual_as_the_program_takes_it() {
    let kept = manual();
    let (before, rest) = kept.split_once(BEGIN).expect("where the settings begin");
    let (_, after) = rest.split_once(END).expect("where the settings end");
    let printed = format!("{before}{BEGIN}{}{END}{after}", settings());
    if std::env::var_os("MOIM_BLESS").is_some() {
        fs::write(manual_path(), &printed).unwrap();
        return;
    }
    assert!(kept == printed, "run it with MOIM_BLESS=1, and look at what has changed");
}

/// The sources of the program, without their tests.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push(text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned());
        }
    }
}

/// What stands between the parentheses of each call of this macro.
fn calls(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    sources(&root().join("src"), &mut found);
    let open = format!("{name}!(");
    let calls = found.iter().flat_map(|text| text.split(open.as_str()).skip(1));
    calls.map(|rest| arguments(rest).to_owned()).collect()
}

/// Up to the parenthesis that closes what was opened before the text.
fn arguments(rest: &str) -> &str {
    let (mut depth, mut is_quoted) = (1, false);
    for (at, character) in rest.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[..at];
        }
    }
    panic!("nothing closes {rest}")
}

/// What stands in quotes.
fn quoted(arguments: &str) -> Vec<&str> {
    arguments.split('"').skip(1).step_by(2).collect()
}

/// Each number's kind, and what tells its series apart.
type Numbers = BTreeMap<String, (String, BTreeSet<String>)>;

fn numbers_in_the_sources() -> Numbers {
    let mut numbers = Numbers::new();
    for kind in ["counter", "gauge", "histogram"] {
        for call in calls(&format!("metrics::{kind}")) {
            let texts = quoted(&call);
            let labels = texts.iter().filter(|text| call.contains(&format!("\"{text}\" =>")));
            let number = numbers.entry(texts[0].to_owned()).or_default();
            number.0 = kind.to_owned();
            number.1.extend(labels.map(|label| (*label).to_owned()));
        }
    }
    numbers
}

#[test]
fn every_number_is_in_the_manual_with_its_kind_and_its_labels() {
    let manual = manual();
    let mut told = Numbers::new();
    for row in rows(section(&manual, "Numbers")) {
        let [name, kind, labels, meaning] = row[..] else { panic!("four cells: {row:?}") };
        assert!(!meaning.is_empty(), "{name} means something");
        let labels = labels.split(", ").map(bare).filter(|label| !label.is_empty());
        let number = (kind.to_owned(), labels.map(str::to_owned).collect());
        assert!(told.insert(bare(name).to_owned(), number).is_none(), "{name} is there twice");
    }
    assert_eq!(told, numbers_in_the_sources(), "the manual, and the sources");
}

#[test]
fn every_error_line_is_in_the_manual_with_what_to_do() {
    let calls = calls("tracing::error");
    let said: BTreeSet<_> = calls.iter().map(|call| *quoted(call).last().unwrap()).collect();
    let manual = manual();
    let told: Vec<_> = rows(section(&manual, "Error lines")).collect();
    assert!(told.iter().all(|row| row.len() == 2), "what it says, and what to do: {told:#?}");
    let told: BTreeSet<_> = told.iter().map(|row| bare(row[0])).collect();
    assert_eq!(told, said, "the manual, and the sources");
}
