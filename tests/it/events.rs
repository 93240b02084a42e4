//! `GET /events` on real sockets: who is told what, once and without holes, and who may hear what.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use futures_util::{SinkExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use moim::auth::{EventsTicket, Keys};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{common::person::Person, serving::Serving, socket::Socket};

const KEY: &str = "a-key-that-signs-the-tickets-of-these-tests";

/// How long anything that is expected may take, also where many tests run at once.
const PATIENCE: Duration = Duration::from_secs(30);
/// What has not come by then does not come.
const SILENCE: Duration = Duration::from_millis(300);

/// What is said to say something.
const ALIVE: &str = r#"{"event":"alive"}"#;

/// A window of somebody's.
pub(crate) struct Window {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    asked: u32,
    events: VecDeque<Value>,
}

impl Window {
    pub(crate) async fn of(person: &Person) -> Self {
        let ticket = person.post("/events/tickets", json!({})).await.expect(StatusCode::OK);
        Self::with(person, ticket["token"].as_str().unwrap()).await
    }

    /// A window that hears of all notices.
    pub(crate) async fn listening(person: &Person) -> Self {
        let mut window = Self::of(person).await;
        let all = window.ask(json!({"op": "notices", "after": 0})).await;
        assert_eq!(all["ok"]["more"], false);
        window
    }

    pub(crate) async fn with(person: &Person, token: &str) -> Self {
        let url = format!("{}/events?token={token}", person.base.replacen("http", "ws", 1));
        let (socket, _) = timeout(PATIENCE, connect_async(url)).await.unwrap().unwrap();
        Self { socket, asked: 0, events: VecDeque::new() }
    }

    /// Asks, and says the answer; events that come before it wait.
    pub(crate) async fn ask(&mut self, mut request: Value) -> Value {
        self.asked += 1;
        request["id"] = json!(self.asked);
        self.say(Message::text(request.to_string())).await;
        loop {
            let frame = self.frame().await;
            if frame["re"] == json!(self.asked) {
                return frame;
            }
            self.events.push_back(frame);
        }
    }

    pub(crate) async fn say(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    async fn frame(&mut self) -> Value {
        timeout(PATIENCE, self.next_frame()).await.expect("a frame")
    }

    async fn next_frame(&mut self) -> Value {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) if text.as_str() == ALIVE => {}
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next event of this name; others are passed over.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            let event = match self.events.pop_front() {
                Some(event) => event,
                None => self.frame().await,
            };
            if event["event"] == name {
                return event;
            }
        }
    }

    /// The next notice's kind, number and role.
    pub(crate) async fn notice(&mut self) -> (String, u64, Value) {
        let notice = self.event("notice").await["notice"].clone();
        let kind = notice["kind"].as_str().unwrap().to_owned();
        (kind, notice["seq"].as_u64().unwrap(), notice["role"].clone())
    }

    async fn is_silent(&mut self) {
        let heard = timeout(SILENCE, self.frame()).await;
        assert!(heard.is_err() && self.events.is_empty(), "{heard:?} {:?}", self.events);
    }

    pub(crate) async fn close_code(mut self) -> Option<u16> {
        let hearing = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|one| one.code.into()),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        timeout(PATIENCE, hearing).await.expect("the end")
    }
}

/// An owner, an editor and a stranger, who all listen.
struct Scene {
    server: Serving,
    people: [Person; 3],
    windows: [Window; 3],
    trip: String,
}

pub(crate) async fn join(owner: &Person, trip: &str, guest: &Person, role: &str) {
    let invite = owner.post(&format!("/trips/{trip}/invites"), json!({"role": role})).await;
    let invite = invite.expect(StatusCode::CREATED);
    let accept = format!("/invites/{}/accept", invite["token"].as_str().unwrap());
    guest.post(&accept, json!({})).await.expect(StatusCode::OK);
}

async fn scene() -> Scene {
    scene_on(Serving::start().await).await
}

async fn scene_on(server: Serving) -> Scene {
    let people =
        [server.person("minji").await, server.person("jun").await, server.person("sora").await];
    let trip = people[0].trip("제주").await;
    let mut windows = [
        Window::listening(&people[0]).await,
        Window::listening(&people[1]).await,
        Window::listening(&people[2]).await,
    ];
    join(&people[0], &trip, &people[1], "editor").await;
    assert_eq!(windows[0].notice().await, ("joined".to_owned(), 1, json!("editor")));
    Scene { server, people, windows, trip }
}

