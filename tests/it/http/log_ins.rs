//! Logging in while others try: who is held back, and which cookies belong to whom.

use futures_util::future::join_all;
use reqwest::{Client, Method, StatusCode, header::SET_COOKIE};
use serde_json::{Value, json};

use crate::serving::{Answer, PASSWORD, Serving};

const MINJI: &str = "minji@example.org";

/// A browser: it keeps cookies, and not by port.
struct Browser {
    client: Client,
}

impl Browser {
    fn new() -> Self {
        Self { client: Client::builder().cookie_store(true).build().unwrap() }
    }

    async fn post(&self, base: &str, path: &str, from: &str, body: &Value) -> Answer {
        let request = self.client.request(Method::POST, format!("{base}/api/v1{path}"));
        Answer::of(request.header("x-forwarded-for", from).json(body)).await
    }

    async fn log_in(&self, base: &str, from: &str, password: &str) -> Answer {
        let form = json!({"mail": MINJI, "password": password});
        self.post(base, "/sessions", from, &form).await
    }
}

/// Set-Cookie lines of an answer, by the names of the cookies.
fn cookies(answer: &Answer) -> Vec<(String, String)> {
    let lines = answer.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap());
    lines
        .map(|line| line.split_once('=').unwrap())
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect()
}

async fn fails_until_held_back(browser: &Browser, base: &str, from: &str) -> u32 {
    for failed in 0..100 {
        let answer = browser.log_in(base, from, "wrong password").await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
            answer.refused(429, "too_many");
            return failed;
        }
        answer.refused(401, "wrong_credentials");
    }
    panic!("nobody is held back");
}

#[tokio::test]
async fn strangers_who_try_passwords_lock_nobody_out() {
    let server = Serving::start_with(&["--proxies", "1", "--logins-per-minute", "6"]).await;
    server.anybody().sign_up("minji").await;
    let (home, stranger) = ("198.51.100.1", "203.0.113.9");
    let owner = Browser::new();
    owner.log_in(&server.base, home, PASSWORD).await.expect(StatusCode::OK);
    assert_eq!(fails_until_held_back(&Browser::new(), &server.base, stranger).await, 3);
    // From elsewhere, from a new device, and even from the strangers' own address.
    Browser::new().log_in(&server.base, home, PASSWORD).await.expect(StatusCode::OK);
    owner.log_in(&server.base, home, PASSWORD).await.expect(StatusCode::OK);
    owner.log_in(&server.base, stranger, PASSWORD).await.expect(StatusCode::OK);
}

/// More than a node works on, and more than wait with it.
#[tokio::test]
async fn of_a_crowd_that_logs_in_at_once_some_are_told_when_to_come_again_and_then_get_in() {
    const CROWD: usize = 150;
    let server = Serving::start_with(&["--proxies", "1", "--logins-per-minute", "1000"]).await;
    server.anybody().sign_up("minji").await;
    let log_in = async |n: usize| {
        let from = format!("203.0.113.{n}");
        Browser::new().log_in(&server.base, &from, PASSWORD).await
    };
    let answers = join_all((0..CROWD).map(log_in)).await;
    let (inside, outside): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == StatusCode::OK);
    assert!(!inside.is_empty() && !outside.is_empty(), "{} are in", inside.len());
    for answer in outside {
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
        answer.refused(503, "busy");
    }
    log_in(0).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_known_device_gets_in_while_the_whole_world_tries_its_accounts_password() {
    let server = Serving::start_with(&["--proxies", "1", "--logins-per-minute", "2"]).await;
    server.anybody().sign_up("minji").await;
    let owner = Browser::new();
    owner.log_in(&server.base, "198.51.100.1", PASSWORD).await.expect(StatusCode::OK);
    let mut hosts = 0..=255;
    let slowed = loop {
        let from = format!("203.0.113.{}", hosts.next().expect("somebody is held back"));
        let failed = Browser::new().log_in(&server.base, &from, "wrong password").await;
        if failed.status != StatusCode::UNAUTHORIZED {
            break failed;
        }
    };
    assert!(hosts.start() >= &10, "{hosts:?}");
    slowed.refused(429, "too_many");
    for _ in 0..3 {
        owner.log_in(&server.base, "198.51.100.1", PASSWORD).await.expect(StatusCode::OK);
    }
    // It has a count of its own, so that a stolen one is no way to guess.
    assert_eq!(fails_until_held_back(&owner, &server.base, "198.51.100.1").await, 1);
}

#[tokio::test]
async fn a_device_is_known_to_its_own_account_alone_and_to_no_made_up_cookie() {
    let server = Serving::start_with(&["--proxies", "1", "--logins-per-minute", "2"]).await;
    server.anybody().sign_up("minji").await;
    server.anybody().sign_up("jun").await;
    let browser = Browser::new();
    let form = json!({"mail": "jun@example.org", "password": PASSWORD});
    let known = browser.post(&server.base, "/sessions", "198.51.100.1", &form).await;
    let (device, _) =
        cookies(&known).into_iter().find(|(n, _)| n.starts_with("moim_device_")).unwrap();
    known.expect(StatusCode::OK);
    let stranger = "203.0.113.9";
    assert_eq!(fails_until_held_back(&browser, &server.base, stranger).await, 1);
    let request =
        server.anybody().request(Method::POST, "/sessions").header("x-forwarded-for", stranger);
    let forged = request.header("cookie", format!("{device}=made.up.token"));
    let answer = Answer::of(forged.json(&json!({"mail": MINJI, "password": PASSWORD}))).await;
    answer.refused(429, "too_many");
}

