//! Files that are damaged byte by byte, and what the doctor makes of them.

use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::program::{Finished, Place, moim};
use crate::{http::trips::new_trip, serving::Person};

const NEWEST: &str = "SELECT state FROM states ORDER BY generation DESC LIMIT 1";
const PREVIOUS: &str = "SELECT state FROM states ORDER BY generation DESC LIMIT 1 OFFSET 1";
const FIRST_ENTRY: &str = "SELECT edit FROM entries ORDER BY id LIMIT 1";
const LAST_ENTRY: &str = "SELECT edit FROM entries ORDER BY id DESC LIMIT 1";
const VERSION: &str = "SELECT state FROM versions ORDER BY id LIMIT 1";

async fn doctor(place: &Place, flags: &[&str]) -> Finished {
    let data = place.data();
    moim(&[&["doctor", "--data", data.to_str().unwrap()], flags].concat()).await
}

/// A folder with one trip, which is not served: two generations, an entry between them, and two after.
async fn trip_with_history(place: &Place) -> String {
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "zero").await;
    for title in ["one", "two"] {
        rename(&minji, &trip, title).await;
        let version = minji.post(&format!("/documents/{trip}/versions"), json!({})).await;
        version.expect(StatusCode::CREATED);
    }
    for title in ["three", "four"] {
        rename(&minji, &trip, title).await;
    }
    server.stop().await;
    trip
}

async fn rename(person: &Person, trip: &str, title: &str) {
    person.patch(&format!("/trips/{trip}"), json!({"title": title})).await.expect(StatusCode::OK);
}

/// The title that a server shows now, or the status that it answers with.
async fn shown(place: &Place, trip: &str) -> Result<Value, u16> {
    let server = place.serve().await;
    let minji = server.known("minji").await;
    let answer = minji.get(&format!("/trips/{trip}/projection")).await;
    let status = answer.status;
    let shown = if status == StatusCode::OK {
        Ok(answer.expect(StatusCode::OK)["title"].clone())
    } else {
        Err(status.as_u16())
    };
    server.stop().await;
    shown
}

fn database(place: &Place) -> Connection {
    Connection::open(place.path("data/moim.db")).unwrap()
}

fn change(place: &Place, sql: &str) {
    database(place).execute_batch(sql).unwrap();
}

/// Versions hold the same bytes as the states that they were made from.
fn forget_versions(place: &Place) {
    change(place, "DELETE FROM versions");
}

/// Flips one bit in the file, wherever these bytes lie.
fn damage(place: &Place, piece: &str) {
    let bytes: Vec<u8> = database(place).query_row(piece, (), |row| row.get(0)).unwrap();
    let path = place.path("data/moim.db");
    let mut file = std::fs::read(&path).unwrap();
    let places: Vec<_> =
        (0..file.len() - bytes.len()).filter(|at| file[*at..].starts_with(&bytes)).collect();
    assert!(!places.is_empty(), "the piece lies on several pages");
    for at in places {
        file[at + bytes.len() / 2] ^= 1;
    }
    std::fs::write(&path, file).unwrap();
}

#[tokio::test]
async fn what_is_sound_is_found_sound_also_while_it_is_served() {
    let place = Place::new();
    trip_with_history(&place).await;
    let sound = ["looked at 1 document, 2 versions: 0 mended, nothing is wrong"];
    doctor(&place, &[]).await.expect(0, &sound);
    doctor(&place, &["--repair"]).await.expect(0, &sound);
    let server = place.serve().await;
    doctor(&place, &[]).await.expect(0, &sound);
    doctor(&place, &["--repair"]).await.expect(2, &["stop it first"]);
    server.stop().await;
}

#[tokio::test]
async fn a_damaged_newest_state_is_mended_without_loss() {
    let place = Place::new();
    let trip = trip_with_history(&place).await;
    forget_versions(&place);
    damage(&place, NEWEST);
    let words = ["generation 3 is damaged", "--repair", "nothing is lost", "1 thing is wrong"];
    doctor(&place, &[]).await.expect(1, &words);
    doctor(&place, &["--repair"]).await.expect(0, &["mended; nothing is lost", "1 mended"]);
    doctor(&place, &[]).await.expect(0, &["1 damaged pieces are set aside (no harm)"]);
    assert_eq!(shown(&place, &trip).await, Ok(json!("four")));
}

#[tokio::test]
async fn damage_to_what_only_the_previous_generation_needs_is_mended_without_loss() {
    let place = Place::new();
    let trip = trip_with_history(&place).await;
    forget_versions(&place);
    damage(&place, PREVIOUS);
    damage(&place, FIRST_ENTRY);
    doctor(&place, &[]).await.expect(1, &["generation 2 is damaged", "journal entry"]);
    doctor(&place, &["--repair"]).await.expect(0, &["nothing is lost"]);
    doctor(&place, &[]).await.expect(0, &[]);
    assert_eq!(shown(&place, &trip).await, Ok(json!("four")));
}

