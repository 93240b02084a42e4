//! What people may do with a document now, for rooms that have reason to ask.

use std::sync::Arc;

use async_trait::async_trait;

use super::effective;
use crate::{
    ids::{DocId, Role, UserId},
    rooms,
    store::{Plans, Result},
};

/// Asks the plans.
pub struct Membership(pub Arc<dyn Plans>);

#[async_trait]
impl rooms::Membership for Membership {
    async fn role_now(&self, doc: DocId, user: UserId) -> Result<Option<Role>> {
        let role = self.0.role(doc, user).await?;
        let plan = self.0.get(doc).await?;
        Ok(role.zip(plan).map(|(role, plan)| effective(role, plan.status)))
    }
}
