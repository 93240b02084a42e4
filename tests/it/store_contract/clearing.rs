//! Counters of no use any more are cleared away, where they do not end by themselves.

use super::{Everything, rates::take, records::at};

claims!($ clearing:
    counters_do_not_pile_up,
);

pub(super) async fn counters_do_not_pile_up(store: impl Everything) {
    let rates = store.stores().rates;
    for who in 0..40 {
        take(&*rates, who, at(100)).await;
    }
    assert_eq!(store.rates_kept().await, 40);
    for who in 100..103 {
        take(&*rates, who, at(200)).await;
    }
    assert_eq!(store.rates_kept().await, 3);
}