#[tokio::test]
async fn everybody_is_told_what_concerns_them_and_nobody_else_is() {
    let Scene {
        people: [minji, jun, sora],
        windows: [mut hers, mut his, mut other],
        trip,
        server: _server,
    } = scene().await;
    let path = format!("/trips/{trip}");
    let member = |person: &Person| format!("{path}/members/{}", person.id);
    let version = minji.post(&format!("/documents/{trip}/versions"), json!({})).await;
    let version = version.expect(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();

    minji.patch(&member(&jun), json!({"role": "viewer"})).await.expect(StatusCode::OK);
    assert_eq!(his.notice().await, ("role_changed".to_owned(), 1, json!("viewer")));
    // The same role once more is no news.
    minji.patch(&member(&jun), json!({"role": "viewer"})).await.expect(StatusCode::OK);
    for (status, kind) in
        [("archived", None), ("trashed", Some("trashed")), ("active", Some("untrashed"))]
    {
        minji.patch(&path, json!({"status": status})).await.expect(StatusCode::OK);
        if let Some(kind) = kind {
            assert_eq!(his.notice().await.0, kind);
        }
    }
    minji.post(&format!("/versions/{version}/restore"), json!({})).await.expect(StatusCode::OK);
    assert_eq!(his.notice().await.0, "version_restored");
    minji.post(&format!("/documents/{trip}/renewals"), json!({})).await.expect(StatusCode::OK);
    assert_eq!(his.notice().await, ("began_anew".to_owned(), 5, Value::Null));
    jun.delete(&member(&jun)).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(hers.notice().await, ("left".to_owned(), 2, Value::Null));
    join(&minji, &trip, &sora, "commenter").await;
    assert_eq!(hers.notice().await, ("joined".to_owned(), 3, json!("commenter")));
    minji.delete(&member(&sora)).await.expect(StatusCode::NO_CONTENT);
    let removed = other.event("notice").await;
    assert_eq!((&removed["unread"], &removed["notice"]["seq"]), (&json!(1), &json!(1)));
    assert_eq!(removed["notice"]["kind"], "removed");
    assert_eq!(removed["notice"]["trip"], json!({"id": trip, "title": "제주"}));
    assert_eq!(removed["notice"]["by"], json!({"id": minji.id, "name": "minji"}));
    for window in [&mut hers, &mut his, &mut other] {
        window.is_silent().await;
    }
}

/// Where an owner changes what a guest may do: in so many trips, since in one alone what comes of several changes in
/// quick succession is told, and not each.
async fn memberships(owner: &Person, guest: &Person, count: usize) -> Vec<String> {
    let mut paths = Vec::with_capacity(count);
    for number in 0..count {
        let trip = owner.trip(&format!("제주 {number}")).await;
        join(owner, &trip, guest, "editor").await;
        paths.push(format!("/trips/{trip}/members/{}", guest.id));
    }
    paths
}

#[tokio::test]
async fn of_much_that_is_done_to_one_thing_the_first_is_told_and_what_comes_of_it() {
    let Scene { people: [minji, jun, _], windows: [_, mut his, _], trip, server: _server } =
        scene().await;
    let path = format!("/trips/{trip}");
    for _ in 0..30 {
        for status in ["trashed", "active"] {
            minji.patch(&path, json!({"status": status})).await.expect(StatusCode::OK);
        }
    }
    minji.patch(&path, json!({"status": "trashed"})).await.expect(StatusCode::OK);
    // Something else is told without delay, and is the next that comes.
    assert_eq!(his.notice().await, ("trashed".to_owned(), 1, Value::Null));
    let member = format!("{path}/members/{}", jun.id);
    minji.patch(&member, json!({"role": "viewer"})).await.expect(StatusCode::OK);
    assert_eq!(his.notice().await, ("role_changed".to_owned(), 2, json!("viewer")));
    minji.patch(&path, json!({"status": "active"})).await.expect(StatusCode::OK);
    assert_eq!(his.notice().await, ("untrashed".to_owned(), 3, Value::Null));
}

#[tokio::test]
async fn what_is_held_back_is_told_at_the_stop() {
    let Scene { server, people: [minji, jun, _], trip, .. } = scene().await;
    let path = format!("/trips/{trip}");
    for status in ["trashed", "active"] {
        minji.patch(&path, json!({"status": status})).await.expect(StatusCode::OK);
    }
    let server = server.restart().await;
    let told = jun.moved_to(&server.base).get("/notices").await.expect(StatusCode::OK);
    let kinds: Vec<_> =
        told["notices"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(kinds, ["trashed", "untrashed"]);
}

#[tokio::test]
async fn who_comes_back_hears_what_was_missed_once_and_in_order() {
    let Scene { server, people: [minji, jun, _], windows: [hers, mut his, _], .. } = scene().await;
    drop(hers);
    let paths = Mutex::new(memberships(&minji, &jun, 16).await);
    let change = async |times: usize| {
        for _ in 0..times {
            let path = paths.lock().unwrap().pop().unwrap();
            minji.patch(&path, json!({"role": "viewer"})).await.expect(StatusCode::OK);
        }
    };
    change(4).await;
    let mut heard = Vec::new();
    for _ in 0..2 {
        heard.push(his.notice().await.1);
    }
    drop(his);
    change(6).await;
    // While more is going on.
    let (mut again, ()) = tokio::join!(Window::of(&jun), change(4));
    let page = again.ask(json!({"op": "notices", "after": heard[1]})).await["ok"].clone();
    let seqs = page["notices"].as_array().unwrap().iter().map(|one| one["seq"].as_u64().unwrap());
    heard.extend(seqs);
    change(2).await;
    while heard.len() < 16 {
        heard.push(again.notice().await.1);
    }
    assert_eq!(heard, (1..=16).collect::<Vec<_>>());
    again.is_silent().await;
    // Another life of the server knows them all, too.
    let server = server.restart().await;
    let all = jun.moved_to(&server.base).get("/notices?after=14").await.expect(StatusCode::OK);
    assert_eq!(
        (&all["last"], &all["unread"], &all["more"]),
        (&json!(16), &json!(16), &json!(false))
    );
    assert_eq!(all["notices"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_long_list_comes_by_the_page_and_goes_on_by_itself_after_the_last_one() {
    let Scene { people: [minji, jun, _], server: _server, .. } = scene().await;
    let mut paths = memberships(&minji, &jun, 105).await.into_iter();
    let viewer = json!({"role": "viewer"});
    for path in paths.by_ref().take(103) {
        minji.patch(&path, viewer.clone()).await.expect(StatusCode::OK);
    }
    let mut window = Window::of(&jun).await;
    let first = window.ask(json!({"op": "notices", "after": 0})).await["ok"].clone();
    assert_eq!((first["notices"].as_array().unwrap().len(), &first["more"]), (100, &json!(true)));
    minji.patch(&paths.next().unwrap(), viewer.clone()).await.expect(StatusCode::OK);
    window.is_silent().await;
    let rest = window.ask(json!({"op": "notices", "after": 100})).await["ok"].clone();
    assert_eq!((rest["notices"].as_array().unwrap().len(), &rest["more"]), (4, &json!(false)));
    minji.patch(&paths.next().unwrap(), viewer).await.expect(StatusCode::OK);
    assert_eq!(window.notice().await.1, 105);
    let few = jun.get("/notices?after=3&limit=2").await.expect(StatusCode::OK);
    assert_eq!((&few["notices"][0]["seq"], &few["more"]), (&json!(4), &json!(true)));
}

#[tokio::test]
async fn what_is_read_in_one_window_is_read_in_all() {
    let Scene { people: [minji, ..], windows: [mut hers, ..], server: _server, .. } = scene().await;
    let mut second = Window::listening(&minji).await;
    let read = hers.ask(json!({"op": "read", "until": 1})).await;
    assert_eq!(read["ok"], json!({"read": 1, "unread": 0}));
    assert_eq!(second.event("read").await, json!({"event": "read", "read": 1, "unread": 0}));
    let read = minji.post("/notices/read", json!({"until": 0})).await.expect(StatusCode::OK);
    assert_eq!(read, json!({"read": 1, "unread": 0}), "it went back");
    second.is_silent().await;
    minji.post("/notices/read", json!({"until": -1})).await.refused(422, "invalid");
}

#[tokio::test]
async fn who_is_in_a_trip_is_seen_by_its_members_alone_and_as_long_as_they_are() {
    let Scene { people: [minji, jun, sora], trip, server: _server, .. } = scene().await;
    let [mut hers, mut his, mut other] =
        [Window::of(&minji).await, Window::of(&jun).await, Window::of(&sora).await];
    let watch = json!({"op": "watch", "room": trip});
    for window in [&mut hers, &mut his] {
        assert_eq!(window.ask(watch.clone()).await["ok"], json!({"here": 0}));
    }
    assert_eq!(other.ask(watch.clone()).await["error"]["code"], "not_found");
    let inside = Socket::of(&minji, &trip).await;
    let here = |count: u64| json!({"event": "here", "room": trip, "here": count});
    assert_eq!(hers.event("here").await, here(1));
    assert_eq!(his.event("here").await, here(1));
    assert_eq!(hers.ask(json!({"op": "unwatch", "room": trip})).await["ok"], json!({}));
    drop(inside);
    assert_eq!(his.event("here").await, here(0));
    hers.is_silent().await;
    minji.delete(&format!("/trips/{trip}/members/{}", jun.id)).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(his.event("unwatched").await["room"], json!(trip));
    assert_eq!(his.ask(watch.clone()).await["error"]["code"], "not_found");
    let _inside = Socket::of(&minji, &trip).await;
    his.is_silent().await;
    // Who is let in later watches as anybody else.
    join(&minji, &trip, &sora, "viewer").await;
    assert_eq!(other.ask(watch).await["ok"], json!({"here": 1}));
    let much = json!({"op": "watch", "room": "trip:1"});
    assert_eq!(other.ask(much).await["error"]["code"], "invalid");
}

#[tokio::test]
async fn what_is_no_request_ends_the_connection() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let large = json!({"id": 1, "op": "token", "token": "x".repeat(5000)}).to_string();
    for message in [Message::text("{"), Message::binary(vec![0, 1]), Message::text(large)] {
        let mut window = Window::of(&minji).await;
        window.say(message).await;
        assert_eq!(window.close_code().await, Some(4400));
    }
    let mut window = Window::of(&minji).await;
    for id in 0..200 {
        let flood = json!({"id": id, "op": "read", "until": 0}).to_string();
        if window.socket.send(Message::text(flood)).await.is_err() {
            break;
        }
    }
    assert_eq!(window.close_code().await, Some(4429));
}

/// W11
#[tokio::test]
async fn a_window_opens_and_goes_on_with_a_ticket_of_its_person_alone() {
    let server = Serving::start_with(&["--token-key", KEY]).await;
    let Scene { server, people: [minji, jun, _], trip, .. } = scene_on(server).await;
    let keys = Keys::new(&[KEY]).unwrap();
    let ticket = |person: &Person, life: SignedDuration| {
        let (user, now) = (person.id.parse().unwrap(), Timestamp::now());
        let ticket = EventsTicket { user, expires: now + life };
        keys.issue_events_ticket(ticket, now).unwrap().token
    };
    let expired = ticket(&minji, SignedDuration::from_secs(-1));
    let document = minji.post(&format!("/documents/{trip}/tickets"), json!({})).await;
    let document = document.expect(StatusCode::OK)["token"].as_str().unwrap().to_owned();
    for token in [&expired, &document, &minji.access, "x"] {
        assert_eq!(Window::with(&minji, token).await.close_code().await, Some(4401));
    }
    server.anybody().post("/events/tickets", json!({})).await.refused(401, "no_token");
    server.anybody().get("/notices").await.refused(401, "no_token");

    // Half a minute before its end at the earliest a new one is asked for: at once, here.
    let mut window = Window::with(&minji, &ticket(&minji, SignedDuration::from_secs(50))).await;
    window.event("token").await;
    let fresh = ticket(&minji, SignedDuration::from_mins(10));
    assert_eq!(window.ask(json!({"op": "token", "token": fresh})).await["ok"], json!({}));
    let foreign =
        json!({"id": 9, "op": "token", "token": ticket(&jun, SignedDuration::from_mins(10))});
    window.say(Message::text(foreign.to_string())).await;
    assert_eq!(window.close_code().await, Some(4403));
    let mut window = Window::of(&minji).await;
    let wrong = json!({"id": 9, "op": "token", "token": expired});
    window.say(Message::text(wrong.to_string())).await;
    assert_eq!(window.close_code().await, Some(4401));
}

/// W12
#[tokio::test]
async fn another_pages_script_opens_no_window() {
    let server = Serving::start().await;
    let minji = server.person("minji").await;
    let ticket = minji.post("/events/tickets", json!({})).await.expect(StatusCode::OK);
    let token = ticket["token"].as_str().unwrap();
    let url = format!("{}/events?token={token}", minji.base.replacen("http", "ws", 1));
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    let refused = connect_async(request).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("403")));
}

#[tokio::test]
async fn a_server_that_stops_says_so_to_the_windows() {
    let Scene { mut server, windows: [hers, ..], .. } = scene().await;
    let (code, ()) = tokio::join!(hers.close_code(), server.stop());
    assert_eq!(code, Some(1001));
}
