//! Reads JSON to its end and keeps none of it: what yrs would not decode is refused before it takes memory for it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::read::Read;
use crate::crdt::limits::Refusal;

/// Refuses what is no JSON.
pub(super) fn check(text: &str) -> Read<()> {
    serde_json::from_str(text)
        .map(|Checked| ())
        .map_err(|_| Refusal::Malformed("a value is not JSON"))
}

/// Any value. Unlike `IgnoredAny` it has every number and every escape read in full.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Self;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self, E> {
        i64::try_from(value).map(|_| self).map_err(E::custom)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self, A::Error> {
        while from.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self, A::Error> {
        while from.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use yrs::Any;

    use super::*;

    #[test]
    fn it_refuses_what_yrs_can_not_decode_and_nothing_else() {
        let nested = format!("{}{}", "[".repeat(127), "]".repeat(127));
        let too_deep = format!("[{nested}]");
        let texts = [
            "null",
            "true",
            "0",
            "-1",
            "1.5e3",
            "18446744073709551615",
            "1e999",
            "1e",
            "\"a\"",
            "\"\\ud83c\\udf0a\"",
            "\"\\ud83c\"",
            "\"\\x\"",
            "[1,[],{}]",
            "[1,]",
            "{\"a\":{\"b\":[null]}}",
            "{\"a\"}",
            "{1:2}",
            "",
            " ",
            "undefined",
            "truy",
            "true true",
            &nested,
            &too_deep,
        ];
        for text in texts {
            assert_eq!(check(text).is_ok(), Any::from_json(text).is_ok(), "{text}");
        }
    }
}
