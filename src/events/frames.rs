//! The frames of `/events`: JSON text to requests, and what is said as JSON text. Pure.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    ids::DocId,
    notify::{NoticeView, ReadView},
};

/// What a client wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// To hear how many people are in a document.
    Watch(DocId),
    /// No longer.
    Unwatch(DocId),
    /// What it was told after this number, and each further one.
    Notices { after: u64 },
    /// Has read up to this number.
    Read { until: u64 },
    /// Goes on with this ticket.
    Token(String),
    /// To hear whether the connection still carries anything.
    Alive,
}

/// A request, by the number under which it is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) id: u32,
    /// Or why it can't be carried out.
    pub(super) request: Result<Request, Wrong>,
}

/// Why a request was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is no such request, or lacks a field.
    Invalid(&'static str),
    /// No such document, or none of theirs.
    NotFound,
    /// This window watches as many rooms as it may.
    TooMany,
    /// The store can't be read or written now.
    Unavailable,
}

/// Not even a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Reads what a client said.
pub(super) fn read(text: &str) -> Result<Asked, Malformed> {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return Err(Malformed) };
    let id = fields.get("id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    let op = fields.get("op").and_then(Value::as_str);
    let (Some(id), Some(op)) = (id, op) else { return Err(Malformed) };
    Ok(Asked { id, request: request(op, &fields) })
}

fn request(op: &str, fields: &Map<String, Value>) -> Result<Request, Wrong> {
    Ok(match op {
        "watch" => Request::Watch(room(fields)?),
        "unwatch" => Request::Unwatch(room(fields)?),
        "notices" => {
            Request::Notices { after: field(fields, "after", "`after` must be a number from 0")? }
        }
        "read" => {
            Request::Read { until: field(fields, "until", "`until` must be a number from 0")? }
        }
        "token" => Request::Token(field(fields, "token", "`token` must be a text")?),
        "alive" => Request::Alive,
        _ => return Err(Wrong::Invalid("there is no such `op`")),
    })
}

fn room(fields: &Map<String, Value>) -> Result<DocId, Wrong> {
    let wrong = "`room` must be the name of a document, like trip:01J…";
    field::<String>(fields, "room", wrong)?.parse().map_err(|_| Wrong::Invalid(wrong))
}

fn field<T: DeserializeOwned>(
    fields: &Map<String, Value>,
    name: &str,
    wrong: &'static str,
) -> Result<T, Wrong> {
    let value = fields.get(name).cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(|_| Wrong::Invalid(wrong))
}

impl Wrong {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Invalid(what) => ("invalid", what),
            Self::NotFound => ("not_found", "there is no such document, or it is not yours"),
            Self::TooMany => ("too_many", "this window watches as many rooms as it may"),
            Self::Unavailable => ("unavailable", "try again in a moment"),
        }
    }
}

/// The answer to a request that was carried out.
pub(super) fn done(re: u32, ok: &impl Serialize) -> String {
    json!({ "re": re, "ok": ok }).to_string()
}

/// The answer to one that was not.
pub(super) fn refused(re: u32, wrong: Wrong) -> String {
    let (code, message) = wrong.words();
    json!({ "re": re, "error": { "code": code, "message": message } }).to_string()
}

/// So many people are in a document now.
pub(super) fn here(room: DocId, here: usize) -> String {
    json!({ "event": "here", "room": room, "here": here }).to_string()
}

/// A document is watched no longer, for it is none of theirs any more.
pub(super) fn unwatched(room: DocId) -> String {
    json!({ "event": "unwatched", "room": room }).to_string()
}

/// The next notice.
pub(super) fn notice(notice: &NoticeView, unread: u64) -> String {
    json!({ "event": "notice", "notice": notice, "unread": unread }).to_string()
}

/// The person has read, perhaps in another window.
pub(super) fn read_elsewhere(ReadView { unread, read }: &ReadView) -> String {
    json!({ "event": "read", "read": read, "unread": unread }).to_string()
}

/// A new ticket is wanted.
pub(super) fn token_wanted() -> String {
    json!({ "event": "token" }).to_string()
}

/// The server is there: browsers don't show pings to pages.
pub(super) fn alive() -> String {
    json!({ "event": "alive" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DocKind;

    fn asked(text: &str) -> Result<Request, Wrong> {
        read(text).unwrap().request
    }

    #[test]
    fn requests_are_read_as_the_protocol_writes_them() {
        let doc = DocId::new(DocKind::Trip);
        let watch = read(&format!(r#"{{"id":7,"op":"watch","room":"{doc}","more":[1]}}"#));
        assert_eq!(watch, Ok(Asked { id: 7, request: Ok(Request::Watch(doc)) }));
        let unwatch = format!(r#"{{"id":0,"op":"unwatch","room":"{doc}"}}"#);
        assert_eq!(asked(&unwatch), Ok(Request::Unwatch(doc)));
        let notices = r#"{"op":"notices","after":0,"id":4294967295}"#;
        assert_eq!(asked(notices), Ok(Request::Notices { after: 0 }));
        assert_eq!(asked(r#"{"id":1,"op":"read","until":3}"#), Ok(Request::Read { until: 3 }));
        assert_eq!(asked(r#"{"id":1,"op":"alive"}"#), Ok(Request::Alive));
        let token = Request::Token("t".to_owned());
        assert_eq!(asked(r#"{"id":1,"op":"token","token":"t"}"#), Ok(token));
    }

    #[test]
    fn a_request_that_is_wrong_is_answered_and_what_is_none_ends_the_connection() {
        for wrong in [
            r#"{"id":1,"op":"shout"}"#,
            r#"{"id":1,"op":"watch"}"#,
            r#"{"id":1,"op":"watch","room":"trip:1"}"#,
            r#"{"id":1,"op":"notices","after":-1}"#,
            r#"{"id":1,"op":"notices","after":"0"}"#,
            r#"{"id":1,"op":"read"}"#,
            r#"{"id":1,"op":"token","token":null}"#,
        ] {
            assert!(matches!(asked(wrong), Err(Wrong::Invalid(_))), "{wrong}");
        }
        for none in [
            "",
            "{",
            "[]",
            "null",
            r#"{"op":"read","until":1}"#,
            r#"{"id":1}"#,
            r#"{"id":-1,"op":"read"}"#,
            r#"{"id":4294967296,"op":"read"}"#,
            r#"{"id":1,"op":7}"#,
        ] {
            assert_eq!(read(none), Err(Malformed), "{none}");
        }
    }

    #[test]
    fn deep_nesting_is_no_request() {
        let deep = format!(r#"{{"id":1,"op":"read","until":{}"#, "[".repeat(4000));
        assert_eq!(read(&deep), Err(Malformed));
    }

    #[test]
    fn answers_are_written_as_the_protocol_has_them() {
        assert_eq!(done(3, &json!({ "here": 2 })), r#"{"ok":{"here":2},"re":3}"#);
        let wrong = refused(4, Wrong::NotFound);
        assert!(wrong.starts_with(r#"{"error":{"code":"not_found","message":""#), "{wrong}");
        assert_eq!(token_wanted(), r#"{"event":"token"}"#);
    }
}
