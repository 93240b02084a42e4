//! The behaviours that documents promise, with two or three clients: cited by their numbers in the design.

use moim::{
    crdt::{
        Applied, Document, Draft, Limits, Refusal, Stamp, Work, fold, renew,
        trip::{Card, CardKind, Projection, TripDraft, TripLimits},
    },
    ids::DocKind,
};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use yrs::{Any, Array, Map, MapPrelim, MapRef, ReadTxn, Text, TextPrelim, Transact, WriteTxn, any};

use crate::peers::{Peer, add_card, at, card, trip};

/// What one client does; the update.
type Edit = dyn Fn(&Peer) -> Vec<u8>;

/// A server and clients that start from the same trip of three days with one card.
struct Table {
    server: Document,
    peers: Vec<Peer>,
}

impl Table {
    fn with(clients: u64) -> Self {
        let mut draft = TripDraft::with_days("Jeju", 3, Some("2026-12-24".parse().unwrap()));
        draft.content_mut().days[0].cards = vec![Card::new("c".into(), CardKind::Place, "Cafe")];
        let state = draft.encode();
        let server = Document::load(DocKind::Trip, &state, [], Limits::default()).unwrap();
        let peers = (1..=clients).map(Peer::new).collect::<Vec<_>>();
        peers.iter().for_each(|peer| peer.receive(&state));
        Self { server, peers }
    }

    /// Everybody's edits, made without knowing of each other, arrive in every order: the outcome is one.
    fn check(clients: u64, edits: &[&Edit], expected: impl Fn(&Projection)) {
        let table = Self::with(clients);
        let start = table.server.encode_state();
        let updates: Vec<_> =
            edits.iter().zip(&table.peers).map(|(edit, peer)| edit(peer)).collect();
        let mut outcomes = vec![];
        for seed in 0..6 {
            let mut order = updates.clone();
            order.shuffle(&mut StdRng::seed_from_u64(seed));
            let mut server = Document::load(DocKind::Trip, &start, [], Limits::default()).unwrap();
            for update in &order {
                server.apply(update).unwrap();
            }
            expected(trip(&server.project()));
            outcomes.push(server.project());
        }
        assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "{outcomes:?}");
    }
}

fn move_to(day: &'static str, key: &'static str) -> impl Fn(&Peer) -> Vec<u8> {
    move |peer| {
        peer.edit(|txn| {
            card(txn, "c").insert(txn, "at", at(Some(day), key));
        })
    }
}

fn all_cards(trip: &Projection) -> Vec<&Card> {
    trip.days.iter().flat_map(|day| &day.cards).chain(&trip.tray).collect()
}

/// Behaviour 1
#[test]
fn a_card_that_two_move_is_in_one_place() {
    Table::check(2, &[&move_to("d2", "a5"), &move_to("d3", "a1")], |trip| {
        assert_eq!(all_cards(trip).len(), 1);
        assert!(trip.tray.is_empty());
    });
}

/// Behaviours 2 and 10
#[test]
fn two_cards_in_one_gap_are_both_there_in_one_order() {
    let add =
        |id: &'static str| move |peer: &Peer| peer.edit(|txn| add_card(txn, id, Some("d1"), "a5"));
    Table::check(2, &[&add("y"), &add("x")], |trip| {
        let ids: Vec<_> = trip.days[0].cards.iter().map(|card| card.id.as_str()).collect();
        assert_eq!(ids, ["c", "x", "y"]);
    });
}

/// Behaviour 3
#[test]
fn a_card_that_is_added_to_a_day_that_a_peer_removes_lies_in_the_tray() {
    let add = |peer: &Peer| peer.edit(|txn| add_card(txn, "new", Some("d3"), "a0"));
    let shrink =
        |peer: &Peer| peer.edit(|txn| drop(txn.get_or_insert_map("days").remove(txn, "d3")));
    Table::check(2, &[&add, &shrink], |trip| {
        assert_eq!(trip.days.len(), 2);
        assert_eq!((trip.tray[0].id.as_str(), trip.tray[0].lost), ("new", true));
    });
}

