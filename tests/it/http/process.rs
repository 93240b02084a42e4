//! The program as an operator runs it: what it prints, what it logs, how it stops.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tempfile::TempDir;

use crate::common::{
    person::{Answer, PASSWORD, Person},
    program::Program,
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

#[tokio::test]
async fn no_password_no_token_and_no_content_reaches_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (program, anybody) = start(&folder).await;
    let mut minji = anybody;
    let account = json!({"mail": "minji@example.org", "password": PASSWORD, "name": "minji"});
    minji.post("/accounts", account).await.expect(StatusCode::CREATED);
    minji.log_in("minji@example.org").await;
    let first = minji.clone();
    minji.take_session(minji.refresh().await);
    let trip =
        minji.post("/trips", json!({"title": "비밀 여행"})).await.expect(StatusCode::CREATED);
    let id = trip["id"].as_str().unwrap();
    let ticket = minji.post(&format!("/documents/{id}/tickets"), json!({})).await;
    let ticket = ticket.expect(StatusCode::OK)["token"].as_str().unwrap().to_owned();
    let invite = minji.post(&format!("/trips/{id}/invites"), json!({"role": "viewer"})).await;
    let invite = invite.expect(StatusCode::CREATED)["token"].as_str().unwrap().to_owned();
    minji.get(&format!("/invites/{invite}")).await.expect(StatusCode::OK);
    minji.get(&format!("!/sync/{id}?token={ticket}")).await;
    let wrong = json!({"mail": "minji@example.org", "password": "wrong-password"});
    minji.post("/sessions", wrong).await.refused(401, "wrong_credentials");
    minji.post("/accounts", json!({"mail": "not-a-mail", "password": "short-password"})).await;
    first.refresh().await.refused(401, "session_stolen");
    let log = stop(program).await;
    assert!(log.contains("/api/v1/trips"), "the log is empty");
    let cookie = |person: &Person| person.cookie.split_once('=').unwrap().1.to_owned();
    let secrets = [
        PASSWORD,
        "wrong-password",
        "short-password",
        "not-a-mail",
        "비밀 여행",
        "minji@example.org",
        &ticket,
        &invite,
        &minji.access,
        &first.access,
        &cookie(&minji),
        &cookie(&first),
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
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
