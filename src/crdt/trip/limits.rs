//! How much a trip may hold.

/// What a trip may hold at most, beyond what holds for every document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TripLimits {
    /// Cards outside the trash.
    pub cards: usize,
    /// Days.
    pub days: usize,
}

impl Default for TripLimits {
    fn default() -> Self {
        Self { cards: 2_000, days: 366 }
    }
}
