//! Plans: a person's list in order, members with an owner among them, invitations.

use futures_util::future::join_all;
use moim::{
    ids::{DocId, Role, UserId},
    store::{
        Account, Invite, InviteEffect, InviteRule, MAX_DECISIONS, MAX_ENDED_INVITES, MAX_MEMBERS,
        Plan, PlanCursor, PlanStatus, Plans, RoleChange, Stores, Summary, TokenHash, conflict,
    },
};

use super::{
    Everything, conflicts,
    records::{as_member, as_owner, at, enter, hash, invite, known, member, plan, role, trip},
};

/// More than any of these needs.
const MANY: usize = 10_000;

/// Lets everybody in.
const GRANT: InviteRule = |facts, _| InviteEffect::Granted(facts.invite.role);

claims!($ plans:
    a_plan_comes_back_as_it_was_kept,
    a_plan_is_made_once_and_by_an_account,
    a_list_pages_through_all_plans_last_touched_first,
    a_list_holds_the_plans_of_one_person_and_status,
    every_plan_is_named_page_by_page,
    a_summary_moves_the_plan_to_the_top,
    a_role_comes_with_where_the_plan_is,
    members_come_in_the_order_of_joining,
    the_last_owner_stays,
    another_role_makes_nobody_a_member,
    a_change_is_from_the_role_that_it_says,
    who_may_is_asked_in_the_step_that_does_it,
    a_status_is_set_once_by_each_and_says_what_was_before,
    of_two_owners_who_go_at_once_one_stays,
    a_plan_has_no_more_members_than_it_may,
    a_person_has_no_more_plans_than_they_may,
    an_invitation_is_decided_on_what_there_is_now,
    forgotten_decisions_open_no_door,
    nobody_comes_in_by_an_invitation_that_was_taken_back,
    so_many_invitations_are_open_and_no_more,
    of_invitations_that_ended_long_ago_nothing_is_kept,
    an_invite_is_found_until_it_is_revoked,
    an_invite_belongs_to_one_plan,
);

async fn kept(stores: &Stores, owner: &Account, touched: i64) -> Plan {
    let plan = plan(touched);
    stores.plans.create(&plan, owner.id, MANY).await.unwrap();
    plan
}

async fn role_of(plans: &dyn Plans, plan: DocId, user: UserId) -> Option<Role> {
    plans.membership(plan, user).await.unwrap().map(|(role, _)| role)
}

async fn all(plans: &dyn Plans, user: UserId, status: PlanStatus) -> Vec<Plan> {
    let list = plans.list(user, status, None, 100).await.unwrap();
    list.into_iter().map(|(plan, _)| plan).collect()
}

pub(super) async fn a_plan_comes_back_as_it_was_kept(mut store: impl Everything) {
    let owner = known(&store.stores(), "owner").await;
    let plan = kept(&store.stores(), &owner, 7).await;
    store.kill().await;
    let plans = store.stores().plans;
    assert_eq!(plans.get(plan.id).await.unwrap(), Some(plan.clone()));
    assert_eq!(role_of(&*plans, plan.id, owner.id).await, Some(Role::Owner));
    assert_eq!(role_of(&*plans, plan.id, UserId::new()).await, None);
    assert_eq!(plans.get(trip()).await.unwrap(), None);
}

pub(super) async fn a_plan_is_made_once_and_by_an_account(store: impl Everything) {
    let stores = store.stores();
    let owner = known(&stores, "owner").await;
    let plan_one = kept(&stores, &owner, 0).await;
    assert!(conflicts(&stores.plans.create(&plan_one, owner.id, MANY).await, conflict::EXISTS));
    let plan_two = plan(0);
    assert!(conflicts(
        &stores.plans.create(&plan_two, UserId::new(), MANY).await,
        conflict::MISSING
    ));
    assert_eq!(stores.plans.get(plan_two.id).await.unwrap(), None);
}