#[tokio::test]
async fn a_damaged_entry_is_set_aside_and_the_rest_is_served_again() {
    let place = Place::new();
    let trip = trip_with_history(&place).await;
    damage(&place, LAST_ENTRY);
    assert_eq!(shown(&place, &trip).await, Err(500), "an error, and no document without it");
    doctor(&place, &[]).await.expect(1, &["1 edits can't be used"]);
    doctor(&place, &["--repair"]).await.expect(0, &["mended; 1 edits can't be used"]);
    doctor(&place, &[]).await.expect(0, &["0 fatal and 1 damaged pieces are set aside"]);
    assert_eq!(shown(&place, &trip).await, Ok(json!("three")));
    doctor(&place, &["--release", &trip]).await.expect(0, &["1 pieces are set aside no more"]);
}

#[tokio::test]
async fn a_document_beyond_repair_is_left_as_it_is_and_never_served_empty() {
    let place = Place::new();
    let trip = trip_with_history(&place).await;
    damage(&place, NEWEST);
    damage(&place, PREVIOUS);
    let words = ["can't be saved", "restore it from a back-up"];
    doctor(&place, &[]).await.expect(1, &words);
    doctor(&place, &["--repair"]).await.expect(1, &words);
    let states = "SELECT count(*) FROM states";
    let states: i64 = database(&place).query_row(states, (), |row| row.get(0)).unwrap();
    assert_eq!(states, 2);
    assert_eq!(shown(&place, &trip).await, Err(500));
}

#[tokio::test]
async fn a_version_that_is_damaged_is_told() {
    let place = Place::new();
    trip_with_history(&place).await;
    change(&place, "UPDATE versions SET projection = '{' WHERE name IS NULL AND rowid = 1");
    doctor(&place, &[]).await.expect(1, &["can't be used: EOF"]);
    let place = Place::new();
    trip_with_history(&place).await;
    damage(&place, VERSION);
    // The state of the second generation may be the very same bytes.
    doctor(&place, &[]).await.expect(1, &["does not fit its checksum"]);
}

#[tokio::test]
async fn plans_and_documents_that_lack_each_other_are_told() {
    let place = Place::new();
    let trip = trip_with_history(&place).await;
    change(
        &place,
        "PRAGMA foreign_keys = OFF;
         INSERT INTO documents (name, epoch, generation)
         VALUES ('trip:01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, 1);
         INSERT INTO states SELECT last_insert_rowid(), 1, checksum, state FROM states LIMIT 1;
         DELETE FROM entries; DELETE FROM versions;
         DELETE FROM states WHERE document = 1; DELETE FROM documents WHERE key = 1;",
    );
    let alone = "trip:01ARZ3NDEKTSV4RRFFQ69G5FAV: a document that belongs to no plan (no harm)";
    let missing = format!("{trip}: a plan without its document");
    doctor(&place, &["--repair"]).await.expect(1, &[alone, &missing, "1 thing is wrong"]);
}

#[tokio::test]
async fn a_file_that_is_no_sound_database_is_told_apart_from_one_with_findings() {
    let place = Place::new();
    doctor(&place, &[]).await.expect(2, &["there is no database", "--data"]);
    doctor(&place, &["--repair"]).await.expect(2, &["there is no database", "--data"]);
    assert!(!place.data().exists());
    trip_with_history(&place).await;
    change(&place, "DROP INDEX versions_by_document");
    doctor(&place, &[]).await.expect(1, &["the database: index versions_by_document is missing"]);
    std::fs::write(place.path("data/moim.db"), "Dear diary, ".repeat(1_000)).unwrap();
    doctor(&place, &[]).await.expect(2, &["not a database"]);
}

/// How many folders are spoilt, each in another way.
const FLIPS: u64 = 40;

/// Flips a few bits anywhere but in the first bytes, by which a database is known; the same for the same seed.
fn flip(place: &Place, seed: u64) {
    let path = place.path("data/moim.db");
    let mut file = std::fs::read(&path).unwrap();
    let mut rng = StdRng::seed_from_u64(seed);
    for _ in 0..=seed % 3 {
        // Every other time in one of the first pages, where everything begins.
        let end = if seed.is_multiple_of(2) { file.len() } else { file.len().min(40 * 4_096) };
        file[rng.random_range(100..end)] ^= 1 << rng.random_range(0..8);
    }
    std::fs::write(&path, file).unwrap();
}

/// Wherever the damage is, the doctor looks at the rest and says what is wrong; what it mends is sound afterwards, and
/// every document that a server then opens is one that was there, whole.
#[tokio::test]
async fn wherever_a_bit_flips_the_rest_is_looked_at_and_mended() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let mut trips = Vec::new();
    for number in 0..12 {
        let trip = new_trip(&minji, &format!("trip {number}")).await;
        rename(&minji, &trip, &format!("renamed {number}")).await;
        let version = minji.post(&format!("/documents/{trip}/versions"), json!({})).await;
        version.expect(StatusCode::CREATED);
        rename(&minji, &trip, &format!("latest {number}")).await;
        trips.push(trip);
    }
    server.stop().await;
    let sound = std::fs::read(place.path("data/moim.db")).unwrap();
    for seed in 0..FLIPS {
        let place = Place::new();
        std::fs::create_dir(place.data()).unwrap();
        std::fs::write(place.path("data/moim.db"), &sound).unwrap();
        flip(&place, seed);
        let looked = doctor(&place, &[]).await;
        let said = format!("{}{}", looked.said, looked.errors);
        assert!(matches!(looked.code, Some(0 | 1)), "seed {seed}: {said}");
        assert!(said.contains("looked at"), "seed {seed}: {said}");
        if looked.code == Some(0) {
            continue;
        }
        let mended = doctor(&place, &["--repair"]).await;
        let said = format!("{said}---\n{}{}", mended.said, mended.errors);
        assert!(matches!(mended.code, Some(0 | 1)), "seed {seed}: {said}");
        let again = doctor(&place, &[]).await;
        assert!(matches!(again.code, Some(0 | 1)), "seed {seed}: {said}---\n{}", again.said);
        assert!(!again.said.contains("the database:"), "seed {seed}: {said}---\n{}", again.said);
        let left = documents(&place);
        // A page holds several of these small documents.
        assert!(left.len() + 9 >= trips.len(), "seed {seed}: {} are left: {said}", left.len());
        assert!(left.iter().all(|trip| trips.contains(trip)), "seed {seed}");
    }
}

