//! Numbers, holes and questions, without a document.

use super::*;

fn id(byte: u8) -> NodeId {
    NodeId::from_bytes([byte; 16])
}

fn mesh(now: Instant) -> Mesh {
    let mut mesh = Mesh::new(Life { node: id(1), number: 1, epoch: 1 }, now);
    assert_eq!(mesh.due_need(now), Some(None), "the first word asks everybody");
    assert_eq!(mesh.due_need(now), None);
    mesh
}

fn frame(node: u8, life: u64, number: u64) -> Frame<RoomSaid> {
    let said = RoomSaid::Edits(Bytes::new());
    Frame { from: id(node), epoch: 1, life, number, said }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn the_first_word_asks_everybody_also_if_one_was_heard_before() {
    let now = Instant::now();
    let mut mesh = Mesh::new(Life { node: id(1), number: 1, epoch: 1 }, now);
    mesh.note(&frame(2, 1, 7), now);
    assert_eq!(
        mesh.due_need(now),
        Some(None),
        "a third may be here, of which nothing was heard yet"
    );
}

#[test]
fn a_hole_is_asked_about_ever_more_rarely_and_then_read_from_the_journal() {
    let start = Instant::now();
    let mut mesh = mesh(start);
    assert_eq!(mesh.note(&frame(2, 1, 1), start), Standing::Newest);
    assert_eq!(mesh.note(&frame(2, 1, 2), start), Standing::Newest);
    assert_eq!(mesh.due_need(start), None);
    assert_eq!(mesh.note(&frame(2, 1, 4), start), Standing::Newest);
    let mut asked = Vec::new();
    let mut now = start;
    while !mesh.begin_reread(now) {
        if let Some(of) = mesh.due_need(now) {
            asked.push((of, now - start));
        }
        now += Duration::from_millis(500);
    }
    assert_eq!(asked, [0, 1, 3].map(|at| (Some(id(2)), seconds(at))));
    assert_eq!(now - start, PATIENCE);
    mesh.end_reread(true, now);
    assert_eq!(mesh.due_need(now + seconds(60)), None, "what was missing has been read");
}

#[test]
fn an_answer_closes_the_hole_and_a_journal_that_can_not_be_read_does_not() {
    let now = Instant::now();
    let mut mesh = mesh(now);
    mesh.note(&frame(2, 1, 3), now);
    mesh.note(&frame(3, 1, 3), now);
    assert_eq!(mesh.due_need(now), Some(None), "two have holes: everybody is asked");
    mesh.answered(id(2));
    assert_eq!(mesh.due_need(now + seconds(2)), Some(Some(id(3))));
    let late = now + PATIENCE;
    assert!(mesh.begin_reread(late));
    mesh.end_reread(false, late);
    assert!(!mesh.begin_reread(late + seconds(1)));
    assert!(mesh.begin_reread(late + PATIENCE));
}

#[test]
fn what_is_lost_while_the_journal_is_read_is_still_missing_afterwards() {
    let now = Instant::now();
    let mut mesh = mesh(now);
    mesh.note(&frame(2, 1, 3), now);
    mesh.due_need(now);
    let later = now + PATIENCE;
    assert!(mesh.begin_reread(later));
    mesh.note(&frame(2, 1, 5), later);
    mesh.end_reread(true, later);
    assert_eq!(mesh.due_need(later + seconds(60)), Some(Some(id(2))));
}

#[test]
fn what_comes_late_or_again_or_of_a_former_life_is_told_apart() {
    let now = Instant::now();
    let mut mesh = mesh(now);
    assert_eq!(mesh.note(&frame(1, 1, 1), now), Standing::Own);
    assert_eq!(mesh.note(&frame(2, 7, 1), now), Standing::Newest);
    assert_eq!(mesh.note(&frame(2, 7, 1), now), Standing::Late);
    assert_eq!(mesh.note(&frame(2, 8, 1), now), Standing::Reborn);
    assert_eq!(mesh.note(&frame(2, 7, 2), now), Standing::Late);
    mesh.goodbye(id(2), now);
    assert_eq!(mesh.note(&frame(2, 8, 2), now), Standing::Late);
    assert_eq!(mesh.note(&frame(2, 9, 1), now), Standing::Reborn);
}

#[test]
fn what_a_node_may_have_taken_with_it_is_read_from_the_journal() {
    let now = Instant::now();
    let within = now + ASK_WITHIN + REREAD_WITHIN;
    let reads = |act: fn(&mut Mesh, Instant)| {
        let mut mesh = mesh(now);
        mesh.note(&frame(2, 1, 1), now);
        act(&mut mesh, now);
        mesh.begin_reread(within)
    };
    assert!(reads(|mesh, now| mesh.gone(id(2), now)), "it died");
    assert!(reads(|mesh, now| mesh.gone(id(3), now)), "so did one that was never heard");
    assert!(reads(Mesh::missed), "whoever came and went meanwhile");
    assert!(!reads(|mesh, now| mesh.goodbye(id(2), now)));
    assert!(!reads(|mesh, now| mesh.left(id(3), now)));
    let with_a_hole = |mesh: &mut Mesh, now| {
        mesh.note(&frame(2, 1, 3), now);
        mesh.goodbye(id(2), now);
    };
    assert!(reads(with_a_hole));
}

#[test]
fn a_room_without_news_says_so_ever_more_rarely() {
    let start = Instant::now();
    let mut mesh = mesh(start);
    let mut said = Vec::new();
    for at in 0..1200 {
        let now = start + seconds(at);
        if mesh.is_heartbeat_due(now) {
            mesh.say(RoomSaid::Heartbeat(Digest(0)), now);
            said.push(at);
        }
    }
    assert_eq!(said, [15, 45, 105, 225, 465, 705, 945, 1185]);
}

#[test]
fn what_is_not_durable_is_held_with_all_that_follows() {
    let now = Instant::now();
    let mut mesh = mesh(now);
    mesh.hold(Revision(1), Outgoing::Edit(Bytes::new()));
    mesh.hold(Revision(3), Outgoing::Answer(id(2), Digest(0), Bytes::new()));
    mesh.hold(Revision(4), Outgoing::Edit(Bytes::new()));
    assert_eq!(mesh.release(Revision(2)).len(), 1);
    assert_eq!(mesh.release(Revision(2)).len(), 0);
    assert!(!mesh.is_quiet(now + seconds(60)), "it is not to be compared with others");
    assert_eq!(mesh.release(Revision(4)).len(), 2);
    assert!(mesh.is_quiet(now + seconds(60)));
}

#[test]
fn who_is_asked_by_name_answers_at_once_and_nobody_else_does() {
    let now = Instant::now();
    let mut mesh = mesh(now);
    for node in 2..10 {
        mesh.note(&frame(node, 1, 1), now);
    }
    mesh.question(id(2), Some(id(3)), Bytes::new(), false, now);
    assert!(mesh.due_question(now + seconds(1)).is_none());
    mesh.question(id(2), Some(id(1)), Bytes::new(), false, now);
    assert!(mesh.due_question(now).is_some());
    mesh.question(id(2), None, Bytes::new(), false, now);
    assert!(mesh.due_question(now).is_none(), "others may be first");
    mesh.said_already(id(2));
    let answer = mesh.due_question(now + TURN * MAX_TURNS).unwrap();
    assert!(answer.is_answered);
}
