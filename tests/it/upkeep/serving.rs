//! One server a data folder, and one that starts again without leaving its process.

use reqwest::{Method, StatusCode};

use super::program::{Place, moim, until};
use crate::http::{
    sockets::{close_code, open},
    trips::new_trip,
};

#[tokio::test]
async fn a_second_server_on_one_folder_refuses_and_a_killed_one_is_no_obstacle() {
    let place = Place::new();
    let server = place.serve().await;
    let data = place.data();
    let second = ["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let pid = server.pid().to_string();
    let refused = moim(&second).await.expect(1, &[&pid, "stop it first", "--data"]);
    assert_eq!(refused.said, "", "it claims to be open");
    let held = std::fs::read_to_string(place.path("data/moim.lock")).unwrap();
    assert_eq!(held.lines().next(), Some(pid.as_str()));
    server.kill().await;
    place.serve().await.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_hang_up_starts_it_again_in_place_with_new_keys_and_clients_come_back() {
    let place = Place::new();
    let server = place.serve().await;
    let minji = server.person("minji").await;
    let trip = new_trip(&minji, "제주").await;
    let socket = open(&server.base, &minji, &trip).await;
    let keys = place.path("data/token.keys");
    std::fs::write(&keys, "too-short\n").unwrap();
    server.signal("-HUP").await;
    until("a wrong key is told", async || server.has_logged("not started again")).await;
    minji.get("/trips").await.expect(StatusCode::OK);
    std::fs::write(&keys, "a-key-that-nobody-has-signed-anything-with\n").unwrap();
    let pid = server.pid();
    server.signal("-HUP").await;
    assert_eq!(close_code(socket).await, 1001);
    until("tokens of the old key are worth nothing", async || {
        // A connection that was idle at the stop is closed: that request is simply sent again.
        let answer = minji.request(Method::GET, "/trips").send().await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::UNAUTHORIZED)
    })
    .await;
    let minji = server.known("minji").await;
    let _socket = open(&server.base, &minji, &trip).await;
    assert_eq!(server.pid(), pid);
    let log = server.stop().await;
    assert_eq!(log.matches("everything is written").count(), 2, "{log}");
}