/// Those that somebody can open: a name that a bit was flipped in belongs to no plan.
fn documents(place: &Place) -> Vec<String> {
    let database = database(place);
    let of_plans = "SELECT name FROM documents WHERE name IN (SELECT id FROM plans)";
    let mut select = database.prepare(of_plans).unwrap();
    select.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// An index that leads astray gives nobody what is another's.
#[tokio::test]
async fn with_a_damaged_index_every_document_is_still_its_own() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let mut trips = Vec::new();
    for number in 0..4 {
        trips.push(new_trip(&minji, &format!("trip {number}")).await);
    }
    server.stop().await;
    let root: u64 = database(&place)
        .query_one(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_documents_1'",
            (),
            |row| row.get(0),
        )
        .unwrap();
    let path = place.path("data/moim.db");
    let sound = std::fs::read(&path).unwrap();
    let start = (root as usize - 1) * 4_096;
    // The number of the first row takes no byte.
    for (number, trip) in trips.iter().enumerate().skip(1) {
        // Right behind the name stands the number of the row, which now is another one.
        let mut file = sound.clone();
        let page = &mut file[start..start + 4_096];
        let name = page.windows(trip.len()).position(|window| window == trip.as_bytes()).unwrap();
        page[name + trip.len()] ^= 3;
        std::fs::write(&path, file).unwrap();
        let shown = shown(&place, trip).await;
        assert_eq!(shown, Ok(json!(format!("trip {number}"))));
        doctor(&place, &[]).await.expect(1, &["looked at 4 documents"]);
        doctor(&place, &["--repair"]).await.expect(0, &["put together anew", "is kept as"]);
        doctor(&place, &[]).await.expect(0, &["nothing is wrong"]);
        for name in ["moim.db-wal", "moim.db-shm"] {
            std::fs::remove_file(place.path(&format!("data/{name}"))).ok();
        }
    }
}

#[tokio::test]
async fn what_ended_a_server_is_told_and_can_be_released() {
    let place = Place::new();
    let trip = trip_with_history(&place).await;
    change(
        &place,
        "INSERT INTO aside (document, cause, at, edit) SELECT key, 'unreadable', 0, x'' FROM documents",
    );
    doctor(&place, &[]).await.expect(1, &["reading it ended a server", "--release"]);
    assert_eq!(shown(&place, &trip).await, Err(500));
    doctor(&place, &["--release", &trip]).await.expect(0, &["nothing is wrong"]);
    assert_eq!(shown(&place, &trip).await, Ok(json!("four")));
}
