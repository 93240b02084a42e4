//! `moim user`: a link to a new password, made beside a server that runs.

use std::process::Output;

use jiff::{SignedDuration, Timestamp};
use moim::{
    accounts::{RESET_LIFE, make_reset_link},
    auth::Secret,
    store::sqlite::SqliteStore,
};
use reqwest::StatusCode;
use serde_json::json;
use tokio::process::Command;

use crate::{
    common::{person::Person, program::Program},
    mongo::Database,
    serving::{PASSWORD, Serving},
};

const MINJI: &str = "minji@example.org";
const NEW: &str = "another password";

async fn reset_link(mail: &str, flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moim"));
    command.args(["user", "reset-link", mail]).args(flags).output().await.unwrap()
}

/// The token of the link that was printed.
fn token_of(output: &Output, place: &str) -> String {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let (link, about) = said.split_once('\n').unwrap();
    assert!(about.contains(MINJI) && about.contains("UTC"), "{about}");
    let token = link.strip_prefix(&format!("{place}/reset#")).unwrap_or_else(|| panic!("{link}"));
    token.to_owned()
}

async fn choose(anybody: &Person, token: &str, password: &str) -> crate::serving::Answer {
    anybody.post("/password-resets", json!({"token": token, "password": password})).await
}

/// What holds wherever the accounts are.
async fn a_link_is_good_once(anybody: &Person, minji: &Person, token: &str) {
    let short = choose(anybody, token, "short").await.refused(422, "invalid");
    assert_eq!(short["errors"][0]["field"], "password");
    let mut renewed = anybody.clone();
    renewed.take_session(choose(anybody, token, NEW).await);
    assert_eq!(renewed.get("/accounts/me").await.expect(StatusCode::OK)["mail"], MINJI);
    renewed.refresh().await.expect(StatusCode::OK);
    // All other sessions have ended, with the password.
    minji.get("/accounts/me").await.refused(401, "session_over");
    minji.refresh().await.refused(401, "session_over");
    let log_in = |password| anybody.post("/sessions", json!({"mail": MINJI, "password": password}));
    log_in(PASSWORD).await.refused(401, "wrong_credentials");
    log_in(NEW).await.expect(StatusCode::OK);
    choose(anybody, token, NEW).await.refused(410, "reset_over");
}

#[tokio::test]
async fn somebody_who_forgot_their_password_chooses_another_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let program = Program::start(&data, &["--log", "trace"]).await;
    let anybody = Person::at(&program.base);
    let minji = anybody.clone().sign_up("minji").await;
    let data = data.to_str().unwrap().to_owned();
    let site = "https://moim.example.org";
    let flags = ["--data", &data, "--public-url", site];
    let first = token_of(&reset_link(MINJI, &flags).await, site);
    let last = token_of(&reset_link(" Minji@Example.org. ", &flags).await, site);
    choose(&anybody, &first, NEW).await.refused(410, "reset_over");
    choose(&anybody, "made up", NEW).await.refused(410, "reset_over");
    a_link_is_good_once(&anybody, &minji, &last).await;

    let unknown = reset_link("nobody@example.org", &flags).await;
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(said.contains("no account") && said.contains("nobody@example.org"), "{said}");
    let nowhere = reset_link(MINJI, &["--data", "/nowhere"]).await;
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8(nowhere.stderr).unwrap().contains("--data"));
    let mut program = program;
    program.stop().await;
    let log = program.log();
    assert!(!log.contains(&last) && !log.contains(NEW), "it is in the log");
}

#[tokio::test]
async fn a_link_is_made_in_a_database_that_nodes_share() {
    let database = std::sync::Arc::new(Database::new().await);
    let server = Serving::start_on(&database).await;
    let minji = server.person("minji").await;
    let url = database.url();
    let flags =
        ["--mongo-url", &url, "--mongo-database", &database.name, "--listen", "127.0.0.1:9"];
    let token = token_of(&reset_link(MINJI, &flags).await, "http://127.0.0.1:9");
    a_link_is_good_once(&server.anybody(), &minji, &token).await;
}

#[tokio::test]
async fn a_link_is_good_for_half_an_hour_whatever_a_clock_said() {
    let server = Serving::start().await;
    server.person("minji").await;
    let store = SqliteStore::open_beside(&server.data().join("moim.db")).await.unwrap().stores();
    let second = SignedDuration::from_secs(1);
    let days = SignedDuration::from_hours(40 * 24);
    let now = Timestamp::now();
    for (made, is_good) in [
        (now - RESET_LIFE - second, false),
        (now + days, false),
        (now - RESET_LIFE + SignedDuration::from_mins(5), true),
    ] {
        let secret = Secret::new().unwrap();
        make_reset_link(&*store.accounts, MINJI, &secret, made).await.unwrap().unwrap();
        let answer = choose(&server.anybody(), secret.reveal(), NEW).await;
        assert_eq!(answer.status.is_success(), is_good, "{made}: {}", answer.text);
    }
}