/// Behaviour 4
#[test]
fn two_who_extend_the_trip_make_the_same_days() {
    let extend = |peer: &Peer| {
        peer.edit(|txn| {
            let days = txn.get_or_insert_map("days");
            days.insert(txn, "d4", any!({"ord": "a3"}));
            days.insert(txn, "d5", any!({"ord": "a4"}));
        })
    };
    Table::check(3, &[&extend, &extend, &extend], |trip| {
        let days: Vec<_> = trip.days.iter().map(|day| day.id.as_str()).collect();
        assert_eq!(days, ["d1", "d2", "d3", "d4", "d5"]);
        assert_eq!(trip.days[4].date.as_deref(), Some("2026-12-28"));
    });
}

/// Behaviour 6
#[test]
fn a_card_that_is_deleted_while_it_is_edited_is_in_the_trash_with_the_edit() {
    let trash = |peer: &Peer| {
        peer.edit(|txn| {
            card(txn, "c").insert(txn, "del", any!({"by": "u", "ts": 1}));
        })
    };
    let rename = |peer: &Peer| {
        peer.edit(|txn| {
            let title: yrs::TextRef = card(txn, "c").get(txn, "title").unwrap().cast().unwrap();
            title.push(txn, " Noir");
        })
    };
    Table::check(2, &[&trash, &rename], |trip| assert!(all_cards(trip).is_empty()));
    let mut table = Table::with(3);
    for update in [trash(&table.peers[0]), rename(&table.peers[1])] {
        table.server.apply(&update).unwrap();
        table.peers[2].receive(&update);
    }
    let back = table.peers[2].edit(|txn| {
        card(txn, "c").insert(txn, "del", Any::Null);
    });
    table.server.apply(&back).unwrap();
    assert_eq!(trip(&table.server.project()).days[0].cards[0].title, "Cafe Noir");
}

/// Behaviour 9
#[test]
fn nothing_private_gets_into_the_projection() {
    let mut table = Table::with(1);
    let update = table.peers[0].edit(|txn| {
        let map = card(txn, "c");
        map.insert(txn, "bk", any!({"ref": "SECRET-1", "by": "SECRET-2"}));
        map.insert(txn, "by", "SECRET-3");
        let who: MapRef = map.get(txn, "who").unwrap().cast().unwrap();
        who.insert(txn, "SECRET-4", true);
    });
    table.server.apply(&update).unwrap();
    let json = serde_json::to_string(&table.server.project()).unwrap();
    assert!(json.contains("Cafe") && !json.contains("SECRET"), "{json}");
}

#[test]
fn restoring_brings_back_the_version_and_keeps_what_is_typed_meanwhile() {
    let Table { mut server, peers } = Table::with(1);
    let version = server.encode_state();
    let before = server.project();
    for update in [
        peers[0].edit(|txn| {
            add_card(txn, "later", Some("d2"), "a0");
            let title: yrs::TextRef = card(txn, "c").get(txn, "title").unwrap().cast().unwrap();
            title.insert(txn, 0, "Old ");
            txn.get_or_insert_map("days").remove(txn, "d3");
        }),
        move_to("d2", "a7")(&peers[0]),
    ] {
        server.apply(&update).unwrap();
    }
    let stamp = Stamp { by: "u".into(), ts: 7 };
    let typed = peers[0].edit(|txn| {
        let title: yrs::TextRef = card(txn, "c").get(txn, "title").unwrap().cast().unwrap();
        title.push(txn, "!");
    });
    let restored = server.restore(&version, &stamp).unwrap().expect("something differs");
    assert_eq!(server.project(), before);
    assert_eq!(server.restore(&version, &stamp), Ok(None), "a second time changes nothing");
    server.apply(&typed).unwrap();
    peers[0].receive(&restored);
    assert_eq!(trip(&server.project()).days[0].cards[0].title, "Cafe!");
    let at_peer =
        Document::load(DocKind::Trip, &peers[0].diff(&[0]), [], Limits::default()).unwrap();
    assert_eq!(at_peer.project(), server.project());
}

