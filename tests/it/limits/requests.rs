//! REST: how long a body may be, and how often one may try to log in.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::json;

use super::client::Place;
use crate::serving::Answer;

#[tokio::test]
async fn a_body_has_so_many_bytes() {
    const MOST: usize = 300;
    let place = Place::with(&["--body-bytes", "300"]).await;
    let before = place.limited("body_bytes").await;
    let known = r#"{"mail":"minji@example.org","password":"제주도 푸른 밤 7"}"#;
    for (path, form) in [("/trips", r#"{"title":"제주"}"#), ("/sessions", known)] {
        let send = async |bytes: usize| {
            let body = format!("{form}{}", " ".repeat(bytes - form.len()));
            let request = place.person.request(Method::POST, path);
            Answer::of(request.header(CONTENT_TYPE, "application/json").body(body)).await
        };
        let most = send(MOST).await;
        assert!(most.status.is_success(), "{path}: {}", most.text);
        send(MOST + 1).await.refused(413, "too_large");
    }
    assert!(place.limited("body_bytes").await >= before + 2.0);
}

#[tokio::test]
async fn log_ins_may_fail_so_often_a_minute_from_one_address_and_for_one_mail() {
    let place = Place::with(&["--logins-per-minute", "6", "--proxies", "1"]).await;
    let attempt = async |mail: &str, from: &str| {
        let request = place.server.anybody().request(Method::POST, "/sessions");
        let form = json!({"mail": mail, "password": "not this one"});
        Answer::of(request.header("x-forwarded-for", from).json(&form)).await
    };
    let (here, there) = ("198.51.100.7", "198.51.100.8");
    for n in 0..6 {
        let answer = attempt(&format!("{n}@example.org"), here).await;
        answer.refused(401, "wrong_credentials");
    }
    let refused = attempt("7@example.org", here).await;
    // One more each ten seconds, of which the six may have taken some.
    assert!((1..=10).contains(&refused.header("retry-after").parse().unwrap()));
    refused.refused(429, "too_many");
    for _ in 0..3 {
        attempt("0@example.org", there).await.refused(401, "wrong_credentials");
    }
    attempt("0@example.org", there).await.refused(429, "too_many");
    attempt("8@example.org", there).await.refused(401, "wrong_credentials");
    for limit in ["logins", "logins_of_one_mail"] {
        assert!(place.limited(limit).await >= 1.0, "{limit}");
    }
}
