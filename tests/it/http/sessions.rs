//! Signing up, logging in, staying so, logging out.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::serving::{Answer, PASSWORD, Serving, any_file_contains};

#[tokio::test]
async fn who_signs_up_can_log_in_and_see_and_change_the_account() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let me = minji.get("/accounts/me").await.expect(StatusCode::OK);
    assert_eq!((&me["mail"], &me["name"]), (&json!("minji@example.org"), &json!("minji")));
    let change = json!({"name": " 민지 ", "language": "en", "color": "#E11D48"});
    let changed = minji.patch("/accounts/me", change).await.expect(StatusCode::OK);
    assert_eq!(
        (&changed["name"], &changed["language"], &changed["color"]),
        (&json!("민지"), &json!("en"), &json!("#e11d48"))
    );
    assert_eq!(minji.get("/accounts/me").await.expect(StatusCode::OK), changed);
}

#[tokio::test]
async fn a_change_of_an_account_that_can_not_be_made_is_refused_by_name_and_nothing_changes() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let before = minji.get("/accounts/me").await.expect(StatusCode::OK);
    for field in ["password", "mail", "id", "Name"] {
        let change = json!({"language": "en", field: "another one"});
        let problem = minji.patch("/accounts/me", change).await.refused(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    assert_eq!(minji.get("/accounts/me").await.expect(StatusCode::OK), before);
    server.anybody().log_in("minji@example.org").await;
}

#[tokio::test]
async fn a_form_is_told_everything_that_is_wrong_with_it() {
    let server = Serving::start().await;
    let form = json!({"mail": "minji", "password": "1234567", "name": " "});
    let problem = server.anybody().post("/accounts", form).await.refused(422, "invalid");
    let fields: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| &e["field"]).collect();
    assert_eq!(fields, ["mail", "name", "password"]);
}

#[tokio::test]
async fn a_sign_up_does_not_tell_that_a_mail_address_has_an_account_and_leaves_it_alone() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let account = minji.get("/accounts/me").await.expect(StatusCode::OK);
    let sign_up = async |mail: &str| {
        let form = json!({"mail": mail, "password": "another password", "name": "x"});
        server.anybody().post("/accounts", form).await.expect(StatusCode::CREATED)
    };
    let (taken, free) = (sign_up(" Minji@Example.org").await, sign_up("jun@example.org").await);
    let keys = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&taken), keys(&free));
    assert_eq!((&taken["mail"], &taken["name"]), (&account["mail"], &free["name"]));
    assert_ne!(taken["id"], account["id"]);
    let log_in = json!({"mail": "minji@example.org", "password": "another password"});
    server.anybody().post("/sessions", log_in).await.refused(401, "wrong_credentials");
    let mut again = server.anybody();
    again.log_in("minji@example.org").await;
    assert_eq!(again.get("/accounts/me").await.expect(StatusCode::OK), account);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_mail_address_look_the_same() {
    let server = Serving::start().await;
    server.person("minji").await;
    let attempt = async |mail: &str| {
        let form = json!({"mail": mail, "password": "wrong password"});
        server.anybody().post("/sessions", form).await.refused(401, "wrong_credentials")
    };
    assert_eq!(attempt("minji@example.org").await, attempt("nobody@example.org").await);
}

#[tokio::test]
async fn the_refresh_cookie_is_out_of_reach_for_scripts_and_other_sites() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let cookie = minji.refresh().await.cookie();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/api/v1/sessions", "; Max-Age=2592000"]
    {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");
    let server = Serving::start_with(&["--public-url", "https://moim.example.org"]).await;
    assert!(server.person("minji").await.refresh().await.cookie().ends_with("; Secure"));
}

#[tokio::test]
async fn whoever_refreshes_with_one_cookie_at_the_same_time_gets_the_same_successor() {
    let server = Serving::start().await;
    let mut minji = server.person("minji").await;
    // Six windows, and answers that are lost.
    let answers = join_all((0..6).map(|_| minji.refresh())).await;
    let again = minji.refresh().await;
    let cookies: BTreeSet<_> = answers.iter().chain([&again]).map(Answer::cookie).collect();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let old = minji.cookie.clone();
    minji.take_session(again);
    assert_ne!(minji.cookie, old);
    minji.get("/accounts/me").await.expect(StatusCode::OK);
    // The successor stays in force for as long as the old one leads to it.
    let successor = minji.cookie.clone();
    minji.take_session(minji.refresh().await);
    assert_eq!(minji.cookie, successor);
}

#[tokio::test]
async fn a_session_that_has_ended_stays_so_for_an_old_cookie_too() {
    let server = Serving::start().await;
    let mut minji = server.person("minji").await;
    let old = minji.clone();
    minji.take_session(minji.refresh().await);
    let request = minji.request(Method::DELETE, "/sessions/current");
    Answer::of(request.header("cookie", &minji.cookie)).await.expect(StatusCode::NO_CONTENT);
    old.refresh().await.refused(401, "session_over");
    minji.get("/accounts/me").await.refused(401, "session_over");
}

#[tokio::test]
async fn logging_out_ends_this_session_and_no_other() {
    let server = Serving::start().await;
    let phone = server.person("minji").await;
    let mut laptop = server.anybody();
    laptop.log_in("minji@example.org").await;
    let request = phone.request(Method::DELETE, "/sessions/current");
    let answer = Answer::of(request.header("cookie", &phone.cookie)).await;
    let name = phone.cookie.split('=').next().unwrap();
    assert!(answer.cookie().starts_with(&format!("{name}=; ")), "{}", answer.cookie());
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    phone.get("/accounts/me").await.refused(401, "session_over");
    laptop.get("/accounts/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_page_of_another_site_can_not_refresh() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    for (method, path) in
        [(Method::POST, "/sessions/refresh"), (Method::DELETE, "/sessions/current")]
    {
        for site in ["same-site", "cross-site"] {
            let request = minji.request(method.clone(), path).header("cookie", &minji.cookie);
            let answer = Answer::of(request.header("sec-fetch-site", site)).await;
            answer.refused(403, "cross_site");
        }
    }
    // It was not used up.
    let request = minji.request(Method::POST, "/sessions/refresh").header("cookie", &minji.cookie);
    let own = Answer::of(request.header("sec-fetch-site", "same-origin")).await;
    own.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_session_survives_a_restart_and_nothing_secret_is_in_the_store() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let (access, cookie) = (minji.access.clone(), minji.cookie.clone());
    let server = server.restart().await;
    let mut again = server.anybody();
    (again.access, again.cookie) = (access, cookie);
    again.get("/accounts/me").await.expect(StatusCode::OK);
    let token = again.cookie.split_once('=').unwrap().1.to_owned();
    again.take_session(again.refresh().await);
    let fresh = again.cookie.split_once('=').unwrap().1;
    for secret in [&token, fresh, PASSWORD, again.access.as_str()] {
        assert!(!any_file_contains(&server.data(), secret), "{secret}");
    }
}

#[tokio::test]
async fn a_made_up_token_is_refused() {
    let server = Serving::start().await;
    let mut nobody = server.anybody();
    nobody.get("/accounts/me").await.refused(401, "no_token");
    "made.up.token".clone_into(&mut nobody.access);
    nobody.get("/accounts/me").await.refused(401, "session_over");
}
