//! Makes the claims of a suite tests of a store.

/// `tests_of!(Store: suite, …)`: one test for each claim of these suites. Each suite names its claims by `claims!`.
macro_rules! tests_of {
    ($store:ty: $($suite:ident),*) => {
        $(mod $suite { crate::store_contract::$suite::tests!($store); })*
    };
}

/// `claims!($ suite: name, …)`: a suite's list of claims (async functions of a started store).
macro_rules! claims {
    ($d:tt $suite:ident: $($claim:ident),* $(,)?) => {
        macro_rules! tests {
            ($d store:ty) => {
                use super::*;
                $(
                    #[tokio::test]
                    async fn $claim() {
                        use crate::store_contract::{Documents, $suite};
                        $suite::$claim(<$d store>::start().await).await;
                    }
                )*
            };
        }
        pub(super) use tests;
    };
}
