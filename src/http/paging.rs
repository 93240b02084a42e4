//! Lists by the page: an opaque cursor says where the next page begins.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;

/// How many items a page has when nobody asks for another number.
const USUAL: usize = 30;

/// How many it has at most.
const MOST: usize = 100;

/// Which page is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// `next` of the page before.
    pub(crate) cursor: Option<String>,
    /// 1 to 100, 30 if not given.
    pub(crate) limit: Option<usize>,
}

impl PageQuery {
    pub(crate) fn limit(&self) -> usize {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }

    /// Where the page begins: after the item with this key.
    pub(crate) fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, ApiError> {
        self.cursor.as_deref().map(decode).transpose()
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// In the order of the list.
    items: Vec<T>,
    /// The cursor of the next page; `null` on the last one.
    #[schema(required)]
    next: Option<String>,
}

impl<T> Page<T> {
    /// A page of `limit` items at most, out of `items`, which were asked for with one more than that: whether
    /// it is there tells whether there is another page.
    pub(crate) fn new<K: Serialize>(
        mut items: Vec<T>,
        limit: usize,
        key: impl FnOnce(&T) -> K,
    ) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| encode(&key(last)));
        Self { items, next }
    }

    /// The same page of other items.
    pub(crate) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

fn encode(key: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn decode<K: DeserializeOwned>(cursor: &str) -> Result<K, ApiError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| ApiError::bad_request("malformed_cursor", "pass `next` as it was given"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_behind_the_last_item_of_its_page() {
        let page = Page::new(vec![1, 2, 3], 2, |n| *n);
        assert_eq!(page.items, [1, 2]);
        let query = PageQuery { cursor: page.next, limit: None };
        assert_eq!(query.after::<i32>().unwrap(), Some(2));
    }

    #[test]
    fn the_last_page_has_no_next() {
        assert_eq!(Page::new(vec![1, 2], 2, |n| *n).next, None);
        assert_eq!(Page::new(Vec::<i32>::new(), 2, |n| *n).next, None);
    }

    #[test]
    fn a_cursor_that_was_made_up_is_refused() {
        for cursor in ["", "!", "e30"] {
            let query = PageQuery { cursor: Some(cursor.to_owned()), limit: Some(0) };
            assert!(query.after::<(i32, i32)>().is_err(), "{cursor}");
            assert_eq!(query.limit(), 1);
        }
    }
}
