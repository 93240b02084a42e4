//! Records to store, as small as they can be.

use jiff::Timestamp;
use moim::{
    ids::{DocId, DocKind, FamilyId, InviteId, Role, UserId, VersionId},
    store::{
        Account, Authority, Counts, Invite, InviteEffect, InviteRule, Language, Member,
        PasswordHash, Plan, PlanStatus, RefreshToken, RoleChange, Stores, Summary, TokenHash,
        Version, VersionCause,
    },
};

pub(super) fn trip() -> DocId {
    DocId::new(DocKind::Trip)
}

/// So many seconds after some moment, with all the digits that a time may have.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::new(1_790_000_000 + seconds, 123_456_789).unwrap()
}

pub(super) fn hash(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

pub(super) fn account(name: &str) -> Account {
    Account {
        id: UserId::new(),
        mail: format!("{name}@example.org"),
        name: name.to_owned(),
        language: Language::Ko,
        color: "#3366ff".to_owned(),
        created: at(0),
    }
}

/// An account that the store knows.
pub(super) async fn known(stores: &Stores, name: &str) -> Account {
    let account = account(name);
    stores.accounts.create(&account, &PasswordHash("$argon2id$".to_owned())).await.unwrap();
    account
}

pub(super) fn plan(touched: i64) -> Plan {
    let summary = Summary {
        title: "제주 3박".to_owned(),
        start: Some(jiff::civil::date(2026, 12, 24)),
        end: None,
        counts: Counts { days: 4, cards: 20, places: 12 },
        cover: None,
        color: Some("#ff8800".to_owned()),
    };
    Plan { id: trip(), status: PlanStatus::Active, summary, created: at(0), touched: at(touched) }
}

pub(super) fn member(user: UserId, role: Role, joined: i64) -> Member {
    Member { user, role, joined: at(joined) }
}

pub(super) fn invite(plan: DocId, by: UserId, token: TokenHash, created: i64) -> Invite {
    Invite {
        id: InviteId::new(),
        plan,
        token,
        role: Role::Editor,
        by,
        created: at(created),
        expires: at(created + 3_600),
        revoked: false,
        since: 0,
    }
}

/// Has a person come into a plan as this, by an owner's decision.
pub(super) async fn enter(stores: &Stores, plan: DocId, owner: UserId, new: Member) {
    let token = TokenHash(InviteId::new().to_bytes().repeat(2).try_into().unwrap());
    let invite = Invite { role: new.role, ..invite(plan, owner, token, 0) };
    stores.plans.create_invite(&invite, usize::MAX).await.unwrap();
    let let_in: InviteRule = |facts, _| InviteEffect::Granted(facts.invite.role);
    let admitted = stores.plans.admit(token, new.user, new.joined, let_in, usize::MAX).await;
    assert!(admitted.unwrap().is_some());
    stores.plans.revoke_invite(plan, invite.id).await.unwrap();
}

/// An owner who does something to others.
pub(super) fn as_owner(user: UserId) -> Authority {
    Authority { user, least: Role::Owner }
}

/// Somebody who does something that every member may do.
pub(super) fn as_member(user: UserId) -> Authority {
    Authority { user, least: Role::Viewer }
}

/// Another role, whichever it was before.
pub(super) fn role(user: UserId, to: Role) -> RoleChange {
    RoleChange { user, from: None, to }
}

pub(super) fn token(user: UserId, hash: TokenHash, expires: i64) -> RefreshToken {
    RefreshToken { hash, family: FamilyId::new(), user, created: at(0), expires: at(expires) }
}

pub(super) fn version(doc: DocId, cause: VersionCause) -> Version {
    Version {
        id: VersionId::new(),
        doc,
        epoch: 1,
        name: Some("떠나기 전".to_owned()),
        cause,
        by: UserId::new(),
        at: at(5),
        counts: Counts { days: 3, cards: 2, places: 1 },
    }
}