#[test]
fn a_document_that_begins_anew_shows_what_it_showed_whatever_its_history() {
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        let Table { mut server, peers } = Table::with(3);
        for round in 0..40 {
            let peer = &peers[round % 3];
            server.apply(&peer.edit_somehow(&mut random)).unwrap();
            if round % 7 == 0 {
                peer.receive(&server.encode_state());
            }
        }
        let before = server.encode_state();
        let anew = renew(DocKind::Trip, &before, []).unwrap().state;
        let document = Document::load(DocKind::Trip, &anew, [], Limits::default()).unwrap();
        assert_eq!(document.project(), server.project(), "seed {seed}");
        let trash = peers[0].edit(|txn| {
            add_card(txn, "trash", Some("d1"), "a9");
            card(txn, "trash").insert(txn, "del", "by somebody");
        });
        server.apply(&trash).unwrap();
        let anew = renew(DocKind::Trip, &server.encode_state(), []).unwrap().state;
        assert!(anew.len() < before.len(), "seed {seed}: {} of {}", anew.len(), before.len());
        let fresh = Peer::new(9);
        fresh.receive(&anew);
        let txn = fresh.doc.transact();
        assert!(txn.get_map("cards").unwrap().get(&txn, "trash").is_none());
    }
}

#[test]
fn a_copy_of_a_trip_has_its_content_and_fresh_cards() {
    let table = Table::with(1);
    let content = table.server.project();
    let copy = Draft::copy_of(content.clone(), || "fresh".into()).encode();
    let copied = Document::load(DocKind::Trip, &copy, [], Limits::default()).unwrap().project();
    let (mut copied, content) = (trip(&copied).clone(), trip(&content));
    assert_eq!(std::mem::replace(&mut copied.days[0].cards[0].id, "c".into()), "fresh");
    assert_eq!(copied, *content);
}

#[test]
fn a_new_title_is_one_small_update_and_the_same_title_is_none() {
    let Table { mut server, peers } = Table::with(1);
    let update = server.set_title("Jeju 제주").unwrap().unwrap();
    assert_eq!(server.set_title("Jeju 제주"), Ok(None));
    peers[0].receive(&update);
    assert_eq!(peers[0].text("title"), "Jeju 제주");
    assert_eq!(server.summary().title, "Jeju 제주");
    assert!(update.len() < 50, "{}", update.len());
}

/// W7
#[test]
fn a_reader_may_send_what_is_known_and_nothing_else() {
    let Table { server, peers } = Table::with(2);
    assert_eq!(server.adds_nothing(&peers[0].diff(&[0])), Ok(true));
    let deletion = peers[0].edit(|txn| drop(txn.get_or_insert_map("days").remove(txn, "d3")));
    assert_eq!(server.adds_nothing(&deletion), Ok(false));
    let edit = peers[1].edit(|txn| add_card(txn, "x", None, "a0"));
    assert_eq!(server.adds_nothing(&edit), Ok(false));
}

#[test]
fn what_builds_on_unknown_edits_is_missing_them_until_they_are_there() {
    let Table { mut server, peers } = Table::with(1);
    let first = peers[0].edit(|txn| add_card(txn, "x", None, "a0"));
    let second = peers[0].edit(|txn| {
        card(txn, "x").insert(txn, "dur", 5);
    });
    let before = server.encode_state();
    assert_eq!(server.apply(&second), Err(Refusal::Missing));
    assert_eq!(server.encode_state(), before);
    server.apply(&peers[0].diff(&server.state_vector())).unwrap();
    assert_eq!(server.adds_nothing(&first), Ok(true));
    assert_eq!(trip(&server.project()).tray[0].dur, Some(5));
}

#[test]
fn limits_hold_before_anything_is_applied() {
    let limits = Limits {
        trip: TripLimits { cards: 3, days: 4 },
        note_chars: 10,
        document_bytes: 4_000,
        ..Limits::default()
    };
    let state = Table::with(0).server.encode_state();
    let check = |edit: &dyn Fn(&mut yrs::TransactionMut<'_>), refusal: Option<Refusal>| {
        let mut server = Document::load(DocKind::Trip, &state, [], limits).unwrap();
        let peer = Peer::new(5);
        peer.receive(&state);
        let before = server.encode_state();
        assert_eq!(server.apply(&peer.edit(edit)).err(), refusal);
        assert_eq!(server.encode_state() == before, refusal.is_some());
    };
    let add = |count: usize| {
        move |txn: &mut yrs::TransactionMut<'_>| {
            (0..count).for_each(|at| add_card(txn, &format!("x{at}"), None, "a0"));
        }
    };
    check(&add(2), None);
    check(&add(3), Some(Refusal::TooMany("cards")));
    let extend = |txn: &mut yrs::TransactionMut<'_>, count: usize| {
        for day in 1..=3 + count {
            let days = txn.get_or_insert_map("days");
            days.insert(txn, format!("d{day}"), any!({"ord": "a1"}));
        }
    };
    check(&|txn| extend(txn, 1), None);
    check(&|txn| extend(txn, 2), Some(Refusal::TooMany("days")));
    let write = |txn: &mut yrs::TransactionMut<'_>, text: &str| {
        txn.get_or_insert_text("desc").push(txn, text);
    };
    check(&|txn| write(txn, "0123456789"), None);
    check(&|txn| write(txn, "0123456789a"), Some(Refusal::TooLarge("text")));
    check(&|txn| write(txn, &"x".repeat(4_000)), Some(Refusal::TooLarge("document")));
}

