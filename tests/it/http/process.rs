//! The program as an operator runs it: what it prints, what it logs, how it stops.

use std::{process::Stdio, time::Duration};

use moim::protocol;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    common::{
        person::{Answer, PASSWORD, Person},
        program::{PATIENCE, Program},
    },
    events::Window,
    peers::{Peer, add_card},
    socket::{Socket, state, ticket},
};

/// A process of its own, that tells everything it can.
async fn start(folder: &TempDir) -> (Program, Person) {
    let program = Program::start(&folder.path().join("data"), &["--log", "trace"]).await;
    let anybody = Person::at(&program.base);
    (program, anybody)
}

/// Asks it to stop, as a service manager does, and reads all that it wrote.
async fn stop(mut program: Program) -> String {
    program.stop().await;
    program.log()
}

/// What must be in no log line, no metric and no answer to somebody else.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    fn keep(&mut self, secret: &str) -> String {
        self.0.push(secret.to_owned());
        secret.to_owned()
    }

    /// Also not as the bytes of a frame in hexadecimal.
    #[track_caller]
    fn assert_absent(&self, text: &str, place: &str) {
        for secret in &self.0 {
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            let found = text.find(secret).or_else(|| text.to_lowercase().find(&hex));
            let around = found.map(|at| &text.as_bytes()[at.saturating_sub(400)..at]);
            let around = around.map(String::from_utf8_lossy);
            assert!(found.is_none(), "{secret} is in the {place}, after {around:?}");
        }
    }
}

/// Somebody new, whose mail address, password and tokens are secrets from now on.
async fn sign_up(anybody: &Person, name: &str, secrets: &mut Secrets) -> Person {
    let person = anybody.clone().sign_up(name).await;
    let mail = format!("{name}@example.org");
    for secret in [&mail, PASSWORD, &person.access, person.cookie.split_once('=').unwrap().1] {
        secrets.keep(secret);
    }
    person
}

/// Everything that people do over REST, right and wrong.
async fn use_rest(anybody: &Person, minji: &mut Person, secrets: &mut Secrets) {
    let first = minji.clone();
    minji.take_session(minji.refresh().await);
    secrets.keep(&minji.access);
    secrets.keep(minji.cookie.split_once('=').unwrap().1);
    let wrong = json!({"mail": "minji@example.org", "password": secrets.keep("wrong-password")});
    minji.post("/sessions", wrong).await.refused(401, "wrong_credentials");
    let form = json!({"mail": secrets.keep("not-a-mail"), "password": secrets.keep("short-p")});
    let answer = anybody.post("/accounts", form).await;
    secrets.assert_absent(&answer.text, "answer");
    let body = format!("{{\"mail\": \"{}\"", secrets.keep("half-a-body"));
    let request = anybody.request(Method::POST, "/accounts").body(body);
    let answer = Answer::of(request.header("content-type", "application/json")).await;
    secrets.assert_absent(&answer.text, "answer");
    let made_up = secrets.keep("made.up.access-token");
    let request = anybody.request(Method::GET, "/accounts/me").bearer_auth(made_up);
    let answer = Answer::of(request).await;
    secrets.assert_absent(&answer.text, "answer");
    let guess = format!("/invites/{}", secrets.keep("guessed-invitation"));
    let answer = anybody.get(&guess).await;
    secrets.assert_absent(&answer.text, "answer");
    // In its grace: the same successor.
    first.refresh().await.expect(StatusCode::OK);
    let made_up = secrets.keep("made-up-refresh-token");
    let mut stranger = anybody.clone();
    stranger.cookie = format!("moim_refresh={made_up}");
    let answer = stranger.refresh().await;
    secrets.assert_absent(&answer.text, "answer");
    minji.log_in("minji@example.org").await;
    secrets.keep(&minji.access);
}

