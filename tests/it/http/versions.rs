//! Versions: saved, listed, read, restored as an edit, copied into another trip.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::trips::new_trip;
use crate::serving::{Answer, Person, Serving};

/// A trip whose document went through these titles; a version is saved of each.
async fn trip_with_versions(person: &Person, titles: &[&str]) -> (String, Vec<Value>) {
    let trip = new_trip(person, "제주").await;
    let mut versions = Vec::new();
    for title in titles {
        let renamed = person.patch(&format!("/trips/{trip}"), json!({"title": title})).await;
        renamed.expect(StatusCode::OK);
        let version =
            person.post(&format!("/documents/{trip}/versions"), json!({"name": title})).await;
        versions.push(version.expect(StatusCode::CREATED));
    }
    (trip, versions)
}

async fn title(person: &Person, trip: &str) -> Value {
    let projection = person.get(&format!("/trips/{trip}/projection")).await;
    projection.expect(StatusCode::OK)["title"].clone()
}

fn path(version: &Value, act: &str) -> String {
    format!("/versions/{}{act}", version["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_version_keeps_what_the_document_was() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let (trip, versions) = trip_with_versions(&minji, &["하나", "둘"]).await;
    let first = minji.get(&path(&versions[0], "")).await.expect(StatusCode::OK);
    assert_eq!((&first["name"], &first["cause"]), (&json!("하나"), &json!("saved")));
    assert_eq!((&first["document"], &first["by"]["name"]), (&json!(trip), &json!("minji")));
    assert_eq!(first["projection"]["title"], "하나");
    assert_eq!(title(&minji, &trip).await, "둘");
}

#[tokio::test]
async fn versions_are_paged_newest_first() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let (trip, _) = trip_with_versions(&minji, &["1", "2", "3"]).await;
    let list = format!("/documents/{trip}/versions?limit=2");
    let page = minji.get(&list).await.expect(StatusCode::OK);
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&page), ["3", "2"]);
    let next = format!("{list}&cursor={}", page["next"].as_str().unwrap());
    let page = minji.get(&next).await.expect(StatusCode::OK);
    assert_eq!((names(&page), &page["next"]), (vec!["1".to_owned()], &json!(null)));
}

#[tokio::test]
async fn a_restore_is_an_edit_that_leaves_the_state_before_it() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let (trip, versions) = trip_with_versions(&minji, &["하나", "둘"]).await;
    minji.patch(&format!("/trips/{trip}"), json!({"title": "셋"})).await.expect(StatusCode::OK);
    let restored = minji.post(&path(&versions[0], "/restore"), json!({})).await;
    let restored = restored.expect(StatusCode::OK);
    assert_eq!(title(&minji, &trip).await, "하나");
    assert_eq!(
        (&restored["after"]["cause"], &restored["after"]["from"]),
        (&json!("restored"), &versions[0]["id"])
    );
    assert_eq!(restored["before"]["cause"], "beforeRestore");
    let undone = minji.post(&path(&restored["before"], "/restore"), json!({})).await;
    undone.expect(StatusCode::OK);
    assert_eq!(title(&minji, &trip).await, "셋");
}

#[tokio::test]
async fn a_restore_that_is_sent_again_is_carried_out_once() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let (trip, versions) = trip_with_versions(&minji, &["하나", "둘"]).await;
    let restore = async || {
        let request = minji.request(reqwest::Method::POST, &path(&versions[0], "/restore"));
        Answer::of(request.header("idempotency-key", "key-1")).await.expect(StatusCode::OK)
    };
    assert_eq!(restore().await, restore().await);
    let list = minji.get(&format!("/documents/{trip}/versions")).await.expect(StatusCode::OK);
    assert_eq!(list["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_copy_is_a_trip_of_ones_own() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let form = json!({"sample": "jeju", "language": "ko"});
    let trip = minji.post("/trips", form).await.expect(StatusCode::CREATED);
    let source = trip["id"].as_str().unwrap();
    let saved = minji.post(&format!("/documents/{source}/versions"), json!({})).await;
    let saved = saved.expect(StatusCode::CREATED);
    assert_eq!(saved["name"], json!(null));
    let copy = minji.post(&path(&saved, "/copy"), json!({"title": "다시 제주"})).await;
    let copy = copy.expect(StatusCode::CREATED);
    assert_ne!(copy["id"], trip["id"]);
    assert_eq!((&copy["title"], &copy["counts"]), (&json!("다시 제주"), &trip["counts"]));
    let projections = async |id: &Value| {
        let path = format!("/trips/{}/projection", id.as_str().unwrap());
        minji.get(&path).await.expect(StatusCode::OK)
    };
    let (old, new) = (projections(&trip["id"]).await, projections(&copy["id"]).await);
    assert_eq!(old["days"][0]["cards"][0]["place"], new["days"][0]["cards"][0]["place"]);
    assert_ne!(old["days"][0]["cards"][0]["id"], new["days"][0]["cards"][0]["id"]);
}

#[tokio::test]
async fn a_version_without_a_body_has_no_name() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let request = minji.request(reqwest::Method::POST, &format!("/documents/{trip}/versions"));
    let saved = Answer::of(request).await.expect(StatusCode::CREATED);
    assert_eq!(saved["name"], json!(null));
}

#[tokio::test]
async fn a_stranger_finds_no_version() {
    let server = Serving::start().await;
    let (minji, stranger) = (server.person("minji").await, server.person("stranger").await);
    let (_, versions) = trip_with_versions(&minji, &["하나"]).await;
    stranger.get(&path(&versions[0], "")).await.refused(404, "not_found");
    stranger.get("/versions/01JABCDEFGHJKMNPQRSTVWXYZ0").await.refused(404, "not_found");
    stranger.get("/versions/nothing").await.refused(404, "not_found");
}
