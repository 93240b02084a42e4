//! Back-ups and restores of a folder that is served and of one that is not.

use std::path::Path;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::program::{Place, command, moim, until};
use crate::{
    http::{
        sockets::{close_code, open, open_at},
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
    let served = place.data();
    assert_eq!((mode(&served), mode(&served.join("moim.db"))), (0o700, 0o600));
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

/// Wherever a back-up is to go: as it is typed, into what is mounted there, and beside nothing else.
#[cfg(unix)]
#[tokio::test]
async fn a_back_up_goes_into_any_empty_folder_and_over_nothing() {
    let place = Place::new();
    let server = place.serve().await;
    new_trip(&server.person("minji").await, "제주").await;
    server.stop().await;
    let data = place.data();
    let back_up_to =
        async |to: &str| moim(&["backup", "--data", data.to_str().unwrap(), "--to", to]).await;
    let typed = |name: &str, ending: &str| format!("{}{ending}", place.path(name).display());
    let made = |name: &str| {
        let names = std::fs::read_dir(place.path(name)).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    back_up_to(&typed("new", "/")).await.expect(0, &["1 document"]);
    back_up_to(&typed("deep/er/new", "//")).await.expect(0, &["1 document"]);
    std::fs::create_dir(place.path("empty")).unwrap();
    let is_there = std::os::unix::fs::MetadataExt::ino(&place.path("empty").metadata().unwrap());
    back_up_to(&typed("empty", "/.")).await.expect(0, &["1 document"]);
    let still = std::os::unix::fs::MetadataExt::ino(&place.path("empty").metadata().unwrap());
    assert_eq!(is_there, still, "it may be where a file system begins, so it stays");
    std::fs::create_dir_all(place.path("mounted/lost+found")).unwrap();
    std::os::unix::fs::symlink(place.path("mounted"), place.path("link")).unwrap();
    back_up_to(&typed("link", "/")).await.expect(0, &["1 document"]);
    for name in ["new", "deep/er/new", "empty"] {
        assert_eq!(made(name), ["moim.db", "token.keys"], "{name}");
    }
    assert_eq!(made("mounted"), ["lost+found", "moim.db", "token.keys"]);

    // What is in the way stays as it is, and the sentence says what to do.
    back_up_to(&typed("new", "/")).await.expect(2, &["is not empty"]);
    std::fs::write(place.path("file"), "dear diary").unwrap();
    back_up_to(&typed("file", "")).await.expect(2, &["a file is in the way: name a folder"]);
    back_up_to(&typed("file", "/below")).await.expect(2, &["name a folder"]);
    assert_eq!(std::fs::read_to_string(place.path("file")).unwrap(), "dear diary");
    std::os::unix::fs::symlink(place.path("gone"), place.path("dangling")).unwrap();
    back_up_to(&typed("dangling", "")).await.expect(2, &["leads nowhere"]);
    back_up_to("").await.expect(2, &["--to"]);
    std::fs::create_dir_all(place.path("cut/.moim-backup.partial")).unwrap();
    back_up_to(&typed("cut", "")).await.expect(2, &["was cut short: remove"]);
}

/// As on a disk that is full: no file may become so large.
#[cfg(unix)]
#[tokio::test]
async fn a_back_up_for_which_there_is_no_room_says_so_and_leaves_nothing() {
    let place = Place::new();
    let server = place.serve().await;
    new_trip(&server.person("minji").await, "제주").await;
    server.stop().await;
    std::fs::create_dir(place.path("empty")).unwrap();
    for name in ["new", "empty"] {
        let (data, to) = (place.data(), place.path(name));
        let limited = format!(
            "trap '' XFSZ; ulimit -f 16; exec {} backup --data {} --to {}",
            env!("CARGO_BIN_EXE_moim"),
            data.display(),
            to.display()
        );
        let done = command("sh", &["-c", &limited]).await;
        done.expect(2, &["can't be written to", "Nothing of it was left there"]);
    }
    assert_eq!(std::fs::read_dir(place.path("empty")).unwrap().count(), 0);
    let left = std::fs::read_dir(place.path("")).unwrap().count();
    assert_eq!(left, 2, "data and the empty folder");
}

/// Whoever goes on from what a restore has put back finds another epoch, also if the document had begun anew after
/// the back-up, and does so again after it: nobody merges two courses of events.
#[cfg(unix)]
#[tokio::test]
async fn no_copy_of_before_a_restore_is_taken_for_one_of_after_it() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let epoch = async |person: &Person| {
        let ticket = person.post(&format!("/documents/{trip}/tickets"), json!({})).await;
        ticket.expect(StatusCode::OK)["epoch"].as_u64().unwrap()
    };
    let renew = async |person: &Person| {
        let renewed = person.post(&format!("/documents/{trip}/renewals"), json!({})).await;
        renewed.expect(StatusCode::OK)["epoch"].as_u64().unwrap()
    };
    let copy = place.path("copy");
    let first = epoch(&minji).await;
    back_up(&place, &copy).await.expect(0, &[]);
    // What clients have in their hands meanwhile.
    let held = renew(&minji).await;
    rename(&minji, &trip, "부산").await;
    let path = minji.sync_path(&trip).await;
    let mut seen = std::collections::BTreeSet::from([first, held]);
    for _ in 0..2 {
        restore(&place, &copy).await.expect(0, &["and served"]);
        let minji = server.known("minji").await;
        assert_eq!(title(&minji, &trip).await, "제주");
        assert!(seen.insert(epoch(&minji).await), "an epoch of before");
        assert!(seen.insert(renew(&minji).await), "an epoch of before");
        assert!(seen.iter().all(|epoch| *epoch < 1 << 53));
    }
    // With the ticket of then, as a client would that knows nothing of epochs; and with a copy of then.
    let old = open_at(&server.base, &path).await;
    assert_eq!(close_code(old).await, 4409);
    let minji = server.known("minji").await;
    let fresh = format!("{}&epoch={held}", minji.sync_path(&trip).await);
    assert_eq!(close_code(open_at(&server.base, &fresh).await).await, 4409);
    server.stop().await;
}

/// What was put back by hand is told by a command.
#[tokio::test]
async fn a_folder_that_was_put_back_by_hand_gets_new_epochs_by_a_command() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let data = place.data();
    let command = ["new-epochs", "--data", data.to_str().unwrap()];
    moim(&command).await.expect(2, &["stop it first"]);
    server.stop().await;
    moim(&command).await.expect(0, &["1 document in new epochs"]);
    let server = place.serve().await;
    let minji = server.known("minji").await;
    let ticket = minji.post(&format!("/documents/{trip}/tickets"), json!({})).await;
    assert!(ticket.expect(StatusCode::OK)["epoch"].as_u64().unwrap() > 1);
    assert_eq!(title(&minji, &trip).await, "제주");
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
    let file = copy.join("moim.db");
    for no_back_up in [place.path("nowhere"), file] {
        restore(&place, &no_back_up).await.expect(2, &["there is no back-up in"]);
    }
    let left = std::fs::read_dir(place.data()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        name.starts_with("moim.db.")
    });
    assert_eq!(left.count(), 0);
    assert!(titles(&minji).await.is_empty(), "the server goes on");
    server.stop().await;
}