/// A trip of minji's with jun as a reader.
async fn share_a_trip(minji: &Person, jun: &Person, secrets: &mut Secrets) -> String {
    let trip = minji.post("/trips", json!({"title": secrets.keep("비밀 여행")})).await;
    let trip = trip.expect(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    let invite = minji.post(&format!("/trips/{trip}/invites"), json!({"role": "viewer"})).await;
    let invite = invite.expect(StatusCode::CREATED)["token"].as_str().unwrap().to_owned();
    secrets.keep(&invite);
    jun.get(&format!("/invites/{invite}")).await.expect(StatusCode::OK);
    jun.post(&format!("/invites/{invite}/accept"), json!({})).await.expect(StatusCode::OK);
    trip
}

/// Everything that goes over a document's socket, right and wrong.
async fn use_sockets(minji: &Person, jun: &Person, trip: &str, secrets: &mut Secrets) {
    let open = async |person: &Person, secrets: &mut Secrets| {
        let token = secrets.keep(&ticket(person, trip).await);
        Socket::open(person, &format!("{trip}?ack=1&token={token}")).await
    };
    let card = |id: &str| Peer::new(9).edit(|txn| add_card(txn, id, Some("d1"), "a1"));
    let mut writer = open(minji, secrets).await;
    writer.say(protocol::update(&card(&secrets.keep("SECRET-CARD")))).await;
    writer.until(|frame| *frame == protocol::stored(1)).await.unwrap();
    let cursor = format!(r#"{{"cur":"{}"}}"#, secrets.keep("SECRET-CURSOR"));
    writer.say(protocol::awareness(&state(7, 1, &cursor))).await;
    writer.until(|frame| frame.starts_with(&[1])).await.unwrap();
    let fresh = secrets.keep(&ticket(minji, trip).await);
    writer.say(protocol::token(&fresh)).await;
    writer.until(|frame| frame.starts_with(&[2, 3])).await.unwrap();
    writer.say(protocol::token(&secrets.keep("made.up.ticket"))).await;
    assert_eq!(writer.close_code().await, Some(4401));

    let mut reader = open(jun, secrets).await;
    reader.say(protocol::update(&card(&secrets.keep("SECRET-REFUSED")))).await;
    reader.until(|frame| frame.starts_with(&[101])).await.unwrap();
    reader.say(protocol::awareness(secrets.keep("SECRET-NO-AWARENESS").as_bytes())).await;
    assert_eq!(reader.close_code().await, Some(4400));
    let mut broken = open(minji, secrets).await;
    broken.say(protocol::update(secrets.keep("SECRET-NO-UPDATE").as_bytes())).await;
    broken.until(|frame| frame.starts_with(&[101])).await.unwrap();
    broken.say([&[9, 9], secrets.keep("SECRET-NO-FRAME").as_bytes()].concat().into()).await;
    assert_eq!(broken.close_code().await, Some(4400));
    let made_up = format!("{trip}?token={}", secrets.keep("made.up.knock"));
    assert_eq!(Socket::open(minji, &made_up).await.close_code().await, Some(4401));
}

async fn use_events(minji: &Person, trip: &str, secrets: &mut Secrets) {
    let ticket = async |secrets: &mut Secrets| {
        let ticket = minji.post("/events/tickets", json!({})).await.expect(StatusCode::OK);
        secrets.keep(ticket["token"].as_str().unwrap())
    };
    let mut window = Window::with(minji, &ticket(secrets).await).await;
    // Notices hold the trip's title.
    let notices = window.ask(json!({"op": "notices", "after": 0})).await;
    assert_eq!(notices["ok"]["last"], 1);
    window.ask(json!({"op": "watch", "room": trip})).await;
    window.ask(json!({"op": secrets.keep("SECRET-NO-OP")})).await;
    let fresh = ticket(secrets).await;
    window.ask(json!({"op": "token", "token": fresh})).await;
    window.say(Message::text(secrets.keep("SECRET-NO-REQUEST"))).await;
    assert_eq!(window.close_code().await, Some(4400));
    let guessed = Window::with(minji, &secrets.keep("made.up.events")).await;
    assert_eq!(guessed.close_code().await, Some(4401));
}

async fn save_and_restore(minji: &Person, trip: &str, secrets: &mut Secrets) {
    let form = json!({"name": secrets.keep("비밀 판")});
    let saved = minji.post(&format!("/documents/{trip}/versions"), form).await;
    let version = saved.expect(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
    let form = json!({"title": secrets.keep("다른 이름")});
    minji.patch(&format!("/trips/{trip}"), form).await.expect(StatusCode::OK);
    let restore = format!("/versions/{version}/restore");
    minji.post(&restore, json!({})).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn no_password_no_token_and_no_content_reaches_the_log_or_the_metrics() {
    let (folder, mut secrets) = (tempfile::tempdir().unwrap(), Secrets::default());
    let (program, anybody) = start(&folder).await;
    let mut minji = sign_up(&anybody, "minji", &mut secrets).await;
    let jun = sign_up(&anybody, "jun", &mut secrets).await;
    use_rest(&anybody, &mut minji, &mut secrets).await;
    let trip = share_a_trip(&minji, &jun, &mut secrets).await;
    use_sockets(&minji, &jun, &trip, &mut secrets).await;
    use_events(&minji, &trip, &mut secrets).await;
    save_and_restore(&minji, &trip, &mut secrets).await;
    let metrics = anybody.get("!/metrics").await.text;
    assert!(metrics.contains("/api/v1/versions/{id}/restore"), "{metrics}");
    secrets.assert_absent(&metrics, "metrics");
    assert!(!metrics.contains(&trip) && !metrics.contains(&minji.id), "{metrics}");
    let log = stop(program).await;
    assert!(
        log.contains("/api/v1/trips") && log.contains("malformed frame"),
        "it is not all there"
    );
    secrets.assert_absent(&log, "log");
}

/// By the work and not by the clock, which is not to be trusted here.
#[tokio::test]
async fn known_and_unknown_mail_addresses_cost_the_same_work() {
    let folder = tempfile::tempdir().unwrap();
    let (program, anybody) = start(&folder).await;
    sign_up(&anybody, "minji", &mut Secrets::default()).await;
    let log_in = |mail| ("/sessions", json!({"mail": mail, "password": "some password"}));
    let sign_up = |mail| {
        ("/accounts", json!({"mail": mail, "password": "some password", "name": "somebody"}))
    };
    let attempts = [
        log_in("minji@example.org"),
        log_in("nobody@example.org"),
        log_in("no-mail"),
        sign_up("minji@example.org"),
        sign_up("new@example.org"),
    ];
    for (path, form) in attempts {
        let before = program.metric("moim_passwords_total").await;
        anybody.post(path, form.clone()).await;
        let after = program.metric("moim_passwords_total").await;
        assert_eq!(after - before, 1.0, "{path} {form}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_said_and_nothing_is_served() {
    let url = "mongodb://moim:the-password@127.0.0.1:1/";
    let folder = TempDir::new().unwrap();
    let serve = Command::new(env!("CARGO_BIN_EXE_moim"))
        .args(["serve", "--listen", "127.0.0.1:0", "--mongo-url", url, "--data"])
        .arg(folder.path())
        .kill_on_drop(true)
        .output();
    let ended = timeout(Duration::from_secs(30), serve).await.unwrap().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        !ended.status.success() && said.contains("no MongoDB answers at 127.0.0.1:1"),
        "{said}"
    );
    assert!(!said.contains("the-password"), "{said}");
}

#[tokio::test]
async fn a_stop_is_in_order_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (program, anybody) = start(&folder).await;
    let answer = Answer::of(anybody.request(Method::GET, "!/healthz")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let log = stop(program).await;
    let at = |words: &str| log.find(words).unwrap_or_else(|| panic!("no `{words}` in {log}"));
    assert!(at("stopping") < at("everything is written"), "{log}");
}

#[tokio::test]
async fn health_ends_well_while_the_server_takes_visitors_and_no_longer() {
    let folder = TempDir::new().unwrap();
    let (mut program, _) = start(&folder).await;
    let address = program.base.strip_prefix("http://").unwrap().to_owned();
    let ask = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_moim"));
        command.args(["health", "--listen", &address]);
        command
    };
    let answer = ask().output().await.unwrap();
    assert!(answer.status.success(), "{answer:?}");
    assert_eq!(answer.stdout, b"ready\n");
    program.stop().await;
    let answer = ask().output().await.unwrap();
    assert_eq!(answer.status.code(), Some(1));
    let why = String::from_utf8(answer.stderr).unwrap();
    assert!(why.contains(&format!("nobody answers at {address}")), "{why}");
}

#[tokio::test]
async fn who_listens_everywhere_is_reached_by_both_families_of_addresses() {
    let folder = TempDir::new().unwrap();
    let mut serving = Command::new(env!("CARGO_BIN_EXE_moim"))
        .args(["serve", "--listen", "[::]:0", "--data"])
        .arg(folder.path().join("data"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut greeting = String::new();
    let mut output = BufReader::new(serving.stdout.take().unwrap());
    timeout(PATIENCE, output.read_line(&mut greeting)).await.unwrap().unwrap();
    let port = greeting.trim().strip_prefix("Moim is open: http://localhost:").unwrap();
    for host in ["127.0.0.1", "[::1]"] {
        let answer = reqwest::get(format!("http://{host}:{port}/healthz")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{host}");
    }
    for listen in [format!("[::]:{port}"), format!("0.0.0.0:{port}")] {
        let health =
            Command::new(env!("CARGO_BIN_EXE_moim")).args(["health", "--listen", &listen]).output();
        assert!(health.await.unwrap().status.success(), "{listen}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_is_logged_once_with_what_to_set() {
    let folder = tempfile::tempdir().unwrap();
    let (program, anybody) = start(&folder).await;
    for _ in 0..2 {
        let refused = Socket::knock(&anybody, "trip:x", Some("https://evil.example")).await;
        assert_eq!(refused.err(), Some(StatusCode::FORBIDDEN));
    }
    let log = stop(program).await;
    let lines: Vec<_> = log.lines().filter(|line| line.contains("another origin")).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    for word in ["https://evil.example", "--public-url", "--origins"] {
        assert!(lines[0].contains(word), "{}", lines[0]);
    }
}
