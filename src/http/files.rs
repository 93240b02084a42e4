//! How many files this process may have open, each connection being one, and how many connections that leaves.

/// Files for the database, its journal and whatever else is no connection.
const RESERVED: u64 = 64;

/// Raises the limit of open files as far as the system lets us; says how many connections fit into it, if it
/// says so itself.
#[cfg(unix)]
pub(super) fn connections_that_fit() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let current = if current == maximum || setrlimit(Resource::Nofile, raised).is_ok() {
        maximum
    } else {
        current
    };
    let fit = current?.saturating_sub(RESERVED).max(1);
    usize::try_from(fit).ok()
}

/// It does not.
#[cfg(not(unix))]
pub(super) fn connections_that_fit() -> Option<usize> {
    None
}
