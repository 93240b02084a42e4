//! Folders that belong to somebody else, or are open to everybody: what is said, and what is put right.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use super::program::{Finished, Place, command};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// Carries out a command as somebody who is not root. Where the tests are not root themselves they are that.
async fn as_nobody(place: &Place, arguments: &str) -> Finished {
    set_mode(&place.path(""), 0o755);
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_moim"));
    if is_root() {
        command("setpriv", &["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", &line])
            .await
    } else {
        command("sh", &["-c", &line]).await
    }
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0
}

#[tokio::test]
async fn a_folder_of_somebody_else_is_named_with_both_users_and_what_to_type() {
    let place = Place::new();
    place.serve().await.stop().await;
    let data = place.data().display().to_string();
    // Without any right, so that it is nobody's who runs the tests either.
    set_mode(&place.data(), 0);
    let serve = format!("serve --listen 127.0.0.1:0 --data {data}");
    let commands = [
        serve.clone(),
        format!("backup --data {data} --to {}", place.path("copy").display()),
        format!("restore --data {data} --from {}", place.path("copy").display()),
        format!("doctor --data {data}"),
        format!("doctor --repair --data {data}"),
        format!("new-epochs --data {data}"),
    ];
    let help = if is_root() { "sudo chown -R 65534:65534" } else { "chmod -R u+rwX" };
    for command in &commands {
        let done = as_nobody(&place, command).await;
        let said = format!("{}{}", done.said, done.errors);
        assert_ne!(done.code, Some(0), "{command}: {said}");
        for words in [&*data, help] {
            assert!(said.contains(words), "{command}: no `{words}` in {said}");
        }
        if is_root() {
            assert!(said.contains("user 0") && said.contains("user 65534"), "{command}: {said}");
        }
    }
    // The folder is ours, and one file in it is not.
    set_mode(&place.data(), 0o777);
    set_mode(&place.path("data/moim.db"), 0);
    let done = as_nobody(&place, &serve).await;
    let words = ["data/moim.", help];
    assert!(words.iter().all(|word| done.errors.contains(word)), "{}", done.errors);
    // Nor may one be made just anywhere.
    set_mode(&place.data(), 0o555);
    let below = place.path("data/new/er").display().to_string();
    let done = as_nobody(&place, &format!("serve --listen 127.0.0.1:0 --data {below}")).await;
    let words = ["sudo install -d -m 700", &below];
    assert!(words.iter().all(|word| done.errors.contains(word)), "{}", done.errors);
    set_mode(&place.data(), 0o755);
    fs::write(place.path("file"), "").unwrap();
    let file = place.path("file").display().to_string();
    let done = as_nobody(&place, &format!("serve --listen 127.0.0.1:0 --data {file}")).await;
    assert!(done.errors.contains("a file is in the way: name a folder"), "{}", done.errors);
}

#[tokio::test]
async fn what_a_server_keeps_is_for_its_owner_alone_whatever_it_was_before() {
    let place = Place::new();
    place.serve().await.stop().await;
    let files = ["moim.db", "token.keys", "moim.lock"];
    for name in files {
        set_mode(&place.path(&format!("data/{name}")), 0o644);
    }
    set_mode(&place.data(), 0o755);
    let server = place.serve().await;
    server.person("minji").await;
    let open = fs::read_dir(place.data()).unwrap().map(|entry| entry.unwrap().path());
    let open: Vec<_> = open.filter(|path| mode(path) & 0o077 != 0).collect();
    assert!(open.is_empty(), "others may look into {open:?}");
    assert_eq!(mode(&place.data()), 0o700);
    assert!(place.path("data/moim.db-wal").exists(), "it was looked at while it was open");
    server.stop().await;
}
