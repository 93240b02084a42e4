//! Back-ups and restores of a folder that is served and of one that is not.

use std::path::Path;

use futures_util::SinkExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use yrs::{Text, WriteTxn};

use super::program::{Place, moim, until};
use crate::{
    http::{
        sockets::{close_code, open},
        trips::new_trip,
    },
    serving::Person,
};

async fn back_up(place: &Place, to: &Path) -> super::program::Finished {
    let data = place.data();
    moim(&["backup", "--data", data.to_str().unwrap(), "--to", to.to_str().unwrap()]).await
}

async fn restore(place: &Place, from: &Path) -> super::program::Finished {
    let data = place.data();
    moim(&["restore", "--data", data.to_str().unwrap(), "--from", from.to_str().unwrap()]).await
}

async fn titles(person: &Person) -> Vec<String> {
    let page = person.get("/trips").await.expect(StatusCode::OK);
    let trips = page["items"].as_array().unwrap().iter();
    trips.map(|trip| trip["title"].as_str().unwrap().to_owned()).collect()
}

async fn rename(person: &Person, trip: &str, title: &str) {
    person.patch(&format!("/trips/{trip}"), json!({"title": title})).await.expect(StatusCode::OK);
}

async fn title(person: &Person, trip: &str) -> Value {
    let projection = person.get(&format!("/trips/{trip}/projection")).await;
    projection.expect(StatusCode::OK)["title"].clone()
}

#[tokio::test]
async fn a_back_up_of_a_served_folder_is_whole_and_serves_as_a_folder_of_its_own() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let version = minji.post(&format!("/documents/{trip}/versions"), json!({})).await;
    version.expect(StatusCode::CREATED);
    let copy = place.path("copy");
    back_up(&place, &copy).await.expect(0, &["1 document, 1 version", "nothing is wrong"]);
    let names = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&copy), ["moim.db", "token.keys"], "no log is left beside it");
    assert_eq!(names(&place.path("")), ["copy", "data"], "nothing temporary is left");
    new_trip(&minji, "부산").await;
    server.stop().await;
    let second = super::program::Server::start(&copy).await;
    assert_eq!(titles(&second.known("minji").await).await, ["제주"]);
    // The same keys: a token of the first server is good here.
    let mut at_second = Person::at(&second.base);
    at_second.access.clone_from(&minji.access);
    assert_eq!(titles(&at_second).await, ["제주"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_back_up_is_for_its_owner_alone_and_never_written_over_anything() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.serve().await.stop().await;
    let copy = place.path("copy");
    std::fs::create_dir(&copy).unwrap();
    back_up(&place, &copy).await.expect(0, &[]);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&copy), 0o700);
    assert_eq!((mode(&copy.join("moim.db")), mode(&copy.join("token.keys"))), (0o600, 0o600));
    back_up(&place, &copy).await.expect(2, &["is not empty"]);
    let nowhere = Place::new();
    back_up(&nowhere, &nowhere.path("copy")).await.expect(2, &["moim.db"]);
    assert!(!nowhere.path("copy").exists() && !nowhere.data().exists());
}

#[tokio::test]
async fn a_restore_while_nobody_serves_puts_the_old_database_aside() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let copy = place.path("copy");
    back_up(&place, &copy).await.expect(0, &[]);
    rename(&minji, &trip, "부산").await;
    // Killed: what is new lies in the log alone.
    server.kill().await;
    restore(&place, &copy).await.expect(0, &["for the next start", "1 document"]);
    let replaced = std::fs::read_dir(place.data()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        name.starts_with("moim.db.replaced-")
    });
    assert_eq!(replaced.count(), 2, "the old database and its log");
    let server = place.serve().await;
    let minji = server.known("minji").await;
    assert_eq!(title(&minji, &trip).await, "제주");
    server.stop().await;
}

