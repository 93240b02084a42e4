//! Turns one text into another by the smallest cut, so that what others type beside it meanwhile survives.

use yrs::{GetString, Text, TextRef, TransactionMut};

/// Makes the text read `wanted`. Writes nothing if it does already.
pub(super) fn to(txn: &mut TransactionMut<'_>, text: &TextRef, wanted: &str) {
    let now = text.get_string(txn);
    let cut = if text.len(txn) == units(&now) {
        Cut::between(&now, wanted)
    } else {
        // Something that is no letter stands between: places can't be told by letters.
        Cut { at: 0, removed: text.len(txn), inserted: wanted }
    };
    if cut.removed > 0 {
        text.remove_range(txn, cut.at, cut.removed);
    }
    if !cut.inserted.is_empty() {
        text.insert(txn, cut.at, cut.inserted);
    }
}

/// One replacement, in UTF-16 code units.
#[derive(Debug, PartialEq, Eq)]
struct Cut<'a> {
    at: u32,
    removed: u32,
    inserted: &'a str,
}

impl<'a> Cut<'a> {
    /// What is left between the longest common beginning and the longest common end; whole letters only.
    fn between(now: &str, wanted: &'a str) -> Self {
        let same = |(one, other): &(char, char)| one == other;
        let prefix: usize = now
            .chars()
            .zip(wanted.chars())
            .take_while(same)
            .map(|(letter, _)| letter.len_utf8())
            .sum();
        let (rest, new) = (&now[prefix..], &wanted[prefix..]);
        let suffix: usize = rest
            .chars()
            .rev()
            .zip(new.chars().rev())
            .take_while(same)
            .map(|(letter, _)| letter.len_utf8())
            .sum();
        Self {
            at: units(&now[..prefix]),
            removed: units(&rest[..rest.len() - suffix]),
            inserted: &new[..new.len() - suffix],
        }
    }
}

fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(now: &str, wanted: &str, at: u32, removed: u32, inserted: &str) {
        assert_eq!(Cut::between(now, wanted), Cut { at, removed, inserted }, "{now} -> {wanted}");
    }

    #[test]
    fn only_what_differs_is_cut() {
        check("제주 여행", "제주 가족 여행", 3, 0, "가족 ");
        check("aXb", "ab", 1, 1, "");
        check("aa", "aaa", 2, 0, "a");
        check("", "new", 0, 0, "new");
        check("same", "same", 4, 0, "");
    }

    #[test]
    fn letters_outside_the_basic_plane_stay_whole() {
        check("a😀b", "a😃b", 1, 2, "😃");
        check("😀😀", "😀", 2, 2, "");
    }
}
