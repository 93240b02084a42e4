//! Trips: made, listed by the page, renamed, put away, and seen by nobody else.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::serving::{Answer, Person, Serving};

/// The id of a new trip.
pub(crate) async fn new_trip(person: &Person, title: &str) -> String {
    let trip = person.post("/trips", json!({"title": title})).await.expect(StatusCode::CREATED);
    trip["id"].as_str().unwrap().to_owned()
}

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|trip| trip["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_new_trip_is_as_it_was_asked_for() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let form = json!({"title": " 제주 ", "start": "2026-12-24", "days": 3, "tz": "Asia/Seoul", "cur": "KRW"});
    let trip = minji.post("/trips", form).await.expect(StatusCode::CREATED);
    assert_eq!(
        (&trip["title"], &trip["status"], &trip["role"]),
        (&json!("제주"), &json!("active"), &json!("owner"))
    );
    assert_eq!((&trip["start"], &trip["end"]), (&json!("2026-12-24"), &json!("2026-12-26")));
    assert_eq!(trip["counts"], json!({"days": 3, "cards": 0, "places": 0}));
    assert_eq!((&trip["memberCount"], &trip["here"]), (&json!(1), &json!(0)));
    let id = trip["id"].as_str().unwrap();
    assert_eq!(minji.get(&format!("/trips/{id}")).await.expect(StatusCode::OK), trip);
    let projection = minji.get(&format!("/trips/{id}/projection")).await.expect(StatusCode::OK);
    assert_eq!(
        (&projection["title"], &projection["days"][2]["date"]),
        (&json!("제주"), &json!("2026-12-26"))
    );
    assert_eq!((&projection["tz"], &projection["cur"]), (&json!("Asia/Seoul"), &json!("KRW")));
}

#[tokio::test]
async fn an_id_may_come_percent_encoded() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let id = new_trip(&minji, "제주").await;
    let trip = minji.get(&format!("/trips/{}", id.replace(':', "%3A"))).await;
    assert_eq!(trip.expect(StatusCode::OK)["id"], id);
}

#[tokio::test]
async fn a_sample_is_one_click_away_in_both_languages() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    for (sample, language, word) in [("jeju", "ko", "성산일출봉"), ("osaka", "en", "Osaka Castle")]
    {
        let form = json!({"sample": sample, "language": language, "start": "2027-01-01"});
        let trip = minji.post("/trips", form).await.expect(StatusCode::CREATED);
        assert_eq!((&trip["counts"]["days"], &trip["end"]), (&json!(4), &json!("2027-01-04")));
        let path = format!("/trips/{}/projection", trip["id"].as_str().unwrap());
        let projection = minji.get(&path).await;
        assert!(projection.text.contains(word), "{}", projection.text);
        let projection = projection.expect(StatusCode::OK);
        let lost = |card: &Value| card["lost"] == json!(true);
        assert!(!projection["tray"].as_array().unwrap().iter().any(lost));
    }
}

#[tokio::test]
async fn a_form_without_a_title_is_no_trip() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let problem = minji.post("/trips", json!({"days": 400})).await.refused(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "title");
    assert_eq!(problem["errors"][1]["field"], "days");
}

#[tokio::test]
async fn the_list_is_paged_and_every_trip_comes_once() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    for n in 0..7 {
        new_trip(&minji, &format!("trip {n}")).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/trips?limit=3".to_owned());
    loop {
        let page = minji.get(&path).await.expect(StatusCode::OK);
        seen.extend(titles(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/trips?limit=3&cursor={next}");
    }
    assert_eq!(seen, (0..7).rev().map(|n| format!("trip {n}")).collect::<Vec<_>>());
    minji.get("/trips?cursor=nonsense").await.refused(400, "malformed_cursor");
}

#[tokio::test]
async fn a_trip_is_renamed_in_its_document() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let path = format!("/trips/{}", new_trip(&minji, "제주").await);
    let renamed = minji.patch(&path, json!({"title": "제주 다시"})).await.expect(StatusCode::OK);
    assert_eq!(renamed["title"], "제주 다시");
    let projection = minji.get(&format!("{path}/projection")).await.expect(StatusCode::OK);
    assert_eq!(projection["title"], "제주 다시");
    minji.patch(&path, json!({"title": " "})).await.refused(422, "invalid");
}

#[tokio::test]
async fn a_rename_is_there_after_a_restart_also_in_the_list() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let path = format!("/trips/{}", new_trip(&minji, "제주").await);
    minji.patch(&path, json!({"title": "제주 다시"})).await.expect(StatusCode::OK);
    let server = server.restart().await;
    let mut again = server.anybody();
    again.access = minji.access;
    let minji = again;
    let projection = minji.get(&format!("{path}/projection")).await.expect(StatusCode::OK);
    assert_eq!(projection["title"], "제주 다시");
    assert_eq!(titles(&minji.get("/trips").await.expect(StatusCode::OK)), ["제주 다시"]);
}

