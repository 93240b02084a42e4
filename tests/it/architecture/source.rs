//! A source file as the rules see it: its path, its text, and the words of its code without comments, strings and tests.

use std::{fs, path::Path};

use super::Breach;

/// What a file is written in, which decides how its first sentence looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    Script,
    Svelte,
    Style,
}

impl Language {
    fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "rs" => Some(Self::Rust),
            "ts" | "js" | "mjs" => Some(Self::Script).filter(|_| !path.ends_with(".d.ts")),
            "svelte" => Some(Self::Svelte),
            "css" => Some(Self::Style),
            _ => None,
        }
    }
}

/// One source file. Its path is relative to the root of the project.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) language: Language,
    words: Vec<Word>,
}

/// A name, a `::`, or any other single character of the code.
struct Word {
    line: usize,
    text: String,
}

impl Source {
    /// `None` for files that aren't sources.
    pub(super) fn new(path: &str, text: &str) -> Option<Self> {
        let language = Language::of(path)?;
        let words = match language {
            Language::Rust => words(production_code(path, text)),
            Language::Script | Language::Svelte | Language::Style => Vec::new(),
        };
        Some(Self { path: path.to_owned(), text: text.to_owned(), language, words })
    }

    /// All sources in a folder and below it. A folder that isn't there has none.
    pub(super) fn read_all(root: &Path, folder: &str) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(root.join(folder)) else { return Vec::new() };
        let mut found = Vec::new();
        for entry in entries.map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            if entry.file_type().unwrap().is_dir() {
                if !["node_modules", "dist", "generated", "target", "test-results"]
                    .contains(&name.as_str())
                {
                    found.extend(Self::read_all(root, &path));
                }
            } else if Language::of(&path).is_some() {
                found.extend(Self::new(&path, &fs::read_to_string(entry.path()).unwrap()));
            }
        }
        found
    }

    pub(super) fn breach(&self, line: usize, what: String) -> Breach {
        Breach { path: self.path.clone(), line, what }
    }

    /// The module directly below the crate that this file belongs to; `None` outside `src/`.
    pub(super) fn top_level_module(&self) -> Option<&str> {
        self.path.strip_prefix("src/")?.split(['/', '.']).next()
    }

    /// The module that this file is, from the crate's root; `None` outside `src/`, and for the root itself.
    pub(super) fn module(&self) -> Option<Vec<String>> {
        let inside = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        let inside = inside.trim_end_matches("/mod");
        let is_root = ["lib", "main"].contains(&inside) || inside.ends_with("tests");
        (!is_root).then(|| inside.split('/').map(str::to_owned).collect())
    }

    /// Each path that the code names, groups taken apart, with the line.
    pub(super) fn paths_seen(&self) -> Vec<(usize, Vec<&str>)> {
        let mut seen = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let begins = self.text_at(at) == "use" || self.begins_path(at);
            let start = at + usize::from(self.text_at(at) == "use");
            at = if begins { self.branches(start, &[], &mut seen).max(at + 1) } else { at + 1 };
        }
        seen
    }

    /// Not where `pub(in …)` says who may see something.
    fn begins_path(&self, at: usize) -> bool {
        let is_path = is_name(self.text_at(at)) && self.text_at(at + 1) == "::";
        is_path && !self.continues_path(at) && self.text_at(at.wrapping_sub(1)) != "in"
    }

    fn continues_path(&self, at: usize) -> bool {
        at > 0 && self.text_at(at - 1) == "::"
    }

    /// Reads a path, or all that a group makes of it, and says where it ends.
    fn branches<'a>(
        &'a self,
        mut at: usize,
        before: &[&'a str],
        seen: &mut Vec<(usize, Vec<&'a str>)>,
    ) -> usize {
        let mut path = before.to_vec();
        while self.text_at(at) == "::" || is_name(self.text_at(at)) {
            if is_name(self.text_at(at)) {
                path.push(self.text_at(at));
                if self.text_at(at + 1) != "::" {
                    break;
                }
            }
            at += 1;
        }
        if self.text_at(at) != "{" || !(self.continues_path(at) || self.text_at(at - 1) == "use") {
            let line = self.words.get(at).map_or(0, |word| word.line);
            seen.push((line, path));
            return at + 1;
        }
        while !["}", ""].contains(&self.text_at(at)) {
            at = self.branches(at + 1, &path, seen);
            // A comma, or what it is called here.
            while !["}", ",", ""].contains(&self.text_at(at)) {
                at += 1;
            }
            at += usize::from(self.text_at(at) == "," && self.text_at(at + 1) == "}");
        }
        at + 1
    }

    /// Each top-level module that the code names by `crate::…` or by `super::…`, with the line.
    pub(super) fn modules_seen(&self) -> Vec<(usize, &str)> {
        let depth = self.depth();
        let mut seen = Vec::new();
        for start in 0..self.words.len() {
            let mut up = match self.text_at(start) {
                "crate" => depth,
                "super" if self.text_at(start.wrapping_sub(1)) != "::" => 1,
                _ => continue,
            };
            let mut at = start + 1;
            while self.text_at(at) == "::" && self.text_at(at + 1) == "super" {
                up += 1;
                at += 2;
            }
            if up == depth && self.text_at(at) == "::" {
                seen.extend(self.names_at(at + 1));
            }
        }
        seen
    }

    /// How many `super` lead from this file's module to the crate's root.
    fn depth(&self) -> usize {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let inside = inside.trim_end_matches("/mod");
        if ["lib", "main"].contains(&inside) { 0 } else { inside.split('/').count() }
    }

    /// The name at this place of a path, or the first names of each branch of a `{…}` group.
    fn names_at(&self, at: usize) -> Vec<(usize, &str)> {
        if self.text_at(at) != "{" {
            return self
                .words
                .get(at)
                .map(|word| (word.line, word.text.as_str()))
                .into_iter()
                .collect();
        }
        let mut names = Vec::new();
        let mut depth = 0;
        for index in at..self.words.len() {
            match self.text_at(index) {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            if depth == 1
                && ["{", ","].contains(&self.text_at(index))
                && self.text_at(index + 1) != "}"
            {
                names.push((self.words[index + 1].line, self.text_at(index + 1)));
            }
        }
        names
    }

    /// The lines on which the code names an outside crate.
    pub(super) fn lines_naming_crate(&self, name: &str) -> Vec<usize> {
        let is_named = |at: &usize| {
            let before = self.text_at(at.wrapping_sub(1));
            let inner =
                before == "." || before == "::" && is_name(self.text_at(at.wrapping_sub(2)));
            let path = self.text_at(at + 1) == "::" || before == "use";
            self.text_at(*at) == name && path && !inner
        };
        (0..self.words.len()).filter(is_named).map(|at| self.words[at].line).collect()
    }

    /// The lines on which the code says these words, one after the other.
    pub(super) fn lines_saying(&self, phrase: &str) -> Vec<usize> {
        let phrase = words(phrase);
        let same = |spoken: &&[Word]| spoken.iter().zip(&phrase).all(|(a, b)| a.text == b.text);
        self.words.windows(phrase.len()).filter(same).map(|spoken| spoken[0].line).collect()
    }

    fn text_at(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.text)
    }
}

