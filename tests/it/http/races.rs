//! Two requests about the same people at the same moment, over and over: nobody gets a right that an owner took.

use std::sync::Arc;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::members::{accept_path, invite, join};
use crate::{
    http::trips::new_trip,
    mongo::Database,
    serving::{Person, Serving},
};

/// How often each race is run.
const ROUNDS: usize = 12;

/// Each race on both stores.
macro_rules! races {
    ($($race:ident),* $(,)?) => {
        mod sqlite {
            use crate::serving::Serving;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $race() {
                    super::$race(Serving::start().await).await;
                }
            )*
        }

        mod mongodb {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $race() {
                    super::$race(super::on_mongodb().await).await;
                }
            )*
        }
    };
}

races! {
    a_role_that_is_set_brings_nobody_back_who_is_taken_out,
    a_link_that_is_used_lowers_nobody_who_is_raised,
    a_link_brings_nobody_back_who_was_taken_out_or_lowered,
    owners_who_go_at_once_leave_one,
    a_link_that_was_taken_back_lets_nobody_in,
    what_two_change_of_one_account_both_counts,
    whatever_happens_to_a_trip_at_once_it_is_one_thing_in_the_end,
}

async fn on_mongodb() -> Serving {
    Serving::start_on(&Arc::new(Database::new().await)).await
}

async fn role_of(owner: &Person, trip: &str, person: &Person) -> Option<String> {
    let members = owner.get(&format!("/trips/{trip}/members")).await.expect(StatusCode::OK);
    let found = members.as_array().unwrap().iter().find(|member| member["user"] == person.id);
    found.map(|member| member["role"].as_str().unwrap().to_owned())
}

fn member(trip: &str, person: &Person) -> String {
    format!("/trips/{trip}/members/{}", person.id)
}

async fn set(owner: &Person, trip: &str, person: &Person, role: &str) -> StatusCode {
    owner.patch(&member(trip, person), json!({"role": role})).await.status
}

async fn accept(person: &Person, invite: &Value) -> StatusCode {
    person.post(&accept_path(invite), json!({})).await.status
}

async fn a_role_that_is_set_brings_nobody_back_who_is_taken_out(server: Serving) {
    let (owner, guest) = (server.person("owner").await, server.person("guest").await);
    let trip = new_trip(&owner, "제주").await;
    for round in 0..ROUNDS {
        join(&owner, &trip, &guest, "viewer").await;
        let path = member(&trip, &guest);
        let (set, removed) =
            tokio::join!(set(&owner, &trip, &guest, "editor"), owner.delete(&path));
        assert_eq!(removed.status, StatusCode::NO_CONTENT, "round {round}");
        assert!([StatusCode::OK, StatusCode::NOT_FOUND].contains(&set), "round {round}: {set}");
        assert_eq!(role_of(&owner, &trip, &guest).await, None, "round {round}");
        guest.get(&format!("/trips/{trip}")).await.refused(404, "not_found");
    }
}

async fn a_link_that_is_used_lowers_nobody_who_is_raised(server: Serving) {
    let (owner, guest) = (server.person("owner").await, server.person("guest").await);
    for round in 0..ROUNDS {
        let trip = new_trip(&owner, "제주").await;
        join(&owner, &trip, &guest, "viewer").await;
        let link = invite(&owner, &trip, json!({"role": "editor"})).await;
        let (accepted, raised) =
            tokio::join!(accept(&guest, &link), set(&owner, &trip, &guest, "owner"));
        assert_eq!((accepted, raised), (StatusCode::OK, StatusCode::OK), "round {round}");
        assert_eq!(role_of(&owner, &trip, &guest).await.as_deref(), Some("owner"), "round {round}");
    }
}

async fn a_link_brings_nobody_back_who_was_taken_out_or_lowered(server: Serving) {
    let (owner, guest) = (server.person("owner").await, server.person("guest").await);
    let trip = new_trip(&owner, "제주").await;
    for round in 0..ROUNDS {
        let [used, spare] = [(); 2].map(|()| invite(&owner, &trip, json!({"role": "editor"})));
        let (used, spare) = tokio::join!(used, spare);
        assert_eq!(accept(&guest, &used).await, StatusCode::OK);
        let is_removed = round % 2 == 0;
        let take = async {
            if is_removed {
                owner.delete(&member(&trip, &guest)).await.status
            } else {
                set(&owner, &trip, &guest, "viewer").await
            }
        };
        let (taken, ..) = tokio::join!(take, accept(&guest, &used), accept(&guest, &spare));
        assert!(taken.is_success(), "round {round}");
        // Afterwards neither the link that was used nor another of before is good for more.
        let expected = if is_removed { StatusCode::GONE } else { StatusCode::OK };
        for link in [&used, &spare] {
            assert_eq!(accept(&guest, link).await, expected, "round {round}");
        }
        let left = (!is_removed).then_some("viewer");
        assert_eq!(role_of(&owner, &trip, &guest).await.as_deref(), left, "round {round}");
        // Nor after going by oneself; a new one is.
        if !is_removed {
            guest.delete(&member(&trip, &guest)).await.expect(StatusCode::NO_CONTENT);
            assert_eq!(accept(&guest, &used).await, StatusCode::OK);
            assert_eq!(role_of(&owner, &trip, &guest).await.as_deref(), Some("viewer"));
        }
        let newer = invite(&owner, &trip, json!({"role": "editor"})).await;
        assert_eq!(accept(&guest, &newer).await, StatusCode::OK, "round {round}");
        assert_eq!(role_of(&owner, &trip, &guest).await.as_deref(), Some("editor"));
        owner.delete(&member(&trip, &guest)).await.expect(StatusCode::NO_CONTENT);
        for link in [used, spare, newer] {
            let path = format!("/trips/{trip}/invites/{}", link["id"].as_str().unwrap());
            owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
        }
    }
}

