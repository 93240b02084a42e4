//! Invitations by link: the token is in the link alone, its hash in the store.

use jiff::Timestamp;

use super::{
    rules::{self, PlanError},
    service::{Overview, Plans},
};
use crate::{
    access::Member,
    auth::{Act, Secret, digest},
    ids::{InviteId, Role, UserId},
    notify::Deed,
    store::{Account, Invite, InviteEffect, InviteFacts, Plan, TokenHash},
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
        me: &Member,
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
            since: 0,
        };
        self.plans.create_invite(&invite, self.limits.open_invites).await?;
        Ok((invite, secret))
    }

    /// The invitations that are not revoked, newest first.
    pub async fn invites(&self, me: &Member) -> Result<Vec<Invite>, PlanError> {
        me.may(Act::Invite)?;
        Ok(self.plans.invites(me.doc).await?)
    }

    /// Takes an invitation back.
    pub async fn revoke(&self, me: &Member, invite: InviteId) -> Result<(), PlanError> {
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
        let facts = self.plans.invite_facts(TokenHash(digest(token)), visitor).await?;
        let facts = facts.ok_or(PlanError::NotFound("invite"))?;
        still_good(rules::invite_effect(&facts, now))?;
        let InviteFacts { invite, current, .. } = facts;
        let plan = self.plans.get(invite.plan).await?.ok_or(PlanError::InviteOver)?;
        let inviter = self.accounts.get(invite.by).await?.ok_or(PlanError::InviteOver)?;
        Ok(Invitation { invite, plan, inviter, current })
    }

    /// Comes in by a link. Whether it lets in is decided in the step that does so, not before.
    pub async fn accept(
        &self,
        token: &str,
        user: UserId,
        now: Timestamp,
    ) -> Result<Overview, PlanError> {
        let token = TokenHash(digest(token));
        // Only to know whose access is in doubt if the answer is lost.
        let known = self.plans.invite(token).await?.ok_or(PlanError::NotFound("invite"))?;
        let (rule, most) = (rules::invite_effect, self.limits.plans_per_person);
        let admitted = self.plans.admit(token, user, now, rule, most).await;
        let admitted = self.or_doubt(known.plan, &[user], admitted).await?;
        let (facts, effect) = admitted.ok_or(PlanError::NotFound("invite"))?;
        if let InviteEffect::Granted(role) = still_good(effect)? {
            self.tell_access(known.plan, user).await;
            if facts.current.is_none() {
                self.notify.tell(known.plan, user, Deed::Joined(role), now).await;
            }
        }
        let me = self.member(user, known.plan).await?;
        self.get(&me).await
    }
}

fn still_good(effect: InviteEffect) -> Result<InviteEffect, PlanError> {
    match effect {
        InviteEffect::Over => Err(PlanError::InviteOver),
        InviteEffect::Spent => Err(PlanError::InviteSpent),
        InviteEffect::Unchanged | InviteEffect::Granted(_) => Ok(effect),
    }
}