#[tokio::test]
async fn log_ins_that_succeed_do_not_count() {
    let server = Serving::start_with(&["--logins-per-minute", "2"]).await;
    server.anybody().sign_up("minji").await;
    for _ in 0..5 {
        Browser::new().log_in(&server.base, "", PASSWORD).await.expect(StatusCode::OK);
    }
    // A room full of people who log in together, too.
    let all = (0..6).map(|_| async {
        Browser::new().log_in(&server.base, "", PASSWORD).await.expect(StatusCode::OK);
    });
    join_all(all).await;
}

#[tokio::test]
async fn a_session_that_goes_on_makes_its_browser_known() {
    let server = Serving::start_with(&["--proxies", "1", "--logins-per-minute", "2"]).await;
    let minji = server.person("minji").await;
    // Only the session, as it was before there were cookies for devices.
    let renewed = minji.refresh().await;
    let device =
        cookies(&renewed).into_iter().find(|(n, _)| n.starts_with("moim_device_")).unwrap();
    let (name, rest) = device;
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/api/v1/sessions", "; Max-Age=31536000"]
    {
        assert!(rest.contains(part), "{rest}");
    }
    let token = rest.split(';').next().unwrap();
    fails_until_held_back(&Browser::new(), &server.base, "203.0.113.9").await;
    let request = server.anybody().request(Method::POST, "/sessions");
    let request = request
        .header("x-forwarded-for", "203.0.113.9")
        .header("cookie", format!("{name}={token}"));
    let form = json!({"mail": MINJI, "password": PASSWORD});
    Answer::of(request.json(&form)).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn two_servers_on_one_host_leave_each_others_sessions_alone() {
    let (one, other) = (Serving::start().await, Serving::start().await);
    let browser = Browser::new();
    for server in [&one, &other] {
        server.anybody().sign_up("minji").await;
        browser.log_in(&server.base, "", PASSWORD).await.expect(StatusCode::OK);
    }
    for _ in 0..2 {
        for server in [&one, &other] {
            let refreshed = browser.post(&server.base, "/sessions/refresh", "", &json!({})).await;
            refreshed.expect(StatusCode::OK);
        }
    }
    let ended = browser.client.delete(format!("{}/api/v1/sessions/current", other.base));
    Answer::of(ended).await.expect(StatusCode::NO_CONTENT);
    let again = browser.post(&one.base, "/sessions/refresh", "", &json!({})).await;
    again.expect(StatusCode::OK);
}

#[tokio::test]
async fn nodes_that_share_their_data_share_their_cookies_over_restarts_too() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let beside = server.start_beside(&[]).await;
    let name = |cookie: &str| cookie.split('=').next().unwrap().to_owned();
    let there = minji.moved_to(&beside.base).refresh().await;
    assert_eq!(name(&there.cookie()), name(&minji.cookie));
    drop(beside);
    let server = server.restart().await;
    let mut again = server.anybody();
    again.log_in(MINJI).await;
    assert_eq!(name(&again.cookie), name(&minji.cookie));
}

#[tokio::test]
async fn the_cookie_of_before_is_read_once_and_replaced() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let token = minji.cookie.split_once('=').unwrap().1;
    let mut old = minji.clone();
    old.cookie = format!("moim_refresh={token}");
    let answer = old.refresh().await;
    let set = cookies(&answer);
    assert!(set[0].0.starts_with("moim_refresh_"), "{set:?}");
    let ended = set.iter().find(|(name, _)| name == "moim_refresh").expect("the old one is ended");
    assert!(ended.1.starts_with("; ") && ended.1.contains("Max-Age=0"), "{ended:?}");
    answer.expect(StatusCode::OK);
    // Beside a new one it is somebody else's.
    let mut both = minji.clone();
    both.cookie = format!("moim_refresh=another; {}", minji.cookie);
    let answer = both.refresh().await;
    assert!(cookies(&answer).iter().all(|(name, _)| name != "moim_refresh"));
    answer.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_password_is_one_however_a_keyboard_writes_it() {
    let server = Serving::start().await;
    let form = json!({"mail": MINJI, "password": "Zürich-2026", "name": "민지"});
    server.anybody().post("/accounts", form).await.expect(StatusCode::CREATED);
    for password in ["Zürich-2026", "Zu\u{308}rich-2026", "Ｚürich-２０２６"] {
        Browser::new().log_in(&server.base, "", password).await.expect(StatusCode::OK);
    }
    let other = Browser::new().log_in(&server.base, "", "Zurich-2026").await;
    other.refused(401, "wrong_credentials");
}
