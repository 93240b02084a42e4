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
async fn what_is_saved_already_is_not_saved_again() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let (trip, saved) = trip_with_versions(&minji, &["하나"]).await;
    let path = format!("/documents/{trip}/versions");
    let save = async |form: Value, status| minji.post(&path, form).await.expect(status);
    for form in [json!({}), json!({"name": "하나"})] {
        assert_eq!(save(form, StatusCode::OK).await["id"], saved[0]["id"]);
    }
    // A name is something new.
    let named = save(json!({"name": "떠나기 전"}), StatusCode::CREATED).await;
    assert_ne!(named["id"], saved[0]["id"]);
    minji.patch(&format!("/trips/{trip}"), json!({"title": "둘"})).await.expect(StatusCode::OK);
    let changed = save(json!({}), StatusCode::CREATED).await;
    assert_eq!(save(json!({}), StatusCode::OK).await["id"], changed["id"]);
    let list = minji.get(&path).await.expect(StatusCode::OK);
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    // Also after a restart, and a renewal is another document.
    let server = server.restart().await;
    let mut minji = minji.moved_to(&server.base);
    minji.log_in("minji@example.org").await;
    assert_eq!(minji.post(&path, json!({})).await.expect(StatusCode::OK)["id"], changed["id"]);
}

#[tokio::test]
async fn versions_are_saved_and_restored_so_often_and_no_more() {
    let server =
        Serving::start_with(&["--saves-per-minute", "3", "--renewals-per-hour", "1"]).await;
    let minji = server.person("minji").await;
    let (trip, saved) = trip_with_versions(&minji, &["하나", "둘"]).await;
    let versions = format!("/documents/{trip}/versions");
    minji.post(&path(&saved[0], "/restore"), json!({})).await.expect(StatusCode::OK);
    let limited = minji.post(&versions, json!({})).await;
    assert!(limited.header("retry-after").parse::<u64>().unwrap() > 0);
    limited.refused(429, "too_many");
    minji.post(&path(&saved[1], "/restore"), json!({})).await.refused(429, "too_many");
    // Another document has room of its own, and who may not save takes none of it.
    let (other, _) = trip_with_versions(&minji, &["셋"]).await;
    let stranger = server.person("stranger").await;
    for _ in 0..5 {
        stranger
            .post(&format!("/documents/{other}/versions"), json!({}))
            .await
            .refused(404, "not_found");
    }
    let named = json!({"name": "넷"});
    minji.post(&format!("/documents/{other}/versions"), named).await.expect(StatusCode::CREATED);
    let renew = format!("/documents/{trip}/renewals");
    minji.post(&renew, json!({})).await.expect(StatusCode::OK);
    minji.post(&renew, json!({})).await.refused(429, "too_many");
}

#[tokio::test]
async fn names_of_versions_take_three_quarters_and_the_rest_makes_room() {
    let server = Serving::start_with(&["--versions", "4"]).await;
    let minji = server.person("minji").await;
    let (trip, _) = trip_with_versions(&minji, &["하나", "둘", "셋"]).await;
    let versions = format!("/documents/{trip}/versions");
    let full = minji.post(&versions, json!({"name": "넷"})).await.refused(409, "versions_full");
    assert!(full["detail"].as_str().unwrap().contains("without a name"));
    for title in ["넷", "다섯", "여섯"] {
        let renamed = minji.patch(&format!("/trips/{trip}"), json!({"title": title})).await;
        renamed.expect(StatusCode::OK);
        minji.post(&versions, json!({})).await.expect(StatusCode::CREATED);
    }
    let list = minji.get(&versions).await.expect(StatusCode::OK);
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, [&json!(null), &json!("셋"), &json!("둘"), &json!("하나")]);
}

#[tokio::test]
async fn trips_are_made_so_often_and_so_many_and_no_more() {
    let server = Serving::start_with(&["--trips-per-hour", "3"]).await;
    let minji = server.person("minji").await;
    let (_, saved) = trip_with_versions(&minji, &["하나"]).await;
    minji.post(&path(&saved[0], "/copy"), json!({})).await.expect(StatusCode::CREATED);
    minji.post("/trips", json!({"title": "둘"})).await.expect(StatusCode::CREATED);
    minji.post("/trips", json!({"title": "셋"})).await.refused(429, "too_many");
    minji.post(&path(&saved[0], "/copy"), json!({})).await.refused(429, "too_many");
    let server = Serving::start_with(&["--trips-per-person", "1"]).await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "하나").await;
    minji.post("/trips", json!({"title": "둘"})).await.refused(409, "too_many_trips");
    let away = json!({"status": "trashed"});
    minji.patch(&format!("/trips/{trip}"), away).await.expect(StatusCode::OK);
    minji.post("/trips", json!({"title": "둘"})).await.expect(StatusCode::CREATED);
}