#[test]
fn typing_and_deleting_for_long_never_fills_a_text() {
    let limits = Limits { note_chars: 20, ..Limits::default() };
    let mut server = Document::new(DocKind::Trip, limits);
    let peer = Peer::new(1);
    for _ in 0..50 {
        let typed = peer.edit(|txn| txn.get_or_insert_text("desc").push(txn, "fifteen letters"));
        server.apply(&typed).unwrap();
        let erased = peer.edit(|txn| txn.get_or_insert_text("desc").remove_range(txn, 0, 15));
        server.apply(&erased).unwrap();
    }
    assert!(server.encode_state().len() > 200);
    assert!(fold(DocKind::Trip, &server.encode_state(), []).unwrap().state.len() < 100);
}

#[test]
fn the_trips_own_texts_have_a_limit_and_others_have_that_of_the_document() {
    let limits = Limits { note_chars: 10, document_bytes: 4_000, ..Limits::default() };
    let check = |edit: &dyn Fn(&mut yrs::TransactionMut<'_>), refusal: Option<Refusal>| {
        let mut server = Document::new(DocKind::Trip, limits);
        let peer = Peer::new(5);
        let made = peer.edit(|txn| add_card(txn, "x", None, "a0"));
        server.apply(&made).unwrap();
        assert_eq!(server.apply(&peer.edit(edit)).err(), refusal);
    };
    let long = "0123456789a";
    let own = ["title", "desc", "day:d1:title", "day:d1:note"];
    for root in own {
        let write = |txn: &mut yrs::TransactionMut<'_>| {
            txn.get_or_insert_text(root).push(txn, long);
        };
        check(&write, Some(Refusal::TooLarge("text")));
    }
    for key in ["note", "title", "another"] {
        let write = |txn: &mut yrs::TransactionMut<'_>| {
            card(txn, "x").insert(txn, key, TextPrelim::new(long));
        };
        check(&write, Some(Refusal::TooLarge("text")));
    }
    check(
        &|txn| {
            let item = txn.get_or_insert_map("items").insert(txn, "i", MapPrelim::default());
            item.insert(txn, "text", TextPrelim::new(long));
        },
        Some(Refusal::TooLarge("text")),
    );
    for root in ["codemirror", "monaco", "quill", "prosemirror", "days:note", "day:d1:other"] {
        check(&|txn| txn.get_or_insert_text(root).push(txn, long), None);
        let nested = |txn: &mut yrs::TransactionMut<'_>| {
            let map = txn.get_or_insert_map(root);
            map.insert(txn, "text", TextPrelim::new(long));
        };
        check(&nested, None);
        let full = |txn: &mut yrs::TransactionMut<'_>| {
            txn.get_or_insert_text(root).push(txn, &"x".repeat(4_000));
        };
        check(&full, Some(Refusal::TooLarge("document")));
    }
}

