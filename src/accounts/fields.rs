//! What an account may be made of: the rules for mail, name, password and colour.

use crate::{auth::normal_form, fields::parse_line, mail, text};

/// The most characters of a name.
const NAME_MAX: usize = 40;

/// The fewest characters of a password.
const PASSWORD_MIN: usize = 8;

/// The most bytes of a password.
const PASSWORD_MAX: usize = 128;

/// What cursors, rings and avatars are drawn in: readable on light and on dark ground.
const PALETTE: [&str; 12] = [
    "#e11d48", "#ea580c", "#ca8a04", "#65a30d", "#059669", "#0891b2", "#2563eb", "#4f46e5",
    "#7c3aed", "#c026d3", "#db2777", "#57534e",
];

/// The address in its one spelling.
pub(super) fn parse_mail(text: &str) -> Result<String, &'static str> {
    mail::spell(text).ok_or("must be a mail address, like minji@example.org")
}

/// The name that others see.
pub(super) fn parse_name(text: &str) -> Result<String, String> {
    parse_line(text, NAME_MAX)
}

/// A password that is neither too short to be safe nor too long to be one. It is counted in its normal form, in which
/// it is also hashed.
pub(super) fn parse_password(text: String) -> Result<String, String> {
    let normal = normal_form(&text);
    if text::length(&normal) < PASSWORD_MIN {
        Err(format!("must have at least {PASSWORD_MIN} characters"))
    } else if normal.len() > PASSWORD_MAX {
        Err(format!("must have at most {PASSWORD_MAX} bytes"))
    } else {
        Ok(text)
    }
}

/// A colour in lower case.
pub(super) fn parse_color(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    match digits {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => Ok(text.to_lowercase()),
        Some(_) | None => Err("must be a colour, like #2563eb"),
    }
}

/// The colour that a new account starts with, spread evenly over the palette.
pub(super) fn first_color(seed: u8) -> &'static str {
    PALETTE[usize::from(seed) % PALETTE.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_kept_as_it_is() {
        assert!(parse_password("1234567".to_owned()).is_err());
        assert_eq!(parse_password(" 비밀 번호 은 ".to_owned()), Ok(" 비밀 번호 은 ".to_owned()));
        assert!(parse_password("x".repeat(128)).is_ok());
        assert!(parse_password("x".repeat(129)).is_err());
        // Eight characters in either form, and seven in either.
        for text in ["제주도푸른밤칠일", "Zürich-2", "Zu\u{308}rich-2", "👨‍👩‍👧‍👦".repeat(5).as_str()]
        {
            let seen = text::length(text);
            assert_eq!(parse_password(text.to_owned()).is_ok(), seen >= 8, "{text}");
        }
        assert!(parse_password("Zu\u{308}rich-".to_owned()).is_err());
    }

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!(parse_color("#E11D48"), Ok("#e11d48".to_owned()));
        for text in ["", "red", "#fff", "#12345g", "e11d48", "#1234é"] {
            assert!(parse_color(text).is_err(), "{text}");
        }
        assert!((0..=255).all(|seed| parse_color(first_color(seed)).is_ok()));
    }
}