pub(super) async fn a_list_pages_through_all_plans_last_touched_first(store: impl Everything) {
    let stores = store.stores();
    let owner = known(&stores, "owner").await;
    let mut expected = Vec::new();
    // Three share a time: the id decides, and no page repeats or skips one.
    for touched in [5, 1, 3, 3, 3, 9] {
        expected.push(kept(&stores, &owner, touched).await);
    }
    expected.sort_by_key(|plan| std::cmp::Reverse((plan.touched, plan.id)));
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = stores.plans.list(owner.id, PlanStatus::Active, after, 2).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(PlanCursor { touched: last.touched, id: last.id });
        listed.extend(page.into_iter().map(|(plan, _)| plan));
    }
    assert_eq!(listed, expected);
}

pub(super) async fn a_list_holds_the_plans_of_one_person_and_status(store: impl Everything) {
    let stores = store.stores();
    let (owner, guest) = (known(&stores, "owner").await, known(&stores, "guest").await);
    let (mine, shared) = (kept(&stores, &owner, 0).await, kept(&stores, &owner, 1).await);
    let plans = &*stores.plans;
    enter(&stores, shared.id, owner.id, member(guest.id, Role::Viewer, 2)).await;
    let listed = plans.list(guest.id, PlanStatus::Active, None, 10).await.unwrap();
    assert_eq!(listed, [(shared.clone(), Role::Viewer)]);

    let by = as_owner(owner.id);
    let set = async |id, status| plans.set_status(id, by, status, at(5)).await;
    assert_eq!(set(shared.id, PlanStatus::Archived).await.unwrap(), Some(PlanStatus::Active));
    assert_eq!(set(trip(), PlanStatus::Archived).await.unwrap(), None);
    let archived = Plan { status: PlanStatus::Archived, touched: at(5), ..shared };
    assert!(all(plans, guest.id, PlanStatus::Active).await.is_empty());
    assert_eq!(all(plans, guest.id, PlanStatus::Archived).await, [archived]);
    assert_eq!(all(plans, owner.id, PlanStatus::Active).await, [mine]);
    assert!(all(plans, owner.id, PlanStatus::Trashed).await.is_empty());
}

pub(super) async fn every_plan_is_named_page_by_page(store: impl Everything) {
    let stores = store.stores();
    let owner = known(&stores, "owner").await;
    let mut made = Vec::new();
    for touched in 0..5 {
        made.push(kept(&stores, &owner, touched).await.id);
    }
    stores.plans.set_status(made[0], as_owner(owner.id), PlanStatus::Trashed, at(9)).await.unwrap();
    made.sort_by_key(ToString::to_string);
    let first = stores.plans.ids(None, 3).await.unwrap();
    let rest = stores.plans.ids(Some(first[2]), 3).await.unwrap();
    assert_eq!([first, rest].concat(), made);
}

pub(super) async fn a_summary_moves_the_plan_to_the_top(store: impl Everything) {
    let stores = store.stores();
    let owner = known(&stores, "owner").await;
    let (old, new) = (kept(&stores, &owner, 1).await, kept(&stores, &owner, 2).await);
    let summary = Summary { title: "오사카".to_owned(), ..Summary::default() };
    stores.summaries.set_summary(old.id, &summary, at(3)).await.unwrap();
    stores.summaries.set_summary(trip(), &summary, at(3)).await.unwrap();
    let old = Plan { summary, touched: at(3), ..old };
    assert_eq!(all(&*stores.plans, owner.id, PlanStatus::Active).await, [old, new]);
}

pub(super) async fn a_role_comes_with_where_the_plan_is(store: impl Everything) {
    let stores = store.stores();
    let (owner, stranger) = (known(&stores, "owner").await, known(&stores, "stranger").await);
    let plan = kept(&stores, &owner, 1).await;
    let plans = &stores.plans;
    for status in [PlanStatus::Active, PlanStatus::Archived, PlanStatus::Trashed] {
        plans.set_status(plan.id, as_owner(owner.id), status, at(2)).await.unwrap();
        let found = plans.membership(plan.id, owner.id).await.unwrap();
        assert_eq!(found, Some((Role::Owner, status)));
        assert_eq!(plans.membership(plan.id, stranger.id).await.unwrap(), None);
    }
    assert_eq!(plans.membership(trip(), owner.id).await.unwrap(), None, "there is no such plan");
}

