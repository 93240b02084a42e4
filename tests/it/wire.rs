//! The wire as both sides know it: golden frames and the table of close codes, read by Rust and TypeScript alike.

use bytes::Bytes;
use moim::protocol::{self, CloseCode, Message, RefusedStatus};
use serde_json::Value;

fn golden() -> Vec<Value> {
    let text = std::fs::read_to_string("tests/golden/frames.json").unwrap();
    let frames: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(frames.len() > 20, "the golden frames are gone");
    frames
}

fn bytes(hex: &Value) -> Bytes {
    let hex = hex.as_str().unwrap();
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// The frame that says what the vector describes.
fn encoded(message: &Value) -> Bytes {
    let text = |key: &str| message[key].as_str().unwrap();
    let number = |key: &str| message[key].as_u64().unwrap();
    match text("type") {
        "step1" => protocol::step1(&bytes(&message["vector"])),
        "step2" => protocol::step2(&bytes(&message["update"])),
        "update" => protocol::update(&bytes(&message["update"])),
        "awareness" => protocol::awareness(&bytes(&message["update"])),
        "denied" => protocol::denied(text("reason")),
        "tokenWanted" => protocol::token_wanted(text("reason")),
        "token" => protocol::token(text("token")),
        "tokenAccepted" => protocol::token_accepted(number("seconds")),
        "access" => protocol::access(text("role")),
        "askAwareness" => protocol::ask_awareness(),
        "probe" => protocol::probe(),
        "stored" => protocol::stored(number("count")),
        "refused" => {
            assert_eq!(number("status"), RefusedStatus::Missing as u64, "the only one in there");
            protocol::refused(number("nth"), RefusedStatus::Missing, text("reason"))
        }
        "passedOver" => {
            assert_eq!(number("status"), RefusedStatus::TooLarge as u64, "the only one in there");
            protocol::passed_over(RefusedStatus::TooLarge, text("reason"))
        }
        other => panic!("no such message: {other}"),
    }
}

/// What the server understands of it; `None`: clients don't send this.
fn understood(message: &Value) -> Option<Message> {
    match message["type"].as_str().unwrap() {
        "step1" => Some(Message::Step1(bytes(&message["vector"]))),
        "step2" => Some(Message::Step2(bytes(&message["update"]))),
        "update" => Some(Message::Update(bytes(&message["update"]))),
        "awareness" => Some(Message::Awareness(bytes(&message["update"]))),
        "token" => Some(Message::Token(message["token"].as_str().unwrap().to_owned())),
        "askAwareness" => Some(Message::AskAwareness),
        "probe" => Some(Message::Probe),
        _ => None,
    }
}

#[test]
fn the_server_writes_the_golden_frames_and_reads_those_of_clients() {
    for frame in golden() {
        let (name, bytes) = (&frame["name"], bytes(&frame["hex"]));
        let read: Result<Vec<_>, _> = protocol::messages(bytes.clone()).collect();
        let Some(said) = frame["decoded"].as_array() else {
            assert!(read.is_err(), "{name}");
            continue;
        };
        let written: Vec<u8> = said.iter().flat_map(encoded).collect();
        assert_eq!(written, bytes, "{name}");
        match said.iter().map(understood).collect::<Option<Vec<_>>>() {
            Some(messages) => assert_eq!(read, Ok(messages), "{name}"),
            None => assert!(read.is_err(), "{name}: clients don't send this"),
        }
    }
}

/// W9
#[test]
fn the_browser_knows_the_same_close_codes() {
    let text = std::fs::read_to_string("static/src/protocol/close-codes.ts").unwrap();
    let table = text.split_once("CLOSE_CODES = {").unwrap().1.split_once('}').unwrap().0;
    let theirs: Vec<(String, u16)> = table
        .split(',')
        .filter_map(|row| row.split_once(':'))
        .map(|(name, code)| (name.trim().to_lowercase(), code.trim().parse().unwrap()))
        .collect();
    let name = |code: &CloseCode| format!("{code:?}").to_lowercase();
    let ours: Vec<_> = CloseCode::ALL.iter().map(|code| (name(code), code.code())).collect();
    assert_eq!(theirs, ours);
}
