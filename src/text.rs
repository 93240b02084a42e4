//! What people see of a text: how long it is, what of it is invisible, and where it may be cut.
//!
//! A *character* is what a person takes for one (an extended grapheme cluster of Unicode's annex 29): a family of emoji is one.
//! The client counts and strips alike; `tests/golden/texts.json` holds both to it.

use unicode_segmentation::UnicodeSegmentation;

/// The most bytes of a text for each character that it may have: the longest emoji have 35.
pub const BYTES_PER_CHARACTER: usize = 36;

/// How many characters people see.
pub fn length(text: &str) -> usize {
    text.graphemes(true).count()
}

/// The first so many characters, none of them in half; and of no more bytes than as many may have.
pub fn cut(text: &str, most: usize) -> &str {
    let bytes = most.saturating_mul(BYTES_PER_CHARACTER);
    let characters = text.grapheme_indices(true).take(most);
    let end =
        characters.map(|(at, character)| at + character.len()).take_while(|end| *end <= bytes);
    &text[..end.last().unwrap_or(0)]
}

/// The text without what nobody sees at its ends, and without the marks of the reading direction that phones put around
/// a name that is pasted. Empty if there is nothing to be seen.
pub fn visible(text: &str) -> String {
    let mut text: String = text.chars().filter(|c| !is_direction_mark(*c)).collect();
    let begin = text.graphemes(true).take_while(|character| is_blank(character));
    let blank: usize = begin.map(str::len).sum();
    text.drain(..blank);
    while let Some(character) = text.graphemes(true).next_back() {
        let last = character.chars().next_back();
        if last.is_some_and(is_invisible) && (is_blank(character) || !belongs(last, character)) {
            text.pop();
        } else {
            break;
        }
    }
    text
}

/// Whether nobody sees anything of it.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// Whether a character of this code point alone leaves no ink: white space, controls, what Unicode calls ignorable by
/// default (fillers, joiners, selectors, tags, …), and those that are drawn empty.
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_ignorable(c)
        || matches!(c, '\u{2800}' | '\u{fff9}'..='\u{fffb}' | '\u{16fe4}' | '\u{1d159}')
}

/// Unicode's property `Default_Ignorable_Code_Point`.
fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// What turns the reading direction: isolates, marks, embeddings. The override to the left is none of these: it makes a
/// text show as another.
fn is_direction_mark(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202d}' | '\u{2066}'..='\u{206f}'
    )
}

/// Whether an invisible code point at the end of a visible character says how that looks: a selector does, and the tags
/// of a flag.
fn belongs(last: Option<char>, character: &str) -> bool {
    match last {
        Some(
            '\u{180b}'..='\u{180d}'
            | '\u{180f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{e0100}'..='\u{e01ef}',
        ) => true,
        Some('\u{e0020}'..='\u{e007f}') => character.starts_with('\u{1f3f4}'),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// What the client is held to as well.
    #[derive(Deserialize)]
    struct Golden {
        lengths: Vec<(String, usize)>,
        cuts: Vec<(String, usize, String)>,
        visible: Vec<(String, String)>,
        invisible: Vec<(u32, u32)>,
    }

    fn golden() -> Golden {
        serde_json::from_str(include_str!("../tests/golden/texts.json")).unwrap()
    }

    #[test]
    fn a_character_is_what_people_take_for_one() {
        for (text, characters) in golden().lengths {
            assert_eq!(length(&text), characters, "{text}");
        }
    }

    #[test]
    fn a_cut_leaves_no_character_in_half() {
        for (text, most, rest) in golden().cuts {
            assert_eq!(cut(&text, most), rest, "{text} {most}");
        }
    }

    #[test]
    fn what_nobody_sees_is_taken_off_the_ends() {
        for (text, rest) in golden().visible {
            assert_eq!(visible(&text), rest, "{text:?}");
            assert_eq!(visible(&rest), rest, "{rest:?} again");
            assert_eq!(is_blank(&text), rest.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn each_code_point_is_visible_or_not_as_the_client_says() {
        let ranges = golden().invisible;
        for point in (0..=0x0010_ffff).filter_map(char::from_u32) {
            let code = u32::from(point);
            let expected = ranges.iter().any(|(first, last)| (*first..=*last).contains(&code));
            assert_eq!(is_invisible(point), expected, "U+{code:04x}");
        }
    }

    #[test]
    fn the_longest_emoji_fits_the_bytes_of_a_character() {
        assert!("👩🏽‍❤️‍💋‍👨🏿".len() <= BYTES_PER_CHARACTER);
    }
}
