//! Whether the store can be written to.

use async_trait::async_trait;

use super::error::Result;

/// Says whether the store can be written to now.
#[async_trait]
pub trait Health: Send + Sync {
    /// `Ok` after a write and a read went through.
    async fn check(&self) -> Result<()>;
}