/// What runs in production: nothing of a file of tests, and a file up to its `mod tests {`, which comes last.
fn production_code<'a>(path: &str, text: &'a str) -> &'a str {
    if path.ends_with("tests.rs") || path.contains("/tests/") {
        return "";
    }
    text.split_once("#[cfg(test)]\nmod tests {").map_or(text, |(code, _)| code)
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Splits code into words, leaving out comments, strings, characters and blanks.
fn words(code: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = code;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let skip = skipped(rest);
        let sign = if rest.starts_with("::") { 2 } else { first.len_utf8() };
        let length = skip.or_else(|| name(rest)).unwrap_or(sign);
        let (text, after) = rest.split_at(length);
        if skip.is_none() {
            words.push(Word { line, text: text.to_owned() });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    words
}

/// The length of the name at the beginning.
fn name(rest: &str) -> Option<usize> {
    let end = rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len());
    Some(end).filter(|_| is_name(rest))
}

/// The length of the comment, string, character or blank at the beginning.
fn skipped(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    match first {
        '/' if rest.starts_with("//") => Some(rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => Some(rest.find("*/").map_or(rest.len(), |end| end + 2)),
        '\'' => character(rest),
        '"' => Some(string(rest)),
        'r' => raw_string(rest),
        _ => Some(first.len_utf8()).filter(|_| first.is_whitespace()),
    }
}

/// `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    if rest.starts_with("'\\") {
        return rest.get(3..)?.find('\'').map(|end| end + 4);
    }
    let (at, _) = rest.char_indices().nth(2).filter(|(_, third)| *third == '\'')?;
    Some(at + 1)
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    let closes = |(_, next): &(usize, char)| {
        let closing = *next == '"' && !escaped;
        escaped = *next == '\\' && !escaped;
        closing
    };
    rest.char_indices().skip(1).find(closes).map_or(rest.len(), |(at, _)| at + 1)
}

fn raw_string(rest: &str) -> Option<usize> {
    let (hashes, _) = rest.strip_prefix('r')?.split_once('"')?;
    if !hashes.chars().all(|hash| hash == '#') {
        return None;
    }
    let opening = hashes.len() + 2;
    let closing = format!("\"{hashes}");
    Some(rest[opening..].find(&closing).map_or(rest.len(), |end| opening + end + closing.len()))
}
