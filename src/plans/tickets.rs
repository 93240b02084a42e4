//! Tickets: the right to one document for the few minutes in which a socket is opened.

use jiff::Timestamp;

use super::{rules::PlanError, service::Plans};
use crate::{
    access::Member,
    auth::{Act, Issued, Ticket},
    ids::Role,
};

/// A ticket and what its holder should know of the document.
#[derive(Debug)]
pub struct OpenTicket {
    /// For `?token=`.
    pub issued: Issued,
    /// What its holder may do.
    pub role: Role,
    /// Of the document, and of the ticket: a copy of another epoch is of no use.
    pub epoch: u64,
    /// What the document takes at most.
    pub limits: crate::crdt::Limits,
}

impl Plans {
    /// A ticket for the plan's document.
    pub async fn ticket(&self, me: &Member, now: Timestamp) -> Result<OpenTicket, PlanError> {
        me.may(Act::Read)?;
        let account = self.accounts.get(me.user).await?.ok_or(PlanError::NotFound("account"))?;
        let role = me.role_in_document();
        let epoch = self.rooms.open_for(me.doc, me.user).await?.epoch().await?;
        let ticket = Ticket {
            user: me.user,
            name: account.name,
            color: account.color,
            doc: me.doc,
            epoch,
            role,
            expires: now + self.keys.ticket_life(),
        };
        let issued = self.keys.issue_ticket(&ticket, now)?;
        let limits = *self.rooms.document_limits();
        Ok(OpenTicket { issued, role, epoch, limits })
    }
}
