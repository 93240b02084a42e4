//! A database that can't be read in places: its bytes have changed, or a page of it is gone.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
};

use reqwest::StatusCode;
use rusqlite::Connection;
use serde_json::json;

use crate::{
    common::{
        client::{Client, read},
        peer::content,
    },
    scene::Scene,
};

const PAGE: usize = 4096;

/// Every place in the file where these bytes are: moving a row leaves a stale copy behind now and then.
fn places(scene: &Scene, bytes: &[u8]) -> Vec<usize> {
    let file = fs::read(scene.database()).unwrap();
    let places = (0..file.len() - bytes.len()).filter(|at| file[*at..].starts_with(bytes));
    let places: Vec<_> = places.collect();
    assert!(!places.is_empty(), "it is in there");
    places
}

fn overwrite(scene: &Scene, at: usize, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(scene.database()).unwrap();
    file.write_all_at(bytes, at as u64).unwrap();
}

/// Changes the last of these bytes, wherever they are.
fn spoil(scene: &Scene, bytes: &[u8]) {
    let last = bytes.len() - 1;
    for at in places(scene, bytes) {
        overwrite(scene, at + last, &[bytes[last] ^ 1]);
    }
}

/// Types words, one edit each, and waits until they are stored.
async fn describe(client: &mut Client, words: &[&str]) {
    for words in words {
        client.peer.describe(words);
    }
    client.flush().await;
    client.is_settled().await;
}

/// Checks that nobody gets this trip, in whatever way they ask, and that the other one goes on. `clients` have
/// tickets for it.
async fn check_unreadable(scene: &mut Scene, trip: &str, clients: [Client; 2], other: &str) {
    for mut client in clients {
        client.connect(&scene.program.base).await.unwrap();
        client.hear_out().await;
        assert_eq!(client.closed, Some(1011), "{}", scene.program.log());
        assert!(client.peer.is_untouched(), "a document came that can't be read");
    }
    let ticket = scene.person.post(&format!("/documents/{trip}/tickets"), json!({})).await;
    ticket.refused(500, "internal");
    let shown = scene.person.get(&format!("/trips/{trip}/projection")).await;
    shown.refused(500, "internal");
    let saved = scene.person.post(&format!("/documents/{trip}/versions"), json!({})).await;
    saved.refused(500, "internal");
    assert!(scene.program.log().contains("a document can't be read"), "{}", scene.program.log());
    let mut client = scene.client(other).await;
    describe(&mut client, &["다른 여행은 "]).await;
    let saved = scene.person.post(&format!("/documents/{other}/versions"), json!({})).await;
    saved.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_document_with_a_spoiled_entry_is_an_error_and_the_others_go_on() {
    let mut scene = Scene::start().await;
    let (trip, other) = (scene.person.trip("제주").await, scene.person.trip("부산").await);
    let mut client = scene.client(&trip).await;
    describe(&mut client, &["before", "spoil-me", "after"]).await;
    let clients = [scene.newcomer(&trip).await, scene.newcomer(&trip).await];
    scene.program.stop().await;
    spoil(&scene, b"spoil-me");
    scene.start_again(&[]).await;
    check_unreadable(&mut scene, &trip, clients, &other).await;
}

#[tokio::test]
async fn a_document_on_a_page_that_is_gone_is_an_error_and_the_others_go_on() {
    let mut scene = Scene::start().await;
    let (trip, other) = (scene.person.trip("제주").await, scene.person.trip("부산").await);
    let mut client = scene.client(&trip).await;
    // Pages full of edits on both sides, so that no other document has a part in that page.
    let filler = "x".repeat(250);
    let filler = filler.as_str();
    describe(&mut client, &[filler; 30]).await;
    describe(&mut client, &["gone-with-the-page"]).await;
    describe(&mut client, &[filler; 30]).await;
    let mut client = scene.client(&other).await;
    describe(&mut client, &[filler; 30]).await;
    let clients = [scene.newcomer(&trip).await, scene.newcomer(&trip).await];
    scene.program.stop().await;
    for at in places(&scene, b"gone-with-the-page") {
        overwrite(&scene, at / PAGE * PAGE, &[0xff; PAGE]);
    }
    scene.start_again(&[]).await;
    check_unreadable(&mut scene, &trip, clients, &other).await;
}

#[tokio::test]
async fn a_damaged_newest_state_is_made_up_for_by_the_one_before() {
    let mut scene = Scene::start().await;
    let trip = scene.person.trip("제주").await;
    let mut client = scene.client(&trip).await;
    for words in ["first ", "second ", "third "] {
        describe(&mut client, &[words]).await;
        let saved = scene.person.post(&format!("/documents/{trip}/versions"), json!({})).await;
        saved.expect(StatusCode::CREATED);
    }
    describe(&mut client, &["since "]).await;
    scene.program.stop().await;
    spoil_newest_state(&scene, &trip);
    scene.start_again(&[]).await;
    let path = scene.person.sync_path(&trip).await;
    let stored = content(&read(&scene.program.base, &path).await);
    assert_eq!(stored, content(&client.peer.doc), "something was lost");
    assert_eq!(scene.program.metric("moim_damaged_states_total").await, 1.0);
    assert!(scene.program.log().contains("the newest state is damaged"));
    // The next fold writes a sound one.
    let saved = scene.person.post(&format!("/documents/{trip}/versions"), json!({})).await;
    saved.expect(StatusCode::CREATED);
    scene.program.stop().await;
    scene.start_again(&[]).await;
    let path = scene.person.sync_path(&trip).await;
    assert_eq!(content(&read(&scene.program.base, &path).await), stored);
    assert_eq!(scene.program.metric("moim_damaged_states_total").await, 0.0);
}

/// A state is short here: it lies in one piece, and how it begins is its own.
fn spoil_newest_state(scene: &Scene, trip: &str) {
    let database = Connection::open(scene.database()).unwrap();
    let sql = "SELECT states.state, checksum FROM states JOIN documents ON documents.key = document
               WHERE documents.name = ?1 ORDER BY states.generation DESC LIMIT 1";
    let (state, checksum): (Vec<u8>, u32) =
        database.query_row(sql, [trip], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    drop(database);
    // The checksum lies before the state, so that both together are its alone: versions keep the same state,
    // behind other columns. Leading zeros are not kept.
    let mut row: Vec<u8> =
        checksum.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    row.extend(&state[..64]);
    spoil(scene, &row);
}