/// As a restore leaves it that was killed once the database was staged.
#[tokio::test]
async fn a_restore_that_is_staged_is_completed_by_the_next_start_and_by_nobody_else() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let copy = place.path("copy");
    back_up(&place, &copy).await.expect(0, &[]);
    rename(&minji, &trip, "부산").await;
    server.kill().await;
    std::fs::copy(copy.join("moim.db"), place.path("data/moim.db.restore")).unwrap();
    let data = place.data();
    let staged = ["a restore is staged"];
    back_up(&place, &place.path("second")).await.expect(2, &staged);
    moim(&["doctor", "--data", data.to_str().unwrap()]).await.expect(2, &staged);
    let server = place.serve().await;
    let minji = server.known("minji").await;
    assert_eq!(title(&minji, &trip).await, "제주");
    server.stop().await;
}

#[tokio::test]
async fn a_restore_into_a_new_folder_brings_the_keys_too() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let copy = place.path("copy");
    back_up(&place, &copy).await.expect(0, &[]);
    server.kill().await;
    let elsewhere = Place::new();
    restore(&elsewhere, &copy).await.expect(0, &[]);
    let server = elsewhere.serve().await;
    let mut at_new = Person::at(&server.base);
    at_new.access.clone_from(&minji.access);
    assert!(titles(&at_new).await.is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_restore_of_a_served_folder_sends_clients_away_and_serves_it_in_the_same_process() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let copy = place.path("copy");
    back_up(&place, &copy).await.expect(0, &[]);
    rename(&minji, &trip, "부산").await;
    let socket = open(&server.base, &minji, &trip).await;
    let (code, restored) = tokio::join!(close_code(socket), restore(&place, &copy));
    assert_eq!(code, 1001);
    restored.expect(0, &["and served", "nothing is wrong"]);
    until("it answers again", async || {
        let alive = minji.request(Method::GET, "!/readyz").send().await;
        alive.is_ok_and(|answer| answer.status() == StatusCode::OK)
    })
    .await;
    assert_eq!(title(&minji, &trip).await, "제주");
    let log = server.stop().await;
    assert!(log.contains("a restored database took the place of the old one"), "{log}");
}

/// A client that has edited since the back-up still has its edits, and its sync brings them back.
#[cfg(unix)]
#[tokio::test]
async fn what_a_client_edited_since_the_back_up_comes_back_with_it() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let copy = place.path("copy");
    back_up(&place, &copy).await.expect(0, &[]);
    let client = crate::peers::Peer::new(7);
    let edit = client.edit(|txn| {
        txn.get_or_insert_text("desc").push(txn, "귤!");
    });
    let frame = moim::protocol::update(&edit);
    let mut socket = open(&server.base, &minji, &trip).await;
    socket.send(Message::Binary(frame.clone())).await.unwrap();
    let desc = async |person: &Person| {
        let projection = person.get(&format!("/trips/{trip}/projection")).await;
        projection.expect(StatusCode::OK)["desc"].clone()
    };
    until("the edit is there", async || desc(&minji).await == "귤!").await;
    restore(&place, &copy).await.expect(0, &["and served"]);
    assert_eq!(close_code(socket).await, 1001);
    let minji = server.known("minji").await;
    assert_eq!(desc(&minji).await, "");
    // It comes back by itself, and finds the document of the same epoch.
    let mut socket = open(&server.base, &minji, &trip).await;
    socket.send(Message::Binary(frame)).await.unwrap();
    until("the edit is there again", async || desc(&minji).await == "귤!").await;
    server.stop().await;
}

#[tokio::test]
async fn a_back_up_that_is_no_database_changes_nothing() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let copy = place.path("copy");
    back_up(&place, &copy).await.expect(0, &[]);
    std::fs::write(copy.join("moim.db"), "Dear diary, ".repeat(1_000)).unwrap();
    restore(&place, &copy).await.expect(2, &["not a database"]);
    restore(&place, &place.path("nowhere")).await.expect(2, &["unable to open"]);
    let left = std::fs::read_dir(place.data()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        name.starts_with("moim.db.")
    });
    assert_eq!(left.count(), 0);
    assert!(titles(&minji).await.is_empty(), "the server goes on");
    server.stop().await;
}
