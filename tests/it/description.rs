//! The description of the REST interface that the client's types are made from: it is the one that the server gives.
//!
//! `MOIM_BLESS=1 cargo test --test it description` writes it again.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::StatusCode;
use serde_json::Value;

use crate::serving::Serving;

#[tokio::test]
async fn the_client_knows_the_interface_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/src/api/openapi.json");
    let server = Serving::start().await;
    let given = server.anybody().get("!/api/openapi.json").await.expect(StatusCode::OK);
    let printed = format!("{given:#}\n");
    if std::env::var_os("MOIM_BLESS").is_some() {
        fs::write(path, printed).unwrap();
        return;
    }
    let kept: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(kept == given, "write it again: MOIM_BLESS=1 cargo test --test it description");
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own() {
    let server = Serving::start().await;
    let given = server.anybody().get("!/api/openapi.json").await.expect(StatusCode::OK);
    let mut names = BTreeSet::new();
    for (path, item) in given["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str();
            let name = name.unwrap_or_else(|| panic!("{method} {path} has no name"));
            assert!(names.insert(name.to_owned()), "{name} is there twice: {method} {path}");
        }
    }
    assert!(names.len() >= 30, "{names:?}");
}
