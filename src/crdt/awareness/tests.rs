//! Awareness held against what stock clients send, and against what they must not be able to do.

use super::*;

const MINA: &str = "01JABCDEFGHJKMNPQRSTVWXYZ0";
const JUN: &str = "01JABCDEFGHJKMNPQRSTVWXYZ1";

fn person(id: &str) -> Presence {
    Presence { id: id.parse().unwrap(), name: "민아".into(), color: "#aa0000".into() }
}

fn payload(entries: &[(u64, u32, &str)]) -> Vec<u8> {
    let mut out = Writer::default();
    out.number(entries.len() as u64);
    for (id, clock, json) in entries {
        out.number(*id);
        out.number(u64::from(*clock));
        out.text(json);
    }
    out.bytes
}

/// What the awareness tells of an id.
fn told(awareness: &Awareness<u32>, id: u64) -> Option<(u32, String)> {
    let bytes = awareness.encode(&[id]);
    let entries = read_awareness(&bytes).unwrap();
    entries.first().map(|entry| (entry.clock, entry.json.to_owned()))
}

#[test]
fn the_server_says_who_somebody_is() {
    let mut awareness = Awareness::default();
    let forged = payload(&[(7, 1, r#"{"\u0075":{"name":"root"},"u":1,"sel":[1]}"#)]);
    assert_eq!(awareness.set(1, &person(MINA), &forged, Instant::now()), Ok(vec![7]));
    let (clock, json) = told(&awareness, 7).unwrap();
    let expected =
        format!(r##"{{"sel":[1],"u":{{"id":"{MINA}","name":"민아","color":"#aa0000"}}}}"##);
    assert_eq!((clock, json), (1, expected));
}

/// W8
#[test]
fn nobody_sets_or_ends_what_another_person_brought() {
    let mut awareness = Awareness::default();
    let now = Instant::now();
    awareness.set(1, &person(MINA), &payload(&[(7, 1, "{}")]), now).unwrap();
    for foreign in [(7, 9, "{}"), (7, 1, "null"), (7, 9, "null")] {
        assert_eq!(awareness.set(2, &person(JUN), &payload(&[foreign]), now), Ok(vec![]));
    }
    assert_eq!(told(&awareness, 7).unwrap().0, 1);
    assert_eq!(awareness.remove(2, now), Vec::<u64>::new());
    assert_eq!(awareness.remove(1, now), vec![7]);
    assert_eq!(told(&awareness, 7), Some((1, "null".into())));
    assert_eq!(awareness.set(2, &person(JUN), &payload(&[(7, 9, "{}")]), now), Ok(vec![]));
}

#[test]
fn an_older_state_never_replaces_a_newer_one() {
    let mut awareness = Awareness::default();
    let now = Instant::now();
    let mina = person(MINA);
    awareness.set(1, &mina, &payload(&[(7, 5, "{}")]), now).unwrap();
    assert_eq!(awareness.set(1, &mina, &payload(&[(7, 5, "{\"a\":1}")]), now), Ok(vec![]));
    assert_eq!(awareness.set(1, &mina, &payload(&[(7, 4, "null")]), now), Ok(vec![]));
    assert_eq!(awareness.set(1, &mina, &payload(&[(7, 5, "null")]), now), Ok(vec![7]));
    assert!(awareness.encode_all().is_none());
}

#[test]
fn a_client_that_comes_back_before_its_old_socket_is_dead_keeps_its_id() {
    let mut awareness = Awareness::default();
    let now = Instant::now();
    let mina = person(MINA);
    awareness.set(1, &mina, &payload(&[(7, 5, "{}")]), now).unwrap();
    assert_eq!(awareness.set(2, &mina, &payload(&[(7, 5, "{}")]), now), Ok(vec![7]));
    assert_eq!(awareness.remove(1, now), Vec::<u64>::new());
    assert_eq!(awareness.remove(2, now), vec![7]);
    assert_eq!(awareness.set(3, &mina, &payload(&[(7, 5, "{}")]), now), Ok(vec![7]));
}

#[test]
fn another_tab_that_repeats_what_it_hears_takes_nothing_over() {
    let mut awareness = Awareness::default();
    let now = Instant::now();
    let mina = person(MINA);
    awareness.set(1, &mina, &payload(&[(7, 5, "{}")]), now).unwrap();
    awareness.set(2, &mina, &payload(&[(8, 1, "{}")]), now).unwrap();
    assert_eq!(awareness.set(2, &mina, &payload(&[(7, 6, "{}")]), now), Ok(vec![]));
    awareness.remove(1, now);
    assert_eq!(awareness.set(2, &mina, &payload(&[(7, 5, "{}")]), now), Ok(vec![]));
}

/// The timers of tabs in the background are throttled; what others hear nothing of for 30 s, they take for gone.
#[test]
fn who_renews_nothing_stays_until_the_connection_ends_and_the_others_hear_so() {
    let mut awareness = Awareness::default();
    let now = Instant::now();
    let later = |seconds| now + Duration::from_secs(seconds);
    awareness.set(1, &person(MINA), &payload(&[(7, 1, "{}")]), now).unwrap();
    let mut said = now;
    for seconds in 1..600 {
        if awareness.deadline().unwrap() <= later(seconds) {
            let clock = told(&awareness, 7).unwrap().0;
            assert_eq!(awareness.expire(later(seconds)), vec![7]);
            assert_eq!(told(&awareness, 7).unwrap().0, clock + 1, "newer to the others");
            said = later(seconds);
        }
        assert!(later(seconds) - said < Duration::from_secs(30), "{seconds}");
    }
    assert_eq!(awareness.remove(1, later(600)), vec![7]);
    assert_eq!(awareness.deadline(), None);
    awareness.expire(later(900));
    assert_eq!(told(&awareness, 7), None);
}

#[test]
fn what_a_client_says_after_its_state_was_renewed_for_it_is_news_to_the_others() {
    let mut awareness = Awareness::default();
    let now = Instant::now();
    let later = |seconds| now + Duration::from_secs(seconds);
    let mina = person(MINA);
    let set = |awareness: &mut Awareness<u32>, clock, json, at| {
        awareness.set(1, &mina, &payload(&[(7, clock, json)]), at).unwrap()
    };
    set(&mut awareness, 5, "{}", now);
    assert_eq!(awareness.expire(later(20)), vec![7]);
    assert_eq!(awareness.expire(later(40)), vec![7]);
    assert_eq!(told(&awareness, 7).unwrap().0, 7);
    assert_eq!(set(&mut awareness, 6, "{\"a\":1}", later(41)), vec![7], "it has not heard of them");
    let (clock, json) = told(&awareness, 7).unwrap();
    assert_eq!(clock, 8);
    assert!(json.contains("\"a\":1"));
    assert_eq!(set(&mut awareness, 6, "null", later(42)), vec![7]);
    assert_eq!(told(&awareness, 7), Some((8, "null".into())));
}

/// What a stock client hears of itself under a newer clock it takes for its own state, and sends it back.
#[test]
fn a_client_that_repeats_what_was_renewed_for_it_changes_nothing() {
    let mut awareness = Awareness::default();
    let now = Instant::now();
    let mina = person(MINA);
    let later = |seconds| now + Duration::from_secs(seconds);
    let said = |awareness: &Awareness<u32>| told(awareness, 7).unwrap();
    awareness.set(1, &mina, &payload(&[(7, 5, "{}")]), now).unwrap();
    awareness.expire(later(20));
    let first = said(&awareness);
    awareness.expire(later(40));
    let second = said(&awareness);
    // It said something new before it heard of either.
    awareness.set(1, &mina, &payload(&[(7, 6, "{\"a\":1}")]), later(41)).unwrap();
    let newest = said(&awareness);
    for (clock, json) in [first, second, newest.clone()] {
        let repeated = payload(&[(7, clock, &json)]);
        assert_eq!(awareness.set(1, &mina, &repeated, later(42)), Ok(vec![]), "{clock}");
    }
    assert_eq!(said(&awareness), newest);
    assert_eq!(awareness.set(1, &mina, &payload(&[(7, 9, "{}")]), later(43)), Ok(vec![7]));
}

#[test]
fn a_client_that_comes_back_without_having_heard_of_renewals_is_seen_at_once() {
    let mut awareness = Awareness::default();
    let now = Instant::now();
    let mina = person(MINA);
    awareness.set(1, &mina, &payload(&[(7, 5, "{}")]), now).unwrap();
    awareness.expire(now + Duration::from_secs(20));
    let clock = told(&awareness, 7).unwrap().0;
    assert_eq!(awareness.set(2, &mina, &payload(&[(7, 5, "{}")]), now), Ok(vec![7]));
    assert!(told(&awareness, 7).unwrap().0 > clock);
    awareness.remove(2, now);
    let clock = told(&awareness, 7).unwrap().0;
    assert_eq!(awareness.set(3, &mina, &payload(&[(7, 5, "{}")]), now), Ok(vec![7]));
    assert!(told(&awareness, 7).unwrap().0 > clock);
}

#[test]
fn a_state_that_its_connection_uses_no_longer_is_gone() {
    let mut awareness = Awareness::default();
    let now = Instant::now();
    let later = |seconds| now + Duration::from_secs(seconds);
    let mina = person(MINA);
    awareness.set(1, &mina, &payload(&[(7, 1, "{}"), (8, 1, "{}")]), now).unwrap();
    for (clock, seconds) in [(2, 10), (3, 20)] {
        awareness.set(1, &mina, &payload(&[(8, clock, "{}")]), later(seconds)).unwrap();
        awareness.expire(later(seconds));
        assert!(told(&awareness, 7).unwrap().1 != "null", "{seconds}");
    }
    awareness.set(1, &mina, &payload(&[(8, 4, "{}")]), later(30)).unwrap();
    assert_eq!(awareness.expire(later(30)), vec![7]);
    assert_eq!(told(&awareness, 7).unwrap().1, "null");
}

#[test]
fn a_participant_brings_four_ids_at_most() {
    let mut awareness = Awareness::default();
    let five: Vec<_> = (0..5).map(|id| (id, 1, "{}")).collect();
    let taken = awareness.set(1, &person(MINA), &payload(&five), Instant::now()).unwrap();
    assert_eq!(taken, vec![0, 1, 2, 3]);
}

#[test]
fn states_that_come_too_fast_are_held_back_and_the_newest_is_taken_when_it_is_due() {
    let limits = Limits { awareness_per_second: 4, ..Limits::default() };
    let mut awareness = Awareness::new(&limits);
    let (now, mina) = (Instant::now(), person(MINA));
    awareness.set(2, &person(JUN), &payload(&[(9, 1, "{}")]), now).unwrap();
    let send = |awareness: &mut Awareness<u32>, clock: u32| {
        awareness.set(1, &mina, &payload(&[(7, clock, "{}"), (9, 1, "{}")]), now).unwrap()
    };
    assert!((1..=4).all(|clock| send(&mut awareness, clock) == [7]), "a burst");
    assert!((5..=20).all(|clock| send(&mut awareness, clock).is_empty()));
    assert_eq!((awareness.take_held(), awareness.take_held()), (16, 0));
    assert_eq!(told(&awareness, 7).unwrap().0, 4);
    let due = awareness.deadline().unwrap();
    assert!(due - now <= Duration::from_millis(251), "{:?}", due - now);
    assert_eq!(awareness.release(now), Vec::<u64>::new());
    assert_eq!(awareness.release(due), [7]);
    assert_eq!(told(&awareness, 7).unwrap().0, 20, "the newest");
    assert_eq!(awareness.release(due + Duration::from_secs(9)), Vec::<u64>::new(), "once");
}

#[test]
fn what_others_brought_costs_nothing_and_who_goes_is_gone_at_once() {
    let limits = Limits { awareness_per_second: 1, ..Limits::default() };
    let mut awareness = Awareness::new(&limits);
    let (now, mina) = (Instant::now(), person(MINA));
    awareness.set(2, &person(JUN), &payload(&[(9, 1, "{}")]), now).unwrap();
    for clock in 2..100 {
        awareness.set(1, &mina, &payload(&[(9, clock, "{}")]), now).unwrap();
    }
    assert_eq!(awareness.set(1, &mina, &payload(&[(7, 1, "{}")]), now), Ok(vec![7]));
    assert_eq!(awareness.set(1, &mina, &payload(&[(7, 2, "{}")]), now), Ok(vec![]), "held");
    assert_eq!(awareness.set(1, &mina, &payload(&[(7, 3, "null")]), now), Ok(vec![7]));
    assert_eq!(awareness.release(now + Duration::from_secs(9)), Vec::<u64>::new());
    assert_eq!(told(&awareness, 7), Some((3, "null".to_owned())));
    awareness.set(1, &mina, &payload(&[(7, 4, "{}")]), now).unwrap();
    awareness.remove(1, now);
    assert_eq!(awareness.release(now + Duration::from_secs(9)), Vec::<u64>::new());
}

/// W8
#[test]
fn a_state_that_is_too_large_is_passed_over_and_the_one_before_lives_on() {
    let mut awareness = Awareness::<u32>::default();
    let (now, mina) = (Instant::now(), person(MINA));
    let huge = format!("{{\"avatar\":\"data:image/png;base64,{}\"}}", "x".repeat(5_000));
    let alone = awareness.set(1, &mina, &payload(&[(7, 1, &huge)]), now);
    assert_eq!((alone, awareness.take_oversized()), (Ok(vec![]), 1));
    let both = awareness.set(1, &mina, &payload(&[(7, 2, &huge), (8, 1, "{}")]), now);
    assert_eq!((both, awareness.take_oversized()), (Ok(vec![8]), 1));
    let later = now + Duration::from_secs(20);
    assert_eq!(awareness.set(1, &mina, &payload(&[(8, 2, &huge)]), later), Ok(vec![]));
    awareness.expire(now + Duration::from_secs(40));
    assert!(told(&awareness, 8).is_some_and(|(_, json)| json != "null"), "it is still here");
    assert_eq!(awareness.set(1, &mina, &payload(&[(8, 9, "{}")]), later), Ok(vec![8]));
}

#[test]
fn hostile_payloads_are_refused() {
    let mut awareness = Awareness::<u32>::default();
    let bad = [
        (vec![0x01, 0x05, 0x80, 0x80, 0x80, 0x80, 0x01], Refusal::Malformed("it ends too early")),
        (payload(&[(7, 1, "[1]")]), Refusal::Malformed("a state is no JSON object")),
        (payload(&[(7, 1, "{")]), Refusal::Malformed("a state is no JSON object")),
    ];
    for (bytes, refusal) in bad {
        let answer = awareness.set(1, &person(MINA), &bytes, Instant::now());
        assert_eq!(answer, Err(refusal), "{bytes:?}");
    }
}
