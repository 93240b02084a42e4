//! Reads what a server has, and compares it with what it said that it has.

use std::collections::BTreeSet;

use moim::crdt::trip::Projection;
use reqwest::StatusCode;
use serde_json::json;
use yrs::{Doc, ReadTxn, Transact};

use crate::{
    common::{
        client::read,
        peer::{CARD, Mark, Peer, content, has_all, holds, times},
        person::Person,
    },
    prepared::Trip,
};

/// Checks that a trip has everything that these peers were told is stored, over the socket and over REST.
pub(crate) async fn check(
    person: &Person,
    base: &str,
    trip: &Trip,
    peers: impl Iterator<Item = &Peer> + Clone,
) -> Doc {
    let doc = read(base, &trip.path).await;
    let pending = doc.transact().store().pending_update().is_some();
    assert!(!pending, "{} builds on edits that are gone", trip.id);
    let title = doc.get_or_insert_text("title");
    let title = yrs::GetString::get_string(&title, &doc.transact());
    assert_eq!(title, trip.title, "the title of {}", trip.id);
    assert!(has_all(&doc, [&trip.state[..]]), "what was there before is not all there");
    let said = content(&doc);
    for mark in &trip.marks {
        assert!(holds(&said, mark), "{mark} was there before and is gone");
    }
    for peer in peers.clone() {
        for mark in peer.acknowledged_set.difference(peer.taken_back()) {
            assert!(holds(&said, mark), "{mark} was acknowledged and is gone");
            assert!(times(&said, mark) <= 1, "{mark} is there more than once");
        }
        for mark in &peer.acknowledged_taken_back {
            assert!(!holds(&said, mark), "taking {mark} back was acknowledged");
        }
        let acknowledged = peer.acknowledged.iter().map(|update| &update[..]);
        assert!(has_all(&doc, acknowledged), "edits were acknowledged and are not all there");
    }
    let shown = projection(person, &trip.id, &trip.title).await;
    shows(&shown, peers.flat_map(|peer| &peer.acknowledged_set));
    doc
}

/// Has a trip begin anew once more: it shows the same afterwards.
pub(crate) async fn begins_anew(person: &Person, trip: &Trip) {
    let before = projection(person, &trip.id, &trip.title).await;
    let renewed = person.post(&format!("/documents/{}/renewals", trip.id), json!({})).await;
    assert!(renewed.expect(StatusCode::OK)["epoch"].as_u64().unwrap() > trip.epoch);
    assert_eq!(projection(person, &trip.id, &trip.title).await, before);
}

/// A trip as REST shows it, by its own title.
pub(crate) async fn projection(person: &Person, id: &str, title: &str) -> Projection {
    let shown = person.get(&format!("/trips/{id}/projection")).await.expect(StatusCode::OK);
    let shown: Projection = serde_json::from_value(shown).unwrap();
    assert_eq!(shown.title, title, "the title of {id}");
    shown
}

/// Checks that a version is there, with what its trip had in it from the beginning.
pub(crate) async fn version(person: &Person, id: &str, trip: &Trip) {
    let version = person.get(&format!("/versions/{id}")).await.expect(StatusCode::OK);
    let shown: Projection = serde_json::from_value(version["projection"].clone()).unwrap();
    assert_eq!(shown.title, trip.title, "the title of a version");
    shows(&shown, &trip.marks);
}

/// Checks that the cards among these marks are shown, and no card twice.
fn shows<'a>(shown: &Projection, marks: impl IntoIterator<Item = &'a Mark>) {
    let cards = shown.days.iter().flat_map(|day| &day.cards).chain(&shown.tray);
    let mut ids = BTreeSet::new();
    for card in cards {
        assert!(ids.insert(card.id.as_str()), "the card {} is shown twice", card.id);
    }
    for id in marks.into_iter().filter_map(|mark| mark.strip_suffix(CARD)) {
        assert!(ids.contains(id), "the card {id} is not shown");
    }
}
