//! The root types of a kind of document, by name: the guard, restores and resets go by them, and know no kind.

use yrs::Transaction;

use super::limits::Limits;

/// What a kind of document says of its roots. What others a document has are left alone.
#[derive(Debug)]
pub(super) struct Schema {
    /// Those that are maps.
    pub(super) maps: &'static [&'static str],
    /// Those that are texts, and are always there. One is the title.
    pub(super) texts: &'static [&'static str],
    /// Whether a name that somebody made up is that of a text.
    pub(super) is_made_text: fn(&str) -> bool,
    /// Maps whose entries are put into the trash rather than removed: a peer may be editing them.
    pub(super) with_trash: &'static [&'static str],
    /// Maps whose entries have a limit of their own.
    pub(super) counted: &'static [Counted],
}

/// A map that holds so many entries at most.
#[derive(Debug)]
pub(super) struct Counted {
    /// The root's name, and what the limit is called.
    pub(super) root: &'static str,
    pub(super) limit: fn(&Limits) -> usize,
    /// How many entries count, of those that are there. `None`: all of them.
    pub(super) visible: Option<fn(&Transaction<'_>) -> usize>,
}

impl Schema {
    /// Whether a root of this name is a map.
    pub(super) fn is_map(&self, name: &str) -> bool {
        self.maps.contains(&name)
    }

    /// Whether a root of this name is a text.
    pub(super) fn is_text(&self, name: &str) -> bool {
        self.texts.contains(&name) || (self.is_made_text)(name)
    }

    /// Whether a root of this name is its own: then its texts have a limit.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.is_map(name) || self.is_text(name)
    }

    /// Whether what is taken out of a root of this name goes to the trash.
    pub(super) fn has_trash(&self, name: &str) -> bool {
        self.with_trash.contains(&name)
    }
}

/// The root that every kind of document has for its name.
pub(super) const TITLE: &str = "title";
