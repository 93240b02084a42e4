//! The headers that guard browsers, on every kind of answer.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::new_trip;
use crate::serving::{Answer, Person, Serving};

const GUARDS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(self)"),
];

/// One answer of every kind that there is, each with what it is.
async fn answers(server: &Serving) -> Vec<(&'static str, Answer)> {
    let (anybody, minji) = (server.anybody(), server.person("minji").await);
    let trip = new_trip(&minji, "제주").await;
    let get = async |path: &str| anybody.get(path).await;
    let packed = anybody.request(Method::GET, "!/").header("accept-encoding", "br");
    let page = get("!/").await;
    let tag = page.header("etag").to_owned();
    let known = anybody.request(Method::GET, "!/").header("if-none-match", tag);
    let made = minji.post("/trips", json!({"title": "x"})).await;
    vec![
        ("the page", page),
        ("the page, packed", Answer::of(packed).await),
        ("the page, known", Answer::of(known).await),
        ("a route of the client", get(&format!("!/trips/{}", &trip[5..])).await),
        ("a file that is missing", get("!/assets/nothing.js").await),
        ("an API answer", get("/config").await),
        ("an API creation", made),
        ("an API error", get("/accounts/me").await),
        ("a form that can't be taken", anybody.post("/accounts", json!({"mail": "x"})).await),
        ("no such endpoint", get("/nothing").await),
        ("no such method", anybody.delete("/accounts").await),
        ("the description", get("!/api/openapi.json").await),
        ("the docs page", get("!/api/docs/").await),
        ("a script of the docs page", get("!/api/docs/swagger-ui-bundle.js").await),
        ("a redirect", redirect(&anybody).await),
        ("health", get("!/healthz").await),
        ("readiness", get("!/readyz").await),
        ("metrics", get("!/metrics").await),
        ("a socket that is none", get(&format!("!/sync/{trip}")).await),
    ]
}

async fn redirect(person: &Person) -> Answer {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = client.build().unwrap().get(format!("{}/api/docs", person.base));
    Answer::of(request).await
}

#[tokio::test]
async fn every_kind_of_answer_is_guarded() {
    let server = Serving::start().await;
    for (what, answer) in answers(&server).await {
        assert!(!answer.status.is_server_error(), "{what}: {}", answer.text);
        for (name, value) in GUARDS {
            assert_eq!(answer.header(name), value, "{name} of {what}");
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self'; script-src 'self'; style-src 'self'"));
        for loose in ["unsafe", "*", "http:", "https:", "ws:", "wss:"] {
            assert!(!policy.contains(loose), "{loose} in {policy} of {what}");
        }
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{what}");
        assert_eq!(answer.header("x-request-id").len(), 26, "{what}");
    }
}

#[tokio::test]
async fn behind_tls_browsers_are_told_to_stay_there() {
    let server = Serving::start_with(&["--public-url", "https://moim.example.org"]).await;
    for (what, answer) in answers(&server).await {
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{what}");
    }
}

#[tokio::test]
async fn answers_about_people_are_not_cached() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    for path in ["/accounts/me", "/trips", "/nothing"] {
        assert_eq!(minji.get(path).await.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn the_pages_bring_no_script_and_no_style_of_their_own() {
    let server = Serving::start().await;
    for path in ["!/", "!/api/docs/"] {
        let page = server.anybody().get(path).await.expect_text(StatusCode::OK);
        for script in page.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(tag.contains("src=") && rest.trim_start().starts_with("</script>"), "{script}");
        }
        assert!(!page.contains("<style") && !page.contains("style="), "{path}: {page}");
    }
}

#[tokio::test]
async fn pages_of_a_named_site_use_the_interface_and_others_do_not() {
    let app = "https://app.example";
    let server = Serving::start_with(&["--origins", "https://app.example:443"]).await;
    let minji = server.person("minji").await;
    let preflight = async |origin: &str| {
        let request = minji
            .request(Method::OPTIONS, "/trips")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        Answer::of(request).await
    };
    let allowed = preflight(app).await;
    assert_eq!(allowed.status, StatusCode::OK);
    assert_eq!(allowed.header("access-control-allow-origin"), app);
    assert_eq!(allowed.header("access-control-allow-methods"), "POST");
    let headers = allowed.header("access-control-allow-headers");
    for name in ["authorization", "content-type", "idempotency-key"] {
        assert!(headers.contains(name), "{name} in {headers}");
    }
    assert!(!allowed.headers.contains_key("access-control-allow-credentials"));
    let refused = Answer::of(minji.request(Method::GET, "/nothing").header("origin", app)).await;
    assert_eq!(refused.header("access-control-allow-origin"), app, "errors can be read as well");
    for origin in ["https://evil.example", "http://app.example", "https://app.example.org", "null"]
    {
        let answer = preflight(origin).await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
    }
}
