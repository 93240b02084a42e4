//! Somebody who talks to a server over REST, and what comes back.

use std::fmt::Display;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header::SET_COOKIE};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "제주도 푸른 밤 7";

/// Somebody who talks REST.
#[derive(Default, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) access: String,
    pub(crate) cookie: String,
    pub(crate) base: String,
    client: Client,
}

impl Person {
    /// Somebody without an account, who knows where the server is.
    pub(crate) fn at(base: &str) -> Self {
        Self { base: base.to_owned(), client: Client::new(), ..Self::default() }
    }

    /// Signs up under this name, and logs in.
    pub(crate) async fn sign_up(mut self, name: &str) -> Self {
        let mail = format!("{name}@example.org");
        let account = json!({"mail": mail, "password": PASSWORD, "name": name, "language": "ko"});
        let made = self.post("/accounts", account).await.expect(StatusCode::CREATED);
        self.id = made["id"].as_str().unwrap().to_owned();
        self.log_in(&mail).await;
        self
    }

    /// The same person, at another address of the server.
    pub(crate) fn moved_to(&self, base: &str) -> Self {
        Self { base: base.to_owned(), client: Client::new(), ..self.clone() }
    }

    /// Makes a trip, and says its id.
    pub(crate) async fn trip(&self, title: &str) -> String {
        let trip = self.post("/trips", json!({"title": title, "days": 3})).await;
        trip.expect(StatusCode::CREATED)["id"].as_str().unwrap().to_owned()
    }

    /// The path of a document's socket with acknowledgements, and a ticket in it.
    pub(crate) async fn sync_path(&self, document: &str) -> String {
        let ticket = self.post(&format!("/documents/{document}/tickets"), json!({})).await;
        let ticket = ticket.expect(StatusCode::OK);
        format!("/sync/{document}?ack=1&token={}", ticket["token"].as_str().unwrap())
    }

    pub(crate) async fn log_in(&mut self, mail: &str) {
        let answer = self.post("/sessions", json!({"mail": mail, "password": PASSWORD})).await;
        self.take_session(answer);
    }

    /// Keeps the tokens of an answer, as a browser would.
    pub(crate) fn take_session(&mut self, answer: Answer) {
        self.cookie = answer.cookie().split(';').next().unwrap().to_owned();
        self.access = answer.expect(StatusCode::OK)["access"].as_str().unwrap().to_owned();
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = match path.strip_prefix('!') {
            Some(path) => path.to_owned(),
            None => format!("/api/v1{path}"),
        };
        let request = self.client.request(method, format!("{}{path}", self.base));
        if self.access.is_empty() { request } else { request.bearer_auth(&self.access) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// Uses the refresh cookie.
    pub(crate) async fn refresh(&self) -> Answer {
        let request = self.request(Method::POST, "/sessions/refresh");
        Answer::of(request.header("cookie", &self.cookie)).await
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response: Response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    /// The JSON body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect_text(self, status: StatusCode) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        self.text
    }

    /// Checks that it is a problem document with this status and code.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: impl Display) -> Value {
        let code = code.to_string();
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        let problem = self.expect(StatusCode::from_u16(status).unwrap());
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)));
        assert_eq!(problem["type"], format!("urn:moim:problem:{code}"));
        problem
    }

    #[track_caller]
    pub(crate) fn cookie(&self) -> String {
        self.headers[SET_COOKIE].to_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