#[test]
fn what_is_deleted_does_not_fill_a_document() {
    let limits = Limits { document_bytes: 10_000, ..Limits::default() };
    let mut server = Document::new(DocKind::Trip, limits);
    let peer = Peer::new(1);
    for n in 0..200 {
        let page = format!("{n}: {}", "x".repeat(1_000));
        let written = peer.edit(|txn| txn.get_or_insert_text("page").push(txn, &page));
        server.apply(&written).unwrap();
        let torn = peer.edit(|txn| {
            let page = txn.get_or_insert_text("page");
            page.remove_range(txn, 0, page.len(txn));
            let shape = txn.get_or_insert_map("shape");
            shape.insert(txn, "x", n);
            shape.insert(txn, "y", n);
        });
        server.apply(&torn).unwrap();
    }
    assert!(server.encode_state().len() > 200_000);
    let full = peer.edit(|txn| txn.get_or_insert_text("page").push(txn, &"x".repeat(9_900)));
    server.apply(&full).unwrap();
    let more = peer.edit(|txn| txn.get_or_insert_text("page").push(txn, &"x".repeat(200)));
    assert_eq!(server.apply(&more), Err(Refusal::TooLarge("document")));
    let mut again = Document::load(
        DocKind::Trip,
        &fold(DocKind::Trip, &server.encode_state(), []).unwrap().state,
        [],
        limits,
    )
    .unwrap();
    assert_eq!(again.apply(&more), Err(Refusal::TooLarge("document")));
    let less = peer.edit(|txn| txn.get_or_insert_text("page").remove_range(txn, 0, 9_000));
    again.apply(&less).unwrap();
    let other = Peer::new(2);
    other.receive(&again.encode_state());
    let more = other.edit(|txn| txn.get_or_insert_text("page").push(txn, &"x".repeat(200)));
    assert_eq!(again.apply(&more), Ok(Applied::Changed), "there is room again");
}

#[test]
fn cards_in_the_trash_do_not_count() {
    let limits =
        Limits { trip: TripLimits { cards: 3, ..TripLimits::default() }, ..Limits::default() };
    let mut server = Document::new(DocKind::Trip, limits);
    let peer = Peer::new(1);
    for n in 0..50 {
        let id = format!("x{n}");
        server.apply(&peer.edit(|txn| add_card(txn, &id, None, "a0"))).unwrap();
        let trashed = peer.edit(|txn| {
            card(txn, &id).insert(txn, "del", any!({"by": "u", "ts": 1}));
        });
        server.apply(&trashed).unwrap();
    }
    for id in ["a", "b", "c"] {
        server.apply(&peer.edit(|txn| add_card(txn, id, None, "a0"))).unwrap();
    }
    let refused = server.apply(&peer.edit(|txn| add_card(txn, "d", None, "a0")));
    assert_eq!(refused, Err(Refusal::TooMany("cards")));
}

/// Each of so many clients sets the same key, knowing of no other.
fn rivals(server: &mut Document, clients: std::ops::Range<u64>) -> Option<Refusal> {
    clients.into_iter().find_map(|client| {
        let update = Peer::new(client).edit(|txn| {
            txn.get_or_insert_map("meta").insert(txn, "tz", "UTC");
        });
        server.apply(&update).err()
    })
}

#[test]
fn many_clients_that_set_one_key_are_stopped_before_they_take_long() {
    let limits = Limits { lasting_scan: 100_000, ..Limits::default() };
    let mut server = Document::new(DocKind::Trip, limits);
    let refused = rivals(&mut server, 1..4_000);
    assert!(matches!(refused, Some(Refusal::TooMany(_))), "{refused:?}");
    // Whoever knows what is there goes on, also after a restart.
    let mut again = Document::load(DocKind::Trip, &server.encode_state(), [], limits).unwrap();
    for server in [&mut server, &mut again] {
        let peer = Peer::new(5_000);
        peer.receive(&server.encode_state());
        for n in 0..100 {
            let update = peer.edit(|txn| {
                txn.get_or_insert_map("meta").insert(txn, "tz", format!("{n}"));
                txn.get_or_insert_text("desc").push(txn, "word ");
            });
            assert_eq!(server.apply(&update), Ok(Applied::Changed));
        }
    }
}

#[test]
fn an_update_that_takes_too_long_is_refused_whole_or_put_off() {
    let limits = Limits { work: Work { scan: 2_000, copy: 2_000 }, ..Limits::default() };
    let mut server = Document::new(DocKind::Trip, limits);
    let rows = |client: u64, count: u32| {
        Peer::new(client).edit(|txn| {
            let list = txn.get_or_insert_array("rows");
            for n in 0..count {
                list.insert(txn, 0, n);
            }
        })
    };
    server.apply(&rows(7, 500)).unwrap();
    let before = server.encode_state();
    assert!(matches!(server.apply(&rows(8, 500)), Err(Refusal::TooMany(_))));
    let mut left = Work { scan: 0, copy: 0 };
    assert_eq!(server.apply_within(&rows(8, 500), &mut left), Err(Refusal::Later));
    assert_eq!(server.encode_state(), before);
    let mut left = limits.work;
    server.apply_within(&rows(9, 1), &mut left).unwrap();
    assert_eq!(left, limits.work, "so little is free");
}
