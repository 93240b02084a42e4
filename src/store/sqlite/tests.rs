//! What is SQLite's own: the schema, the writer's batches, and what becomes of a full, locked or foreign file.

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::{
    ids::{DocId, DocKind, UserId},
    store::{Account, Generation, Journal, Language, PasswordHash, conflict},
};

async fn opened() -> (TempDir, PathBuf, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moim.db");
    let store = SqliteStore::open(&path).await.unwrap();
    (folder, path, store)
}

async fn document(store: &SqliteStore) -> DocId {
    let doc = DocId::new(DocKind::Trip);
    store.create(doc, Bytes::from_static(b"state")).await.unwrap();
    doc
}

async fn entries(store: &SqliteStore, doc: DocId) -> usize {
    store.load(doc, Generation::Newest).await.unwrap().unwrap().entries.len()
}

fn text<T>(result: Result<T>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn a_closed_store_opens_again_with_everything_and_answers_nothing_more_itself() {
    let (_folder, path, store) = opened().await;
    let doc = document(&store).await;
    store.close().await;
    store.close().await;
    assert!(!path.with_extension("db-wal").exists(), "the log is moved into the file");
    assert!(text(store.append(doc, 1, vec![Bytes::new()]).await).contains("closed"));
    assert!(text(store.load(doc, Generation::Newest).await).contains("closed"));
    let again = SqliteStore::open(&path).await.unwrap();
    assert_eq!(entries(&again, doc).await, 0);
}

/// Waits until the log has this property.
async fn log_becomes(path: &Path, wanted: impl Fn(u64) -> bool) {
    let log = path.with_extension("db-wal");
    let becomes = async {
        while !wanted(std::fs::metadata(&log).unwrap().len()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), becomes).await.expect("the log stays as it is");
}

#[tokio::test]
async fn the_log_is_emptied_while_nobody_writes_and_no_reader_holds_up_a_writer() {
    let (_folder, path, store) = opened().await;
    let doc = document(&store).await;
    let much = || vec![Bytes::from(vec![7; 100_000]); 20];
    store.append(doc, 1, much()).await.unwrap();
    assert!(std::fs::metadata(path.with_extension("db-wal")).unwrap().len() > 2_000_000);
    log_becomes(&path, |length| length == 0).await;
    let (began, reading) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let (other, mut reader) = (store.clone(), tokio::task::JoinSet::new());
    reader.spawn(async move {
        let count = "SELECT count(*) FROM entries";
        let read = other.readers.run(move |db| {
            let seen: i64 = db.query_row(count, (), |row| row.get(0))?;
            began.send(()).unwrap();
            ended.recv().unwrap();
            Ok(seen)
        });
        read.await.unwrap()
    });
    tokio::task::spawn_blocking(move || reading.recv().unwrap()).await.unwrap();
    store.append(doc, 1, much()).await.unwrap();
    // Longer than it takes until the log would be emptied, were it not read from.
    tokio::time::sleep(2 * writer::QUIET).await;
    let written = tokio::time::timeout(Duration::from_secs(4), store.append(doc, 1, much())).await;
    written.expect("a reader held up a writer").unwrap();
    log_becomes(&path, |length| length > 4_000_000).await;
    end.send(()).unwrap();
    assert_eq!(reader.join_next().await.unwrap().unwrap(), 20);
    log_becomes(&path, |length| length == 0).await;
    assert_eq!(entries(&store, doc).await, 60);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let (_folder, path, store) = opened().await;
    let newer = "INSERT INTO migrations (number, name) VALUES (9999, 'of the future')";
    store.write(0, |db| Ok(db.execute(newer, ())?)).await.unwrap();
    store.close().await;
    let refused = text(SqliteStore::open(&path).await);
    assert!(refused.contains("9999") && refused.contains("newer moim"), "{refused}");
}

#[tokio::test]
async fn what_is_no_database_is_damaged_and_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moim.db");
    let letter = "Dear diary, ".repeat(1_000);
    std::fs::write(&path, &letter).unwrap();
    assert!(matches!(SqliteStore::open(&path).await, Err(StoreError::Corrupt(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
}

#[tokio::test]
async fn a_job_that_fails_in_a_batch_is_undone_alone() {
    let (_folder, _path, store) = opened().await;
    let doc = document(&store).await;
    let (go, wait) = std::sync::mpsc::channel();
    // While the thread is busy with this the others queue up, and are then one batch.
    let busy = store.write(0, move |_| {
        wait.recv().unwrap();
        Ok(())
    });
    let fails = store.write(0, |db| {
        db.execute("UPDATE health SET checks = 77", ())?;
        Err::<(), _>(StoreError::Conflict(conflict::EXISTS))
    });
    let update = || vec![Bytes::from_static(b"update")];
    let after = async { go.send(()).unwrap() };
    let (busy, first, failed, second, ()) = tokio::join!(
        busy,
        store.append(doc, 1, update()),
        fails,
        store.append(doc, 1, update()),
        after
    );
    assert!(busy.is_ok() && first.is_ok() && second.is_ok());
    assert!(matches!(failed, Err(StoreError::Conflict(_))));
    assert_eq!(entries(&store, doc).await, 2);
    let checks = "SELECT checks FROM health";
    let checks = store.read(move |db| Ok(db.query_row(checks, (), |row| row.get::<_, i64>(0))?));
    assert_eq!(checks.await.unwrap(), 0);
}

#[tokio::test]
async fn a_full_disk_is_unavailable_until_there_is_room() {
    let (_folder, _path, store) = opened().await;
    let doc = document(&store).await;
    let limit = |pages: u32| {
        store.write(0, move |db| {
            db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
            Ok(())
        })
    };
    limit(1).await.unwrap();
    let large = vec![Bytes::from(vec![7; 100_000])];
    let full = store.append(doc, 1, large.clone()).await;
    assert!(matches!(full, Err(StoreError::Unavailable(_))) && text(full).contains("full"));
    assert_eq!(entries(&store, doc).await, 0);
    limit(u32::MAX - 1).await.unwrap();
    store.append(doc, 1, large).await.unwrap();
    assert_eq!(entries(&store, doc).await, 1);
}

#[tokio::test]
async fn a_file_that_another_process_holds_is_unavailable() {
    let (_folder, path, store) = opened().await;
    let doc = document(&store).await;
    store.write(0, |db| Ok(db.busy_timeout(Duration::from_millis(10))?)).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let update = || vec![Bytes::from_static(b"update")];
    let held = store.append(doc, 1, update()).await;
    assert!(matches!(held, Err(StoreError::Unavailable(_))) && text(held).contains("another"));
    other.execute_batch("ROLLBACK").unwrap();
    store.append(doc, 1, update()).await.unwrap();
    assert_eq!(entries(&store, doc).await, 1);
}

#[tokio::test]
async fn an_append_whose_caller_goes_away_is_carried_out() {
    let (_folder, _path, store) = opened().await;
    let doc = document(&store).await;
    let mut append = Box::pin(store.append(doc, 1, vec![Bytes::from_static(b"update")]));
    assert!(futures_util::poll!(append.as_mut()).is_pending());
    drop(append);
    // The queue is in order: what comes after sees it.
    store.check().await.unwrap();
    assert_eq!(entries(&store, doc).await, 1);
}

#[tokio::test]
async fn a_read_that_panics_costs_nobody_else_anything() {
    let (_folder, _path, store) = opened().await;
    for _ in 0..10 {
        let panicked = store.read(|_| -> Result<()> { panic!("on purpose") }).await;
        assert!(matches!(panicked, Err(StoreError::Unavailable(_))));
    }
    store.check().await.unwrap();
}

#[tokio::test]
async fn lists_and_loads_are_read_from_an_index_in_its_order() {
    let (_folder, _path, store) = opened().await;
    for sql in [plans::LIST, versions::LIST, journal::ENTRIES[0]] {
        let plan = store.read(move |db| {
            let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let mut rows = explain.raw_query();
            let mut steps = Vec::new();
            while let Some(row) = rows.next()? {
                steps.push(row.get::<_, String>("detail")?);
            }
            Ok(steps)
        });
        let plan = plan.await.unwrap();
        let is_indexed = plan.iter().all(|step| !step.contains("SCAN") && !step.contains("TEMP"));
        assert!(is_indexed, "{sql}: {plan:?}");
    }
}

/// From before there was one spelling.
#[tokio::test]
async fn mail_addresses_get_their_one_spelling_unless_another_account_has_it() {
    let (_folder, path, store) = opened().await;
    let mails = ["user@bücher.example", "한@example.org.", "a@faß.example", "a@xn--fa-hia.example"];
    for (number, mail) in mails.into_iter().enumerate() {
        let account = Account {
            id: UserId::new(),
            mail: mail.to_owned(),
            name: number.to_string(),
            language: Language::Ko,
            color: "#3366ff".to_owned(),
            created: Timestamp::UNIX_EPOCH,
        };
        let hash = PasswordHash("hash".to_owned());
        store.stores().accounts.create(&account, &hash).await.unwrap();
    }
    store.close().await;
    let again = SqliteStore::open(&path).await.unwrap().stores().accounts;
    for (mail, name) in [
        ("user@xn--bcher-kva.example", "0"),
        ("한@example.org", "1"),
        ("a@faß.example", "2"),
        ("a@xn--fa-hia.example", "3"),
    ] {
        let found = again.by_mail(mail).await.unwrap().map(|(account, _)| account.name);
        assert_eq!(found.as_deref(), Some(name), "{mail}");
    }
}
