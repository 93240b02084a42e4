//! What people may do with a document now, for rooms and connections that have reason to ask.

use std::sync::Arc;

use async_trait::async_trait;

use super::rules::effective;
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
        role_now(&*self.0, doc, user).await
    }
}

/// `None` for who is no member.
pub(crate) async fn role_now(plans: &dyn Plans, doc: DocId, user: UserId) -> Result<Option<Role>> {
    let role = plans.role(doc, user).await?;
    let plan = plans.get(doc).await?;
    Ok(role.zip(plan).map(|(role, plan)| effective(role, plan.status)))
}