pub(super) async fn members_come_in_the_order_of_joining(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let owner = known(&stores, "owner").await;
    let (late, early) = (known(&stores, "late").await, known(&stores, "early").await);
    let plan = kept(&stores, &owner, 0).await;
    enter(&stores, plan.id, owner.id, member(late.id, Role::Viewer, 9)).await;
    enter(&stores, plan.id, owner.id, member(early.id, Role::Editor, 4)).await;
    // A change of role is no new joining.
    let by = as_owner(owner.id);
    let before = plans.set_role(plan.id, by, role(late.id, Role::Commenter)).await.unwrap();
    assert_eq!(before, Some(Role::Viewer));
    let expected = [
        (member(owner.id, Role::Owner, 0), owner.clone()),
        (member(early.id, Role::Editor, 4), early),
        (member(late.id, Role::Commenter, 9), late.clone()),
    ];
    assert_eq!(plans.members(plan.id).await.unwrap(), expected);

    assert!(plans.remove_member(plan.id, by, late.id).await.unwrap());
    assert!(!plans.remove_member(plan.id, by, late.id).await.unwrap());
    assert_eq!(role_of(&**plans, plan.id, late.id).await, None);
}

pub(super) async fn another_role_makes_nobody_a_member(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let (owner, guest) = (known(&stores, "owner").await, known(&stores, "guest").await);
    let (plan, by) = (kept(&stores, &owner, 0).await, as_owner(owner.id));
    let raised = role(guest.id, Role::Editor);
    assert_eq!(plans.set_role(plan.id, by, raised).await.unwrap(), None);
    enter(&stores, plan.id, owner.id, member(guest.id, Role::Viewer, 1)).await;
    assert!(plans.remove_member(plan.id, by, guest.id).await.unwrap());
    assert_eq!(plans.set_role(plan.id, by, raised).await.unwrap(), None);
    assert_eq!(role_of(&**plans, plan.id, guest.id).await, None);
    assert_eq!(plans.members(plan.id).await.unwrap().len(), 1);
    assert!(conflicts(&plans.set_role(trip(), by, raised).await, conflict::OUTSIDE));
}

pub(super) async fn a_change_is_from_the_role_that_it_says(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let (owner, guest) = (known(&stores, "owner").await, known(&stores, "guest").await);
    let (plan, by) = (kept(&stores, &owner, 0).await, as_owner(owner.id));
    enter(&stores, plan.id, owner.id, member(guest.id, Role::Viewer, 1)).await;
    let change = |from, to| RoleChange { from: Some(from), ..role(guest.id, to) };
    let stale = plans.set_role(plan.id, by, change(Role::Commenter, Role::Owner)).await;
    assert!(conflicts(&stale, conflict::OTHER_ROLE));
    assert_eq!(role_of(&**plans, plan.id, guest.id).await, Some(Role::Viewer));
    // Of several from the same role, one is made.
    let to = [Role::Commenter, Role::Editor, Role::Owner];
    let all = to.map(|to| plans.set_role(plan.id, by, change(Role::Viewer, to)));
    let made = join_all(all).await.into_iter().zip(to).filter(|(made, _)| made.is_ok());
    let made: Vec<_> = made.map(|(_, to)| to).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(role_of(&**plans, plan.id, guest.id).await, Some(made[0]));
}

