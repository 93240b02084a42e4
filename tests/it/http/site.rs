//! What the server is besides its endpoints: health, description, headers, the client's files.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::serving::{Answer, Serving};

#[tokio::test]
async fn a_node_says_that_it_lives_and_takes_visitors() {
    let server = Serving::start().await;
    let watcher = server.anybody();
    assert_eq!(watcher.get("!/healthz").await.text, "alive\n");
    assert_eq!(watcher.get("!/readyz").await.text, "ready\n");
    let metrics = watcher.get("!/metrics").await;
    assert!(metrics.text.contains("moim_http_requests_total"), "{}", metrics.text);
    assert!(metrics.text.contains("route=\"/readyz\""), "{}", metrics.text);
}

#[tokio::test]
async fn metrics_may_ask_for_a_token() {
    let server = Serving::start_with(&["--metrics-token", "prometheus"]).await;
    let mut watcher = server.anybody();
    watcher.get("!/metrics").await.refused(401, "no_token");
    "prometheus".clone_into(&mut watcher.access);
    assert_eq!(watcher.get("!/metrics").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_interface_describes_itself() {
    let server = Serving::start().await;
    let anybody = server.anybody();
    let description = anybody.get("!/api/openapi.json").await.expect(StatusCode::OK);
    assert_eq!(description["openapi"], "3.1.0");
    assert_eq!(description["paths"]["/api/v1/accounts"]["post"]["tags"], json!(["accounts"]));
    let page = anybody.get("!/api/docs").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("swagger-ui"), "{}", page.text);
    assert!(!page.text.contains("http://") && !page.text.contains("https://"), "{}", page.text);
    assert!(
        anybody.get("!/api/docs/swagger-initializer.js").await.text.contains("/api/openapi.json")
    );
}

#[tokio::test]
async fn the_client_learns_which_maps_there_are() {
    let tiles = "https://tile.example.org/{z}/{x}/{y}.png";
    let flags = ["--tiles-url", tiles, "--map-attribution", "© Somebody", "--name", "우리 모임"];
    let config = Serving::start_with(&flags).await.anybody().get("/config").await;
    assert!(config.header("content-security-policy").contains("https://tile.example.org"));
    let config = config.expect(StatusCode::OK);
    let map = json!({"kind": "raster", "url": tiles, "attribution": "© Somebody"});
    assert_eq!((&config["map"], &config["name"]), (&map, &json!("우리 모임")));
    let plain = Serving::start().await.anybody().get("/config").await.expect(StatusCode::OK);
    assert_eq!(plain["map"], json!(null));
}

#[tokio::test]
async fn a_map_file_is_handed_out_in_pieces() {
    let server = Serving::start_with(&["--pmtiles", "Cargo.toml"]).await;
    let anybody = server.anybody();
    let map = anybody.get("/config").await.expect(StatusCode::OK)["map"].clone();
    assert_eq!(map["kind"], "pmtiles");
    let request = anybody.request(Method::GET, &format!("!{}", map["url"].as_str().unwrap()));
    let piece = Answer::of(request.header("range", "bytes=0-8")).await;
    assert_eq!((piece.status, piece.text.as_str()), (StatusCode::PARTIAL_CONTENT, "[package]"));
}

#[tokio::test]
async fn what_does_not_exist_is_a_problem_document() {
    let server = Serving::start().await;
    let anybody = server.anybody();
    anybody.get("/nothing").await.refused(404, "not_found");
    anybody.get("!/api/v2/accounts").await.refused(404, "not_found");
    anybody.delete("/accounts").await.refused(405, "method_not_allowed");
    let request = anybody.request(Method::POST, "/accounts");
    Answer::of(request.body("mail=minji")).await.refused(415, "not_json");
    let request =
        anybody.request(Method::POST, "/accounts").header("content-type", "application/json");
    Answer::of(request.body("{")).await.refused(400, "malformed");
    let large = json!({"mail": "x".repeat(65 * 1024)});
    anybody.post("/accounts", large).await.refused(413, "too_large");
    anybody.post("/accounts", json!({"mail": 7})).await.refused(422, "invalid");
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_held_back() {
    let server = Serving::start_with(&["--requests-per-minute", "2"]).await;
    for _ in 0..2 {
        server.anybody().get("/config").await.expect(StatusCode::OK);
    }
    server.anybody().get("/config").await.refused(429, "too_many");
    assert_eq!(server.anybody().get("!/healthz").await.status, StatusCode::OK);
}
