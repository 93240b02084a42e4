//! What is wrong with a form, field by field, so that a person can put it right in one go.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use crate::text::{self, BYTES_PER_CHARACTER};

/// The most characters of a title.
const TITLE_MAX: usize = 120;

/// One field and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's name in the request.
    #[schema(value_type = String)]
    pub field: Cow<'static, str>,
    /// What to do, in English; clients that speak another language have the field's name.
    pub message: String,
}

/// A form that can't be taken as it is. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", summary(.0))]
pub struct Invalid(pub Vec<FieldError>);

impl Invalid {
    /// A form in which one thing is wrong.
    pub fn field(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(vec![FieldError { field: field.into(), message: message.into() }])
    }
}

fn summary(errors: &[FieldError]) -> String {
    let lines: Vec<_> =
        errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
    lines.join("; ")
}

/// Reads the fields of a form and collects everything that is wrong with them.
#[derive(Debug, Default)]
pub struct Form(Vec<FieldError>);

impl Form {
    /// The field's value, or a note of what is wrong with it.
    pub fn take<T, M: Into<String>>(
        &mut self,
        field: &'static str,
        parsed: Result<T, M>,
    ) -> Option<T> {
        let wrong = |message: M| FieldError { field: field.into(), message: message.into() };
        parsed.map_err(|message| self.0.push(wrong(message))).ok()
    }

    /// The same for a field that may be left out.
    pub fn take_optional<T, U, M: Into<String>>(
        &mut self,
        field: &'static str,
        given: Option<T>,
        parse: impl FnOnce(T) -> Result<U, M>,
    ) -> Option<U> {
        given.and_then(|given| self.take(field, parse(given)))
    }

    /// What was wrong, for a form that lacks a field for it.
    pub fn into_error(self) -> Invalid {
        Invalid(self.0)
    }

    /// `Err` if anything was wrong.
    pub fn finish(self) -> Result<(), Invalid> {
        if self.0.is_empty() { Ok(()) } else { Err(Invalid(self.0)) }
    }
}

/// A text of 1 to `most` characters, without what nobody sees at its ends, that shows as what it is.
pub fn parse_line(text: &str, most: usize) -> Result<String, String> {
    let text = text::visible(text);
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if text::length(&text) > most {
        return Err(format!("must have at most {most} characters"));
    }
    let bytes = most.saturating_mul(BYTES_PER_CHARACTER);
    if text.len() > bytes {
        return Err(format!("must have at most {bytes} bytes"));
    }
    if text.chars().any(deceives) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(text)
}

/// A title, as every reading of a document allows it.
pub fn parse_title(text: &str) -> Result<String, String> {
    parse_line(text, TITLE_MAX)
}

/// Line breaks and the like, and the mark that turns what follows it around.
fn deceives(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202e}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_counted_in_characters() {
        assert_eq!(parse_line("  민지 ", 2), Ok("민지".to_owned()));
        assert!(parse_line("민지야", 2).is_err());
        assert!(parse_line(" \n ", 2).is_err());
    }

    #[test]
    fn a_line_that_would_show_as_another_is_refused() {
        assert!(parse_line("a\nb", 10).is_err());
        assert!(parse_line("a\u{202e}b", 10).is_err());
    }

    #[test]
    fn a_line_is_as_long_as_it_looks_and_has_no_more_bytes_than_that_may_take() {
        let families = "👨‍👩‍👧‍👦".repeat(40);
        assert_eq!(parse_line(&families, 40), Ok(families.clone()));
        assert!(parse_line(&families, 39).is_err());
        let tower = format!("a{}", "\u{301}".repeat(1_000));
        assert!(parse_line(&tower, 40).is_err_and(|why| why.contains("bytes")));
    }

    #[test]
    fn a_line_of_which_nobody_sees_anything_is_empty() {
        for text in ["\u{200b}", "\u{3164}", "\u{2800} \u{feff}", "\u{2066}\u{2069}", "\u{e0041}"] {
            assert_eq!(parse_line(text, 10), Err("must not be empty".to_owned()), "{text:?}");
        }
        assert_eq!(parse_line("\u{2068}민지\u{2069}\u{200b}", 2), Ok("민지".to_owned()));
    }

    #[test]
    fn a_form_tells_everything_that_is_wrong_at_once() {
        let mut form = Form::default();
        assert_eq!(form.take::<(), _>("mail", Err("no")), None);
        assert_eq!(form.take_optional("name", Some("x"), |_| Err::<(), _>("short")), None);
        assert_eq!(form.take_optional("color", None::<&str>, |_| Err::<(), _>("no")), None);
        assert_eq!(form.finish().unwrap_err().to_string(), "mail: no; name: short");
    }
}
