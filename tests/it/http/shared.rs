//! The interface over a shared database: the same stories, also when two nodes tell them together.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::trips::new_trip;
use crate::{
    mongo::Database,
    serving::{Answer, Person, Serving},
};

async fn save(person: &Person, trip: &str, name: &str) -> Value {
    let saved = person.post(&format!("/documents/{trip}/versions"), json!({"name": name})).await;
    saved.expect(StatusCode::CREATED)
}

async fn title_of(person: &Person, version: &Value) -> Value {
    let path = format!("/versions/{}", version["id"].as_str().unwrap());
    person.get(&path).await.expect(StatusCode::OK)["projection"]["title"].clone()
}

#[tokio::test]
async fn a_trip_in_a_shared_database_is_there_after_a_restart() {
    let database = Arc::new(Database::new().await);
    let server = Serving::start_on(&database).await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let version = save(&minji, &trip, "처음").await;
    minji.patch(&format!("/trips/{trip}"), json!({"title": "부산"})).await.expect(StatusCode::OK);
    for beside in ["moim.db", "token.keys"] {
        assert!(!server.data().join(beside).exists(), "{beside}");
    }

    let server = server.restart().await;
    let mut minji = minji.moved_to(&server.base);
    minji.take_session(minji.refresh().await);
    let list = minji.get("/trips").await.expect(StatusCode::OK);
    assert_eq!(list["items"][0]["title"], "부산");
    let path = format!("/versions/{}/restore", version["id"].as_str().unwrap());
    minji.post(&path, json!({})).await.expect(StatusCode::OK);
    let projection = minji.get(&format!("/trips/{trip}/projection")).await;
    assert_eq!(projection.expect(StatusCode::OK)["title"], "제주");
}

#[tokio::test]
async fn two_nodes_know_the_same_people_trips_and_members() {
    let database = Arc::new(Database::new().await);
    let one = Serving::start_on(&database).await;
    let other = Serving::start_on(&database).await;
    let (minji, jun) = (one.person("minji").await, other.person("jun").await);
    let again = json!({"mail": "minji@example.org", "password": "long enough", "name": "x"});
    // Nobody is told, and the account stays as it is: its password is good here as well.
    other.anybody().post("/accounts", again).await.expect(StatusCode::CREATED);
    other.anybody().log_in("minji@example.org").await;

    let trip = new_trip(&minji, "제주").await;
    let invite = minji.post(&format!("/trips/{trip}/invites"), json!({"role": "editor"})).await;
    let invite = invite.expect(StatusCode::CREATED);
    let accept = format!("/invites/{}/accept", invite["token"].as_str().unwrap());
    jun.post(&accept, json!({})).await.expect(StatusCode::OK);
    let members = minji.get(&format!("/trips/{trip}/members")).await.expect(StatusCode::OK);
    assert_eq!(members.as_array().unwrap().len(), 2);

    // A token of the one is good at the other, and a session that ends there has ended here.
    let elsewhere = minji.moved_to(&other.base);
    elsewhere.get(&format!("/trips/{trip}")).await.expect(StatusCode::OK);
    let mut renewed = elsewhere.clone();
    renewed.take_session(elsewhere.refresh().await);
    // An old token leads to the same successor here, and ends when its session does.
    assert_eq!(minji.refresh().await.cookie(), renewed.refresh().await.cookie());
    let request = renewed.request(Method::DELETE, "/sessions/current");
    Answer::of(request.header("cookie", &renewed.cookie)).await.expect(StatusCode::NO_CONTENT);
    minji.refresh().await.refused(401, "session_over");
}

#[tokio::test]
async fn two_nodes_that_save_the_same_trip_at_once_both_keep_all_of_it() {
    let database = Arc::new(Database::new().await);
    let one = Serving::start_on(&database).await;
    let other = Serving::start_on(&database).await;
    let here = one.person("minji").await;
    let there = here.moved_to(&other.base);
    let trip = new_trip(&here, "제주").await;
    for round in 0..6 {
        let title = format!("제주 {round}");
        let renamed = here.patch(&format!("/trips/{trip}"), json!({"title": title})).await;
        renamed.expect(StatusCode::OK);
        let (mine, theirs) = tokio::join!(save(&here, &trip, "1"), save(&there, &trip, "2"));
        assert_eq!(title_of(&there, &mine).await, json!(title));
        assert_eq!(title_of(&here, &theirs).await, json!(title));
    }
    let list = there.get(&format!("/documents/{trip}/versions")).await.expect(StatusCode::OK);
    assert_eq!(list["items"].as_array().unwrap().len(), 12);
}