#[tokio::test]
async fn a_trip_goes_to_the_archive_and_to_the_trash_and_comes_back() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let path = format!("/trips/{}", new_trip(&minji, "제주").await);
    for status in ["archived", "trashed", "active"] {
        let trip = minji.patch(&path, json!({"status": status})).await.expect(StatusCode::OK);
        assert_eq!(trip["status"], status);
        for list in ["active", "archived", "trashed"] {
            let page = minji.get(&format!("/trips?status={list}")).await.expect(StatusCode::OK);
            assert_eq!(titles(&page).len(), usize::from(list == status), "{list} {status}");
        }
    }
}

#[tokio::test]
async fn in_the_trash_everybody_is_a_reader() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let id = new_trip(&minji, "제주").await;
    let path = format!("/trips/{id}");
    minji.patch(&path, json!({"status": "trashed"})).await.expect(StatusCode::OK);
    minji.patch(&path, json!({"title": "x"})).await.refused(409, "trashed");
    minji.post(&format!("/documents/{id}/versions"), json!({})).await.refused(409, "trashed");
    let ticket = minji.post(&format!("/documents/{id}/tickets"), json!({})).await;
    assert_eq!(ticket.expect(StatusCode::OK)["role"], "viewer");
    let both = json!({"title": "제주 다시", "status": "active"});
    assert_eq!(minji.patch(&path, both).await.expect(StatusCode::OK)["title"], "제주 다시");
}

#[tokio::test]
async fn a_stranger_can_not_tell_a_trip_from_none() {
    let server = Serving::start().await;
    let (minji, stranger) = (server.person("minji").await, server.person("stranger").await);
    let id = new_trip(&minji, "제주").await;
    let nowhere = "trip:01JABCDEFGHJKMNPQRSTVWXYZ0";
    for path in [
        "/trips/ID",
        "/trips/ID/projection",
        "/trips/ID/members",
        "/trips/ID/invites",
        "/documents/ID/versions",
    ] {
        let refused =
            async |id: &str| stranger.get(&path.replace("ID", id)).await.refused(404, "not_found");
        assert_eq!(refused(&id).await, refused(nowhere).await, "{path}");
        assert_eq!(refused(&id).await, refused("no-id").await, "{path}");
    }
    let ticket = stranger.post(&format!("/documents/{id}/tickets"), json!({})).await;
    ticket.refused(404, "not_found");
    assert!(titles(&stranger.get("/trips").await.expect(StatusCode::OK)).is_empty());
    server.anybody().get(&format!("/trips/{id}")).await.refused(401, "no_token");
}

/// Sends a creation with a key.
async fn create(person: &Person, key: &str, form: &Value) -> Answer {
    let request = person.request(Method::POST, "/trips").header("idempotency-key", key);
    Answer::of(request.json(form)).await
}

#[tokio::test]
async fn a_creation_that_is_sent_again_is_carried_out_once() {
    let server = Serving::start().await;
    let (minji, jun) = (server.person("minji").await, server.person("jun").await);
    let form = json!({"title": "제주"});
    let first = create(&minji, "key-1", &form).await;
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = create(&minji, "key-1", &form).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.expect(StatusCode::CREATED), again.expect(StatusCode::CREATED));
    create(&minji, "key-1", &json!({"title": "오사카"})).await.refused(409, "key_reused");
    assert_eq!(titles(&minji.get("/trips").await.expect(StatusCode::OK)), ["제주"]);
    // Keys belong to a person.
    create(&jun, "key-1", &form).await.expect(StatusCode::CREATED);
    create(&minji, "", &form).await.refused(400, "malformed_key");
}

#[tokio::test]
async fn a_creation_that_failed_may_be_tried_again_with_its_key() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    create(&minji, "key-1", &json!({"title": ""})).await.refused(422, "invalid");
    create(&minji, "key-1", &json!({"title": ""})).await.refused(422, "invalid");
    create(&minji, "key-1", &json!({"title": "제주"})).await.expect(StatusCode::CREATED);
}
