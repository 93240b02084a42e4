//! What an account may be made of: the rules for mail, name, password and colour.

use crate::fields::parse_line;

/// The most characters of a name.
const NAME_MAX: usize = 40;

/// The most bytes of a mail address (RFC 5321, with its erratum 1690).
const MAIL_MAX: usize = 254;

/// The fewest characters of a password.
const PASSWORD_MIN: usize = 8;

/// The most bytes of a password.
const PASSWORD_MAX: usize = 128;

/// What cursors, rings and avatars are drawn in: readable on light and on dark ground.
const PALETTE: [&str; 12] = [
    "#e11d48", "#ea580c", "#ca8a04", "#65a30d", "#059669", "#0891b2", "#2563eb", "#4f46e5",
    "#7c3aed", "#c026d3", "#db2777", "#57534e",
];

/// The address as it is kept and compared: trimmed, lower case.
pub(super) fn parse_mail(text: &str) -> Result<String, &'static str> {
    let mail = text.trim().to_lowercase();
    let plain = !mail.chars().any(|c| c.is_whitespace() || c.is_control());
    let halves = mail.split_once('@');
    let shaped = halves.is_some_and(|(name, host)| {
        (1..=64).contains(&name.len())
            && !host.is_empty()
            && !host.contains('@')
            && !host.split('.').any(str::is_empty)
    });
    if plain && shaped && mail.len() <= MAIL_MAX {
        Ok(mail)
    } else {
        Err("must be a mail address, like minji@example.org")
    }
}

/// The name that others see.
pub(super) fn parse_name(text: &str) -> Result<String, String> {
    parse_line(text, NAME_MAX)
}

/// A password that is neither too short to be safe nor too long to be one. Nothing of it is changed.
pub(super) fn parse_password(text: String) -> Result<String, String> {
    if text.chars().count() < PASSWORD_MIN {
        Err(format!("must have at least {PASSWORD_MIN} characters"))
    } else if text.len() > PASSWORD_MAX {
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
    fn one_mail_address_has_one_spelling() {
        assert_eq!(parse_mail(" Minji@Example.ORG "), Ok("minji@example.org".to_owned()));
        assert_eq!(parse_mail("root@localhost"), Ok("root@localhost".to_owned()));
    }

    #[test]
    fn what_is_no_mail_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        for text in ["", "minji", "@x.org", "a@", "a@b@c", "a b@c.org", "a@.org", "a@b..c", &long] {
            assert!(parse_mail(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_long_enough_and_kept_as_it_is() {
        assert!(parse_password("1234567".to_owned()).is_err());
        assert_eq!(parse_password(" 비밀 번호 은 ".to_owned()), Ok(" 비밀 번호 은 ".to_owned()));
        assert!(parse_password("x".repeat(128)).is_ok());
        assert!(parse_password("x".repeat(129)).is_err());
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
