//! Plans: a person's list in order, members with an owner among them, invitations.

use moim::{
    ids::{Role, UserId},
    store::{
        Account, Invite, MAX_MEMBERS, Member, Plan, PlanCursor, PlanStatus, Plans, Stores, Summary,
        conflict,
    },
};

use super::{
    Everything, conflicts,
    records::{at, hash, invite, known, member, plan, trip},
};

claims!($ plans:
    a_plan_comes_back_as_it_was_kept,
    a_plan_is_made_once_and_by_an_account,
    a_list_pages_through_all_plans_last_touched_first,
    a_list_holds_the_plans_of_one_person_and_status,
    every_plan_is_named_page_by_page,
    a_summary_moves_the_plan_to_the_top,
    members_come_in_the_order_of_joining,
    the_last_owner_stays,
    of_two_owners_who_leave_at_once_one_stays,
    a_plan_has_no_more_members_than_it_may,
    an_invite_is_found_until_it_is_revoked,
    an_invite_belongs_to_one_plan,
);

async fn kept(stores: &Stores, owner: &Account, touched: i64) -> Plan {
    let plan = plan(touched);
    stores.plans.create(&plan, owner.id).await.unwrap();
    plan
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
    assert_eq!(plans.role(plan.id, owner.id).await.unwrap(), Some(Role::Owner));
    assert_eq!(plans.role(plan.id, UserId::new()).await.unwrap(), None);
    assert_eq!(plans.get(trip()).await.unwrap(), None);
}

pub(super) async fn a_plan_is_made_once_and_by_an_account(store: impl Everything) {
    let stores = store.stores();
    let owner = known(&stores, "owner").await;
    let plan_one = kept(&stores, &owner, 0).await;
    assert!(conflicts(&stores.plans.create(&plan_one, owner.id).await, conflict::EXISTS));
    let plan_two = plan(0);
    assert!(conflicts(&stores.plans.create(&plan_two, UserId::new()).await, conflict::MISSING));
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
    plans.put_member(shared.id, &member(guest.id, Role::Viewer, 2)).await.unwrap();
    let listed = plans.list(guest.id, PlanStatus::Active, None, 10).await.unwrap();
    assert_eq!(listed, [(shared.clone(), Role::Viewer)]);

    assert!(plans.set_status(shared.id, PlanStatus::Archived, at(5)).await.unwrap());
    assert!(!plans.set_status(trip(), PlanStatus::Archived, at(5)).await.unwrap());
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
    stores.plans.set_status(made[0], PlanStatus::Trashed, at(9)).await.unwrap();
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

pub(super) async fn members_come_in_the_order_of_joining(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let owner = known(&stores, "owner").await;
    let (late, early) = (known(&stores, "late").await, known(&stores, "early").await);
    let plan = kept(&stores, &owner, 0).await;
    plans.put_member(plan.id, &member(late.id, Role::Viewer, 9)).await.unwrap();
    plans.put_member(plan.id, &member(early.id, Role::Editor, 4)).await.unwrap();
    // A change of role is no new joining.
    plans.put_member(plan.id, &member(late.id, Role::Commenter, 1)).await.unwrap();
    let expected = [
        (member(owner.id, Role::Owner, 0), owner.clone()),
        (member(early.id, Role::Editor, 4), early),
        (member(late.id, Role::Commenter, 9), late.clone()),
    ];
    assert_eq!(plans.members(plan.id).await.unwrap(), expected);

    assert!(plans.remove_member(plan.id, late.id).await.unwrap());
    assert!(!plans.remove_member(plan.id, late.id).await.unwrap());
    assert_eq!(plans.role(plan.id, late.id).await.unwrap(), None);
    let stranger = member(UserId::new(), Role::Viewer, 0);
    assert!(conflicts(&plans.put_member(plan.id, &stranger).await, conflict::MISSING));
    let nowhere = plans.put_member(trip(), &member(owner.id, Role::Owner, 0)).await;
    assert!(conflicts(&nowhere, conflict::MISSING));
}

pub(super) async fn the_last_owner_stays(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let (owner, heir) = (known(&stores, "owner").await, known(&stores, "heir").await);
    let plan = kept(&stores, &owner, 0).await;
    let lowered = member(owner.id, Role::Editor, 0);
    assert!(conflicts(&plans.put_member(plan.id, &lowered).await, conflict::LAST_OWNER));
    assert!(conflicts(&plans.remove_member(plan.id, owner.id).await, conflict::LAST_OWNER));
    assert_eq!(plans.role(plan.id, owner.id).await.unwrap(), Some(Role::Owner));

    plans.put_member(plan.id, &member(owner.id, Role::Owner, 0)).await.unwrap();
    plans.put_member(plan.id, &member(heir.id, Role::Owner, 1)).await.unwrap();
    plans.put_member(plan.id, &lowered).await.unwrap();
    assert!(conflicts(&plans.remove_member(plan.id, heir.id).await, conflict::LAST_OWNER));
}

pub(super) async fn of_two_owners_who_leave_at_once_one_stays(store: impl Everything) {
    let stores = store.stores();
    let plans = &stores.plans;
    let (one, two) = (known(&stores, "one").await, known(&stores, "two").await);
    let plan = kept(&stores, &one, 0).await;
    plans.put_member(plan.id, &member(two.id, Role::Owner, 1)).await.unwrap();
    let (first, second) =
        tokio::join!(plans.remove_member(plan.id, one.id), plans.remove_member(plan.id, two.id));
    assert_ne!(first.is_ok(), second.is_ok());
    assert_eq!(plans.members(plan.id).await.unwrap().len(), 1);
}

pub(super) async fn a_plan_has_no_more_members_than_it_may(store: impl Everything) {
    let stores = store.stores();
    let owner = known(&stores, "owner").await;
    let plan = kept(&stores, &owner, 0).await;
    let mut put = Vec::new();
    for number in 0..MAX_MEMBERS {
        let user = known(&stores, &format!("member{number}")).await;
        let new = member(user.id, Role::Viewer, 1);
        put.push((new, stores.plans.put_member(plan.id, &new).await));
    }
    let (_, last) = put.pop().unwrap();
    assert!(conflicts(&last, conflict::FULL));
    assert!(put.iter().all(|(_, result)| result.is_ok()));
    // Who is in already can still be given another role.
    let again = Member { role: Role::Editor, ..put[0].0 };
    stores.plans.put_member(plan.id, &again).await.unwrap();
}

pub(super) async fn an_invite_is_found_until_it_is_revoked(mut store: impl Everything) {
    let owner = known(&store.stores(), "owner").await;
    let plan = kept(&store.stores(), &owner, 0).await;
    let (old, new) = (invite(plan.id, owner.id, hash(1), 1), invite(plan.id, owner.id, hash(2), 2));
    for invite in [&old, &new] {
        store.stores().plans.create_invite(invite).await.unwrap();
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
    stores.plans.create_invite(&kept).await.unwrap();
    assert!(!stores.plans.revoke_invite(other.id, kept.id).await.unwrap());
    assert_eq!(stores.plans.invites(plan.id).await.unwrap(), std::slice::from_ref(&kept));
    assert!(stores.plans.invites(other.id).await.unwrap().is_empty());
    assert!(conflicts(&stores.plans.create_invite(&kept).await, conflict::EXISTS));
    let stray = invite(trip(), owner.id, hash(2), 1);
    assert!(conflicts(&stores.plans.create_invite(&stray).await, conflict::MISSING));
}
