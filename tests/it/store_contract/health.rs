//! A store that is up says so.

use super::Everything;

claims!($ health: a_store_that_is_up_is_healthy);

pub(super) async fn a_store_that_is_up_is_healthy(store: impl Everything) {
    store.stores().health.check().await.unwrap();
}
