//! One text for equal content, whatever the order in which maps are kept: to compare two documents.

use std::fmt::Write;

use yrs::{Any, GetString, Map, Out, ReadTxn, Text, any::Number};

/// What of shared texts counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    Letters,
    /// Their length in UTF-16 code units. What stands where may depend on the order in which updates arrived:
    /// after edits by hostile programs, and after edits that cut a letter in two.
    Lengths,
}

/// Writes a named value on a line.
pub(super) fn write_entry<T: ReadTxn>(
    txn: &T,
    name: &str,
    value: Option<&Out>,
    texts: Texts,
    out: &mut String,
) {
    push(out, format_args!("{name:?}="));
    if let Some(value) = value {
        write_shared(txn, value, texts, out);
    }
    out.push('\n');
}

/// Lists and XML are no part of any kind of document and are not read: yrs may not come to the end of a hostile one.
fn write_shared<T: ReadTxn>(txn: &T, value: &Out, texts: Texts, out: &mut String) {
    match value {
        Out::Any(any) => write_plain(any, out),
        Out::YText(text) => match texts {
            Texts::Letters => push(out, format_args!("text{:?}", text.get_string(txn))),
            Texts::Lengths => push(out, format_args!("text of {}", text.len(txn))),
        },
        Out::YMap(map) => {
            let mut entries: Vec<_> = map.iter(txn).collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            out.push_str("map{");
            for (key, value) in &entries {
                push(out, format_args!("{key:?}:"));
                write_shared(txn, value, texts, out);
                out.push(',');
            }
            out.push('}');
        }
        Out::YArray(_)
        | Out::YXmlElement(_)
        | Out::YXmlFragment(_)
        | Out::YXmlText(_)
        | Out::YDoc(_)
        | Out::UndefinedRef(_) => out.push_str("other"),
    }
}

/// Whether two plain values are the same wherever they are read: a number that is none equals itself, and one that
/// is whole is the same with and without a point.
pub(super) fn is_same(one: &Any, other: &Any) -> bool {
    match (one, other) {
        (Any::Number(one), Any::Number(other)) => {
            let (one, other) = (as_float(one), as_float(other));
            one == other || (one.is_nan() && other.is_nan())
        }
        (Any::Array(one), Any::Array(other)) => {
            one.len() == other.len() && one.iter().zip(&**other).all(|(a, b)| is_same(a, b))
        }
        (Any::Map(one), Any::Map(other)) => {
            let has_same = |(key, value)| other.get(key).is_some_and(|found| is_same(value, found));
            one.len() == other.len() && one.iter().all(has_same)
        }
        _ => one == other,
    }
}

fn as_float(number: &Number) -> f64 {
    match number {
        Number::Int(number) => *number as f64,
        Number::Float(number) => *number,
    }
}

/// Numbers by their bits: not every number equals itself.
fn write_plain(any: &Any, out: &mut String) {
    match any {
        Any::Null => out.push_str("null"),
        Any::Undefined => out.push_str("undefined"),
        Any::Bool(value) => push(out, format_args!("{value}")),
        Any::Number(Number::Int(number)) => push(out, format_args!("i{number}")),
        Any::Number(Number::Float(number)) => push(out, format_args!("f{}", number.to_bits())),
        Any::String(text) => push(out, format_args!("{text:?}")),
        Any::Buffer(bytes) => push(out, format_args!("bytes{bytes:?}")),
        Any::Array(values) => {
            out.push('[');
            for value in values.iter() {
                write_plain(value, out);
                out.push(',');
            }
            out.push(']');
        }
        Any::Map(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in fields {
                push(out, format_args!("{key:?}:"));
                write_plain(value, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}

fn push(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = out.write_fmt(what);
}