pub(super) async fn who_may_is_asked_in_the_step_that_does_it(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let (owner, editor) = (known(&stores, "owner").await, known(&stores, "editor").await);
    let plan = kept(&stores, &owner, 0).await;
    enter(&stores, plan.id, owner.id, member(editor.id, Role::Editor, 1)).await;
    let (weak, stranger) = (as_owner(editor.id), as_owner(UserId::new()));
    for (by, why) in [(weak, conflict::WEAK), (stranger, conflict::OUTSIDE)] {
        let change = role(owner.id, Role::Owner);
        assert!(conflicts(&plans.set_role(plan.id, by, change).await, why));
        assert!(conflicts(&plans.remove_member(plan.id, by, owner.id).await, why));
        let trashed = plans.set_status(plan.id, by, PlanStatus::Trashed, at(9)).await;
        assert!(conflicts(&trashed, why));
    }
    assert_eq!(plans.get(plan.id).await.unwrap(), Some(plan.clone()));
    // Of two owners who take each other out at once, one is.
    for round in 0..10 {
        let plan = kept(&stores, &owner, round).await;
        enter(&stores, plan.id, owner.id, member(editor.id, Role::Owner, 1)).await;
        let (one, other) = tokio::join!(
            plans.remove_member(plan.id, as_owner(owner.id), editor.id),
            plans.remove_member(plan.id, as_owner(editor.id), owner.id),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert_eq!(plans.members(plan.id).await.unwrap().len(), 1);
    }
}

pub(super) async fn a_status_is_set_once_by_each_and_says_what_was_before(store: impl Everything) {
    let stores = store.stores();
    let owner = known(&stores, "owner").await;
    let (plan, by) = (kept(&stores, &owner, 0).await, as_owner(owner.id));
    let trash = || stores.plans.set_status(plan.id, by, PlanStatus::Trashed, at(9));
    let (one, other) = tokio::join!(trash(), trash());
    let mut before = [one.unwrap().unwrap(), other.unwrap().unwrap()];
    before.sort_by_key(|status| *status == PlanStatus::Trashed);
    assert_eq!(before, [PlanStatus::Active, PlanStatus::Trashed], "one of them moved it");
}

pub(super) async fn the_last_owner_stays(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let (owner, heir) = (known(&stores, "owner").await, known(&stores, "heir").await);
    let plan = kept(&stores, &owner, 0).await;
    let (lowered, by) = (role(owner.id, Role::Editor), as_owner(owner.id));
    assert!(conflicts(&plans.set_role(plan.id, by, lowered).await, conflict::LAST_OWNER));
    let leaving = as_member(owner.id);
    assert!(conflicts(
        &plans.remove_member(plan.id, leaving, owner.id).await,
        conflict::LAST_OWNER
    ));
    assert_eq!(role_of(&**plans, plan.id, owner.id).await, Some(Role::Owner));

    plans.set_role(plan.id, by, role(owner.id, Role::Owner)).await.unwrap();
    enter(&stores, plan.id, owner.id, member(heir.id, Role::Owner, 1)).await;
    plans.set_role(plan.id, by, lowered).await.unwrap();
    let leaving = as_member(heir.id);
    assert!(conflicts(&plans.remove_member(plan.id, leaving, heir.id).await, conflict::LAST_OWNER));
}

/// However they stop being owners: by leaving, by being lowered, or one like this and one like that.
pub(super) async fn of_two_owners_who_go_at_once_one_stays(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let (one, two) = (known(&stores, "one").await, known(&stores, "two").await);
    for round in 0..12 {
        let plan = kept(&stores, &one, round).await;
        enter(&stores, plan.id, one.id, member(two.id, Role::Owner, 1)).await;
        let go = async |user: UserId, leaves: bool| {
            if leaves {
                return plans.remove_member(plan.id, as_member(user), user).await.is_ok();
            }
            let lowered = role(user, Role::Viewer);
            plans.set_role(plan.id, as_owner(user), lowered).await.is_ok()
        };
        let (first, second) = tokio::join!(go(one.id, round % 2 == 0), go(two.id, round % 3 == 0));
        assert_ne!(first, second, "round {round}");
        let members = plans.members(plan.id).await.unwrap();
        let owners = members.iter().filter(|(member, _)| member.role == Role::Owner).count();
        assert_eq!(owners, 1, "round {round}");
    }
}

pub(super) async fn a_plan_has_no_more_members_than_it_may(store: impl Everything) {
    let stores = store.stores();
    let owner = known(&stores, "owner").await;
    let plan = kept(&stores, &owner, 0).await;
    let open = invite(plan.id, owner.id, hash(1), 0);
    stores.plans.create_invite(&open, MANY).await.unwrap();
    let mut admitted = Vec::new();
    for number in 0..MAX_MEMBERS {
        let user = known(&stores, &format!("member{number}")).await;
        admitted.push((user.id, stores.plans.admit(hash(1), user.id, at(1), GRANT, MANY).await));
    }
    let (_, last) = admitted.pop().unwrap();
    assert!(conflicts(&last, conflict::FULL));
    assert!(admitted.iter().all(|(_, result)| result.is_ok()));
    // Who is in already can still be given another role.
    let again = role(admitted[0].0, Role::Viewer);
    stores.plans.set_role(plan.id, as_owner(owner.id), again).await.unwrap();
}

pub(super) async fn a_person_has_no_more_plans_than_they_may(store: impl Everything) {
    let stores = store.stores();
    let (minji, jun) = (known(&stores, "minji").await, known(&stores, "jun").await);
    let mut made = Vec::new();
    for touched in 0..2 {
        let plan = plan(touched);
        stores.plans.create(&plan, minji.id, 2).await.unwrap();
        made.push(plan.id);
    }
    let third = plan(3);
    assert!(conflicts(&stores.plans.create(&third, minji.id, 2).await, conflict::PLANS));
    assert_eq!(stores.plans.get(third.id).await.unwrap(), None);
    let other = kept(&stores, &jun, 4).await;
    let open = invite(other.id, jun.id, hash(1), 0);
    stores.plans.create_invite(&open, MANY).await.unwrap();
    let admit = || stores.plans.admit(hash(1), minji.id, at(1), GRANT, 2);
    assert!(conflicts(&admit().await, conflict::PLANS));
    // What is in the trash does not count.
    let by = as_owner(minji.id);
    stores.plans.set_status(made[0], by, PlanStatus::Trashed, at(5)).await.unwrap();
    assert!(admit().await.unwrap().is_some());
    assert!(conflicts(&stores.plans.create(&third, minji.id, 2).await, conflict::PLANS));
}

pub(super) async fn an_invitation_is_decided_on_what_there_is_now(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let (owner, guest) = (known(&stores, "owner").await, known(&stores, "guest").await);
    let (plan, by) = (kept(&stores, &owner, 0).await, as_owner(owner.id));
    let open = invite(plan.id, owner.id, hash(1), 0);
    plans.create_invite(&open, MANY).await.unwrap();
    let facts = async |token, user: &Account| plans.invite_facts(token, Some(user.id)).await;
    let found = facts(hash(1), &guest).await.unwrap().unwrap();
    assert_eq!(found.invite, open);
    assert_eq!((found.status, found.inviter), (PlanStatus::Active, Some(Role::Owner)));
    assert_eq!((found.current, found.decision), (None, None));
    assert_eq!(facts(hash(9), &guest).await.unwrap(), None);

    let nobody: InviteRule = |_, _| InviteEffect::Over;
    let refused = plans.admit(hash(1), guest.id, at(1), nobody, MANY).await.unwrap().unwrap();
    assert_eq!((refused.1, role_of(&**plans, plan.id, guest.id).await), (InviteEffect::Over, None));
    let admitted = plans.admit(hash(1), guest.id, at(1), GRANT, MANY).await.unwrap().unwrap();
    assert_eq!((admitted.0.current, admitted.1), (None, InviteEffect::Granted(Role::Editor)));
    assert_eq!(facts(hash(1), &guest).await.unwrap().unwrap().current, Some(Role::Editor));
    let stranger = plans.admit(hash(1), UserId::new(), at(1), GRANT, MANY).await;
    assert!(conflicts(&stranger, conflict::MISSING));
    assert_eq!(plans.admit(hash(9), guest.id, at(1), GRANT, MANY).await.unwrap(), None);

    // An owner's decisions are known, and which invitations are older.
    plans.set_role(plan.id, by, role(guest.id, Role::Viewer)).await.unwrap();
    let lowered = facts(hash(1), &guest).await.unwrap().unwrap();
    let decision = lowered.decision.unwrap();
    assert_eq!(decision.role, Some(Role::Viewer));
    assert!(lowered.invite.since < decision.at);
    // Who leaves by themselves takes the decision along.
    plans.remove_member(plan.id, as_member(guest.id), guest.id).await.unwrap();
    assert_eq!(facts(hash(1), &guest).await.unwrap().unwrap().decision, Some(decision));
    let newer = invite(plan.id, owner.id, hash(2), 2);
    plans.create_invite(&newer, MANY).await.unwrap();
    let new = facts(hash(2), &guest).await.unwrap().unwrap();
    assert!(new.invite.since >= decision.at);
    plans.admit(hash(2), guest.id, at(3), GRANT, MANY).await.unwrap();
    plans.remove_member(plan.id, by, guest.id).await.unwrap();
    let removed = facts(hash(2), &guest).await.unwrap().unwrap();
    assert_eq!(removed.decision.unwrap().role, None);
    assert!(removed.invite.since < removed.decision.unwrap().at);
    assert_eq!(facts(hash(2), &owner).await.unwrap().unwrap().decision, None);
}

/// Of very many decisions the oldest go, and the invitations of before with them: they let nobody in.
pub(super) async fn forgotten_decisions_open_no_door(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let owner = known(&stores, "owner").await;
    let (plan, by) = (kept(&stores, &owner, 0).await, as_owner(owner.id));
    let old = invite(plan.id, owner.id, hash(1), 0);
    plans.create_invite(&old, MANY).await.unwrap();
    let mut removed = Vec::new();
    for number in 0..=MAX_DECISIONS {
        let user = known(&stores, &format!("guest{number}")).await.id;
        plans.admit(hash(1), user, at(1), GRANT, MANY).await.unwrap();
        assert!(plans.remove_member(plan.id, by, user).await.unwrap());
        removed.push(user);
    }
    let newer = invite(plan.id, owner.id, hash(2), 2);
    plans.create_invite(&newer, MANY).await.unwrap();
    let is_older = async |token, user| {
        let facts = plans.invite_facts(token, Some(user)).await.unwrap().unwrap();
        facts.decision.is_some_and(|decision| {
            assert_eq!(decision.role, None);
            facts.invite.since < decision.at
        })
    };
    for user in [removed[0], removed[1], removed[MAX_DECISIONS], UserId::new()] {
        assert!(is_older(hash(1), user).await);
        assert!(!is_older(hash(2), user).await);
    }
}

/// Whoever has come in did so before the invitation was taken back, as far as anybody can tell.
pub(super) async fn nobody_comes_in_by_an_invitation_that_was_taken_back(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let (owner, guest) = (known(&stores, "owner").await, known(&stores, "guest").await);
    let good: InviteRule = |facts, _| {
        if facts.invite.revoked { InviteEffect::Over } else { InviteEffect::Granted(Role::Viewer) }
    };
    for round in 0..20 {
        let plan = kept(&stores, &owner, 0).await;
        let open = invite(plan.id, owner.id, hash(round), 0);
        plans.create_invite(&open, MANY).await.unwrap();
        let accepting = async {
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            plans.admit(hash(round), guest.id, at(1), good, MANY).await.unwrap().unwrap().1
        };
        let revoking = async {
            assert!(plans.revoke_invite(plan.id, open.id).await.unwrap());
            role_of(&**plans, plan.id, guest.id).await
        };
        let (effect, when_revoked) = tokio::join!(accepting, revoking);
        let is_in = role_of(&**plans, plan.id, guest.id).await;
        assert_eq!(is_in, when_revoked, "round {round}: somebody came in afterwards");
        assert_eq!(is_in.is_some(), effect != InviteEffect::Over, "round {round}");
    }
}

pub(super) async fn so_many_invitations_are_open_and_no_more(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let owner = known(&stores, "owner").await;
    let (plan, other) = (kept(&stores, &owner, 0).await, kept(&stores, &owner, 0).await);
    let make = async |plan: &Plan, number: u8, created| {
        let new = invite(plan.id, owner.id, hash(number), created);
        plans.create_invite(&new, 2).await.map(|()| new)
    };
    let first = make(&plan, 1, 0).await.unwrap();
    make(&plan, 2, 0).await.unwrap();
    assert!(conflicts(&make(&plan, 3, 1).await, conflict::INVITES));
    assert_eq!(plans.invite(hash(3)).await.unwrap(), None);
    make(&other, 4, 1).await.unwrap();
    // One that is taken back makes room, and so does one that has run out.
    plans.revoke_invite(plan.id, first.id).await.unwrap();
    make(&plan, 5, 1).await.unwrap();
    assert!(conflicts(&make(&plan, 6, 2).await, conflict::INVITES));
    make(&plan, 7, 3_601).await.unwrap();
}

pub(super) async fn of_invitations_that_ended_long_ago_nothing_is_kept(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let owner = known(&stores, "owner").await;
    let plan = kept(&stores, &owner, 0).await;
    let token = |number: usize| {
        let mut token = [0; 32];
        token[..8].copy_from_slice(&number.to_le_bytes());
        TokenHash(token)
    };
    let most = MAX_ENDED_INVITES + 3;
    for number in 0..most {
        let new = invite(plan.id, owner.id, token(number), number as i64);
        plans.create_invite(&new, MANY).await.unwrap();
        plans.revoke_invite(plan.id, new.id).await.unwrap();
    }
    let last = invite(plan.id, owner.id, token(most), most as i64);
    plans.create_invite(&last, MANY).await.unwrap();
    assert_eq!(plans.invite(token(0)).await.unwrap(), None);
    assert_eq!(plans.invite(token(2)).await.unwrap(), None);
    assert!(plans.invite(token(3)).await.unwrap().is_some_and(|kept| kept.revoked));
    assert!(plans.invite(token(most)).await.unwrap().is_some_and(|kept| !kept.revoked));
}

pub(super) async fn an_invite_is_found_until_it_is_revoked(mut store: impl Everything) {
    let owner = known(&store.stores(), "owner").await;
    let plan = kept(&store.stores(), &owner, 0).await;
    let (old, new) = (invite(plan.id, owner.id, hash(1), 1), invite(plan.id, owner.id, hash(2), 2));
    for invite in [&old, &new] {
        store.stores().plans.create_invite(invite, MANY).await.unwrap();
    }
    store.kill().await;
    let plans = store.stores().plans;
    assert_eq!(plans.invites(plan.id).await.unwrap(), [new.clone(), old.clone()]);
    assert!(plans.revoke_invite(plan.id, new.id).await.unwrap());
    assert_eq!(plans.invites(plan.id).await.unwrap(), [old]);
    let revoked = Invite { revoked: true, ..new };
    assert_eq!(plans.invite(hash(2)).await.unwrap(), Some(revoked));
    assert_eq!(plans.invite(hash(3)).await.unwrap(), None);
}

pub(super) async fn an_invite_belongs_to_one_plan(store: impl Everything) {
    let stores = store.stores();
    let owner = known(&stores, "owner").await;
    let (plan, other) = (kept(&stores, &owner, 0).await, kept(&stores, &owner, 0).await);
    let kept = invite(plan.id, owner.id, hash(1), 1);
    stores.plans.create_invite(&kept, MANY).await.unwrap();
    assert!(!stores.plans.revoke_invite(other.id, kept.id).await.unwrap());
    assert_eq!(stores.plans.invites(plan.id).await.unwrap(), std::slice::from_ref(&kept));
    assert!(stores.plans.invites(other.id).await.unwrap().is_empty());
    assert!(conflicts(&stores.plans.create_invite(&kept, MANY).await, conflict::EXISTS));
    let stray = invite(trip(), owner.id, hash(2), 1);
    assert!(conflicts(&stores.plans.create_invite(&stray, MANY).await, conflict::MISSING));
}
