//! A real server on a port of its own and a folder of its own, and people who talk to it.

use std::{fmt::Display, path::Path};

use clap::Parser;
use moim::{Stop, config::Config};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header::SET_COOKIE};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};

pub(crate) const PASSWORD: &str = "제주도 푸른 밤 7";

#[derive(Parser)]
#[command(args_override_self = true)]
struct Command {
    #[command(flatten)]
    config: Config,
}

/// A server that runs until it is dropped or stopped.
pub(crate) struct Serving {
    pub(crate) base: String,
    pub(crate) stop: Stop,
    folder: TempDir,
    tasks: JoinSet<Result<(), moim::ServeError>>,
}

impl Serving {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(flags: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), flags).await
    }

    async fn start_in(folder: TempDir, flags: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        // Tests are in more of a hurry than people; a flag that is given again wins.
        let usual = ["--logins-per-minute", "1000", "--sign-ups-per-hour", "1000"];
        let data = folder.path().join("data");
        let line = ["moim", "--data", data.to_str().unwrap()];
        let line = line.iter().chain(&usual).chain(flags);
        let config = Command::try_parse_from(line).unwrap().config;
        let (stop, mut tasks) = (Stop::default(), JoinSet::new());
        let stopping = stop.clone();
        tasks.spawn(async move { moim::run(listener, &config, stopping).await });
        Self { base, stop, folder, tasks }
    }

    /// Stops in order, and starts again with the same data.
    pub(crate) async fn restart(mut self) -> Self {
        self.stop().await;
        Self::start_in(self.folder, &[]).await
    }

    /// Stops in order.
    pub(crate) async fn stop(&mut self) {
        self.stop.in_order.cancel();
        self.tasks.join_next().await.unwrap().unwrap().unwrap();
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Somebody without an account.
    pub(crate) fn anybody(&self) -> Person {
        Person::at(&self.base)
    }

    /// Somebody who signed up and logged in.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let mut person = self.anybody();
        let mail = format!("{name}@example.org");
        let account = json!({"mail": mail, "password": PASSWORD, "name": name, "language": "ko"});
        let made = person.post("/accounts", account).await.expect(StatusCode::CREATED);
        person.id = made["id"].as_str().unwrap().to_owned();
        person.log_in(&mail).await;
        person
    }
}

/// Somebody who talks REST.
#[derive(Default, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) access: String,
    pub(crate) cookie: String,
    base: String,
    client: Client,
}

impl Person {
    /// Somebody without an account, who knows where the server is.
    pub(crate) fn at(base: &str) -> Self {
        Self { base: base.to_owned(), client: Client::new(), ..Self::default() }
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

/// Whether any file below this folder contains these bytes.
pub(crate) fn any_file_contains(folder: &Path, needle: &str) -> bool {
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    };
    std::fs::read_dir(folder).unwrap().any(|entry| holds(&entry.unwrap().path()))
}