/// As fast as a loop can: once the room for versions is full the database grows no more.
#[tokio::test]
async fn saving_all_the_time_takes_no_more_of_the_disk_than_was_set() {
    let server = Serving::start_with(&["--versions-mb", "1"]).await;
    let minji = server.person("minji").await;
    let form = json!({"sample": "jeju", "language": "ko"});
    let trip = minji.post("/trips", form).await.expect(StatusCode::CREATED);
    let trip = trip["id"].as_str().unwrap().to_owned();
    let (versions, path) = (format!("/documents/{trip}/versions"), format!("/trips/{trip}"));
    let database = rusqlite::Connection::open(server.data().join("moim.db")).unwrap();
    let number = |sql: &str| database.query_one(sql, (), |row| row.get::<_, u64>(0)).unwrap();
    let taken =
        || number("SELECT sum(octet_length(state) + octet_length(projection)) FROM versions");
    let kept = || number("SELECT count(*) FROM versions");
    let pages = || number("SELECT page_count FROM pragma_page_count");
    let save = async |round: usize| {
        minji.patch(&path, json!({"title": round.to_string()})).await.expect(StatusCode::OK);
        minji.post(&versions, json!({})).await.expect(StatusCode::CREATED);
    };
    let mut round = 0;
    while kept() as usize == round {
        save(round).await;
        round += 1;
        assert!(round < 500, "it is never full");
    }
    assert!(round > 5, "the newest are there");
    let full = pages();
    for more in 0..round {
        save(round + more).await;
        assert!(taken() <= 1 << 20);
    }
    // Where bytes lie in pages differs a little each time.
    assert!(pages() <= full + full / 5, "{full} pages, and now {}", pages());
}

/// Rights are asked again before an answer of then is given again.
#[tokio::test]
async fn who_may_not_any_more_gets_no_answer_of_when_they_might() {
    let server = Serving::start().await;
    let (owner, guest) = (server.person("owner").await, server.person("guest").await);
    let (trip, saved) = trip_with_versions(&owner, &["하나", "둘"]).await;
    super::join(&owner, &trip, &guest, "editor").await;
    let doc = format!("/documents/{trip}");
    let again = async |person: &Person, path: &str, key: &str| {
        let request = person.request(reqwest::Method::POST, path);
        Answer::of(request.header("idempotency-key", key).json(&json!({}))).await
    };
    let acts = [
        (format!("{doc}/versions"), "save"),
        (path(&saved[0], "/restore"), "restore"),
        (path(&saved[0], "/copy"), "copy"),
    ];
    for (path, key) in &acts {
        assert!(again(&guest, path, key).await.status.is_success());
        let told = again(&guest, path, key).await;
        assert_eq!(told.header("idempotency-replayed"), "true", "{key}");
    }
    let member = format!("/trips/{trip}/members/{}", guest.id);
    owner.patch(&member, json!({"role": "viewer"})).await.expect(StatusCode::OK);
    for (path, key) in &acts[..2] {
        again(&guest, path, key).await.refused(403, "role");
    }
    assert!(again(&guest, &acts[2].0, "copy").await.status.is_success(), "a reader may copy");
    owner.patch(&member, json!({"role": "editor"})).await.expect(StatusCode::OK);
    let status = async |status: &str| {
        let set = owner.patch(&format!("/trips/{trip}"), json!({"status": status})).await;
        set.expect(StatusCode::OK);
    };
    status("trashed").await;
    for (path, key) in &acts[..2] {
        again(&guest, path, key).await.refused(409, "trashed");
    }
    status("active").await;
    again(&owner, &format!("{doc}/renewals"), "renew").await.expect(StatusCode::OK);
    owner.delete(&member).await.expect(StatusCode::NO_CONTENT);
    for (path, key) in &acts {
        again(&guest, path, key).await.refused(404, "not_found");
    }
    // The trip that an answer is about may be somebody else's by now.
    let made = again(&owner, "/trips", "make");
    made.await.refused(422, "invalid");
    let make = async |person: &Person| {
        let request = person.request(reqwest::Method::POST, "/trips");
        Answer::of(request.header("idempotency-key", "mine").json(&json!({"title": "새 여행"})))
            .await
    };
    let made = make(&owner).await.expect(StatusCode::CREATED);
    let made = made["id"].as_str().unwrap().to_owned();
    super::join(&owner, &made, &guest, "editor").await;
    let heir = format!("/trips/{made}/members/{}", guest.id);
    owner.patch(&heir, json!({"role": "owner"})).await.expect(StatusCode::OK);
    let own = format!("/trips/{made}/members/{}", owner.id);
    owner.delete(&own).await.expect(StatusCode::NO_CONTENT);
    make(&owner).await.refused(404, "not_found");
    // Nor is there one for who is logged out.
    let out = guest.request(reqwest::Method::DELETE, "/sessions/current");
    let out = out.header("cookie", &guest.cookie).header("origin", &server.base);
    assert!(Answer::of(out).await.status.is_success());
    assert_eq!(again(&guest, &acts[2].0, "copy").await.status, StatusCode::UNAUTHORIZED);
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
