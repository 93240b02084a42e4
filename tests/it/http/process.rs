//! The program as an operator runs it: what it prints, what it logs, how it stops.

use std::{process::Stdio, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

use crate::serving::{Answer, PASSWORD, Person};

/// A process of its own, that tells everything it can.
struct Process {
    child: Child,
    anybody: Person,
    _folder: tempfile::TempDir,
}

impl Process {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_moim"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "trace"])
            .arg("--data")
            .arg(folder.path().join("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut greeting = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut greeting).await.unwrap();
        let base = greeting.trim().strip_prefix("Moim is open: ").unwrap();
        let anybody = Person::at(base);
        Self { child, anybody, _folder: folder }
    }

    /// Asks it to stop, as a service manager does, and reads all that it wrote.
    async fn stop(mut self) -> String {
        let id = self.child.id().unwrap().to_string();
        Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        let mut log = String::new();
        let mut errors = self.child.stderr.take().unwrap();
        let reading = errors.read_to_string(&mut log);
        tokio::time::timeout(Duration::from_secs(10), reading).await.unwrap().unwrap();
        assert!(self.child.wait().await.unwrap().success(), "{log}");
        log
    }
}

#[tokio::test]
async fn no_password_no_token_and_no_content_reaches_the_log() {
    let process = Process::start().await;
    let mut minji = process.anybody.clone();
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
    let log = process.stop().await;
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
    let process = Process::start().await;
    let answer = Answer::of(process.anybody.request(Method::GET, "!/healthz")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let log = process.stop().await;
    let at = |words: &str| log.find(words).unwrap_or_else(|| panic!("no `{words}` in {log}"));
    assert!(at("stopping") < at("everything is written"), "{log}");
}
