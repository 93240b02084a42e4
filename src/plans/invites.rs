//! Invitations by link: the token is in the link alone, its hash in the store.

use jiff::Timestamp;

use super::{Insider, Overview, PlanError, Plans, rules};
use crate::{
    auth::{Act, Secret, digest},
    ids::{InviteId, Role, UserId},
    notify::Deed,
    store::{Account, Invite, Member, Plan, TokenHash},
};

/// What somebody wants an invitation to be.
#[derive(Debug, Clone, Copy)]
pub struct NewInvite {
    /// What it makes of who accepts.
    pub role: Role,
    /// In seven days if nothing is said.
    pub expires: Option<Timestamp>,
}

/// An invitation as who holds its link sees it.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Itself.
    pub invite: Invite,
    /// Where it leads.
    pub plan: Plan,
    /// Who invites.
    pub inviter: Account,
    /// The role that the holder of the link has already.
    pub current: Option<Role>,
}

impl Plans {
    /// Makes an invitation. Its token is to be had here and never again.
    pub async fn invite(
        &self,
        me: &Insider,
        new: NewInvite,
        now: Timestamp,
    ) -> Result<(Invite, Secret), PlanError> {
        me.may(Act::Invite)?;
        let (role, expires) =
            (rules::inviting_role(new.role)?, rules::invite_end(new.expires, now)?);
        let secret = Secret::new().map_err(|_| PlanError::Failed("no randomness".to_owned()))?;
        let invite = Invite {
            id: InviteId::new(),
            plan: me.doc,
            token: TokenHash(secret.digest()),
            role,
            by: me.user,
            created: now,
            expires,
            revoked: false,
        };
        self.plans.create_invite(&invite).await?;
        Ok((invite, secret))
    }

    /// The invitations that are not revoked, newest first.
    pub async fn invites(&self, me: &Insider) -> Result<Vec<Invite>, PlanError> {
        me.may(Act::Invite)?;
        Ok(self.plans.invites(me.doc).await?)
    }

    /// Takes an invitation back.
    pub async fn revoke(&self, me: &Insider, invite: InviteId) -> Result<(), PlanError> {
        me.may(Act::Invite)?;
        let revoked = self.plans.revoke_invite(me.doc, invite).await?;
        if revoked { Ok(()) } else { Err(PlanError::NotFound("invite")) }
    }

    /// What a link leads to, for somebody who may have no account yet.
    pub async fn invitation(
        &self,
        token: &str,
        visitor: Option<UserId>,
        now: Timestamp,
    ) -> Result<Invitation, PlanError> {
        let found = self.plans.invite(TokenHash(digest(token))).await?;
        let invite = found.ok_or(PlanError::NotFound("invite"))?;
        let plan = self.plans.get(invite.plan).await?.ok_or(PlanError::InviteOver)?;
        let inviter_role = self.plans.role(invite.plan, invite.by).await?;
        rules::check_invite(&invite, inviter_role, plan.status, now)?;
        let inviter = self.accounts.get(invite.by).await?.ok_or(PlanError::InviteOver)?;
        let current = match visitor {
            Some(user) => self.plans.role(invite.plan, user).await?,
            None => None,
        };
        Ok(Invitation { invite, plan, inviter, current })
    }

    /// Comes in by a link.
    pub async fn accept(
        &self,
        token: &str,
        user: UserId,
        now: Timestamp,
    ) -> Result<Overview, PlanError> {
        let Invitation { invite, current, .. } = self.invitation(token, Some(user), now).await?;
        if let Some(role) = rules::accepted(current, &invite) {
            let member = Member { user, role, joined: now };
            let put = self.plans.put_member(invite.plan, &member).await;
            self.or_doubt(invite.plan, &[user], put).await?;
            self.tell_access(invite.plan, user).await;
            if current.is_none() {
                self.notify.tell(invite.plan, user, Deed::Joined(role), now).await;
            }
        }
        let me = self.insider(user, invite.plan).await?;
        self.get(&me).await
    }
}