/// By leaving, by lowering themselves, by lowering or taking out each other.
async fn owners_who_go_at_once_leave_one(server: Serving) {
    let (one, other) = (server.person("one").await, server.person("other").await);
    for round in 0..ROUNDS {
        let trip = new_trip(&one, "제주").await;
        join(&one, &trip, &other, "editor").await;
        assert_eq!(set(&one, &trip, &other, "owner").await, StatusCode::OK);
        let go = async |who: &Person, whom: &Person, is_removal: bool| {
            if is_removal {
                who.delete(&member(&trip, whom)).await.status
            } else {
                set(who, &trip, whom, "viewer").await
            }
        };
        let (mine, theirs) = if round % 3 == 0 { (&other, &one) } else { (&one, &other) };
        tokio::join!(go(&one, mine, round % 2 == 0), go(&other, theirs, round % 4 < 2));
        let mut owners = 0;
        for person in [&one, &other] {
            let seen = person.get(&format!("/trips/{trip}")).await;
            owners += usize::from(
                seen.status == StatusCode::OK && seen.text.contains(r#""role":"owner","start""#),
            );
        }
        assert_eq!(owners, 1, "round {round}");
    }
}

async fn a_link_that_was_taken_back_lets_nobody_in(server: Serving) {
    let (owner, guest) = (server.person("owner").await, server.person("guest").await);
    let trip = new_trip(&owner, "제주").await;
    for round in 0..ROUNDS {
        let link = invite(&owner, &trip, json!({"role": "viewer"})).await;
        let path = format!("/trips/{trip}/invites/{}", link["id"].as_str().unwrap());
        let revoking = async {
            owner.delete(&path).await.expect(StatusCode::NO_CONTENT);
            role_of(&owner, &trip, &guest).await
        };
        let (accepted, then) = tokio::join!(accept(&guest, &link), revoking);
        assert_eq!(role_of(&owner, &trip, &guest).await, then, "round {round}: in afterwards");
        assert_eq!(then.is_some(), accepted == StatusCode::OK, "round {round}: {accepted}");
        assert_eq!(accept(&guest, &link).await, StatusCode::GONE);
        if then.is_some() {
            guest.delete(&member(&trip, &guest)).await.expect(StatusCode::NO_CONTENT);
        }
    }
}

async fn what_two_change_of_one_account_both_counts(server: Serving) {
    let minji = server.person("minji").await;
    for round in 0..ROUNDS {
        let (name, color) = (format!("민지 {round}"), format!("#0000{round:02}"));
        let (named, spoken, colored) = tokio::join!(
            minji.patch("/accounts/me", json!({"name": name})),
            minji.patch("/accounts/me", json!({"language": "en"})),
            minji.patch("/accounts/me", json!({"color": color})),
        );
        for changed in [named, spoken, colored] {
            changed.expect(StatusCode::OK);
        }
        let now = minji.get("/accounts/me").await.expect(StatusCode::OK);
        assert_eq!((&now["name"], &now["color"]), (&json!(name), &json!(color)), "round {round}");
        assert_eq!(now["language"], "en");
        minji.patch("/accounts/me", json!({"language": "ko"})).await.expect(StatusCode::OK);
    }
}

/// Put away, taken back, renamed, saved, restored, begun anew: nobody gets an answer of the wrong kind, and afterwards
/// the document opens and has a title that somebody gave it, whole.
async fn whatever_happens_to_a_trip_at_once_it_is_one_thing_in_the_end(server: Serving) {
    let (one, two) = (server.person("one").await, server.person("two").await);
    let trip = new_trip(&one, "제주").await;
    join(&one, &trip, &two, "editor").await;
    assert_eq!(set(&one, &trip, &two, "owner").await, StatusCode::OK);
    let path = format!("/trips/{trip}");
    let renewals = format!("/documents/{trip}/renewals");
    let versions = format!("/documents/{trip}/versions");
    let saved = one.post(&versions, json!({"name": "first"})).await.expect(StatusCode::CREATED);
    let restore = format!("/versions/{}/restore", saved["id"].as_str().unwrap());
    let mut titles = vec!["제주".to_owned()];
    for round in 0..ROUNDS / 2 {
        let [mine, theirs] = ["mine", "theirs"].map(|whose| format!("{whose} {round}"));
        let acts = [
            one.patch(&path, json!({"title": mine})),
            two.patch(&path, json!({"title": theirs})),
            one.patch(&path, json!({"status": "trashed"})),
            two.patch(&path, json!({"status": "archived"})),
        ];
        let more = [
            one.post(&versions, json!({})),
            two.post(&restore, json!({})),
            one.post(&renewals, json!({})),
        ];
        let (acts, more) = tokio::join!(join_all(acts), join_all(more));
        for answer in acts.into_iter().chain(more) {
            let status = answer.status.as_u16();
            assert!([200, 201, 409].contains(&status), "round {round}: {status} {}", answer.text);
        }
        one.patch(&path, json!({"status": "active"})).await.expect(StatusCode::OK);
        titles.extend([mine, theirs]);
        let shown = two.get(&format!("{path}/projection")).await.expect(StatusCode::OK);
        let shown = shown["title"].as_str().unwrap().to_owned();
        assert!(titles.contains(&shown), "round {round}: {shown}");
        one.patch(&path, json!({"title": "제주"})).await.expect(StatusCode::OK);
    }
}
