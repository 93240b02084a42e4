//! People's sessions as time goes by, on a store of their own.

use jiff::{SignedDuration, Timestamp};
use moim::{
    accounts::{AccountError, Accounts, REFRESH_LIFE, Session, SignUp},
    auth::{Keys, Passwords},
    store::{Language, REUSE_GRACE, sqlite::SqliteStore},
};
use tempfile::TempDir;

use crate::common::person::PASSWORD;

const MAIL: &str = "minji@example.org";

struct Scene {
    accounts: Accounts,
    _folder: TempDir,
}

impl Scene {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("moim.db")).await.unwrap().stores();
        let keys = Keys::from_setting(&Keys::fresh_setting().unwrap()).unwrap();
        let passwords = Passwords::new().unwrap();
        let accounts = Accounts::new(store.accounts, store.sessions, passwords, keys);
        let form = SignUp {
            mail: MAIL.to_owned(),
            password: PASSWORD.to_owned(),
            name: "민지".to_owned(),
            language: Language::Ko,
        };
        accounts.sign_up(form, now()).await.unwrap();
        Self { accounts, _folder: folder }
    }

    async fn log_in(&self) -> Session {
        let candidate = self.accounts.find(MAIL).await.unwrap();
        self.accounts.log_in(candidate, PASSWORD.to_owned(), now()).await.unwrap()
    }

    async fn refresh(&self, session: &Session, now: Timestamp) -> Result<Session, AccountError> {
        self.accounts.refresh(session.refresh.reveal(), now).await
    }
}

fn now() -> Timestamp {
    "2026-11-30T09:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn an_old_refresh_token_leads_to_its_successor_for_a_minute_and_then_ends_the_session() {
    let scene = Scene::start().await;
    let first = scene.log_in().await;
    let next = scene.refresh(&first, now()).await.unwrap();
    assert_ne!(next.refresh, first.refresh);
    let last = now() + REUSE_GRACE - SignedDuration::from_secs(1);
    for moment in [now(), last] {
        let again = scene.refresh(&first, moment).await.unwrap();
        assert_eq!(again.refresh, next.refresh);
        // Who uses the successor meanwhile does not leave those behind who still come with the old one.
        assert_eq!(scene.refresh(&next, moment).await.unwrap().refresh, next.refresh);
    }
    let late = now() + REUSE_GRACE;
    let stolen = scene.refresh(&first, late).await;
    assert!(matches!(stolen, Err(AccountError::SessionStolen)), "{stolen:?}");
    let over = scene.refresh(&next, late).await;
    assert!(matches!(over, Err(AccountError::SessionOver)), "{over:?}");
    assert!(scene.accounts.authenticate(&next.access.token, late).await.is_err());
}

/// Whoever of the two comes first: as soon as both have used the token that they share, far enough from each other,
/// neither has a session.
#[tokio::test]
async fn a_thief_and_the_owner_do_not_both_go_on() {
    let scene = Scene::start().await;
    let shared = scene.log_in().await;
    let quarter = SignedDuration::from_mins(15);
    let thief = scene.refresh(&shared, now() + quarter / 2).await.unwrap();
    let owner = scene.refresh(&shared, now() + quarter).await;
    assert!(matches!(owner, Err(AccountError::SessionStolen)), "{owner:?}");
    assert!(scene.refresh(&thief, now() + quarter).await.is_err());
    // Within the grace both are led to one token, and the next exchange tells them apart.
    let shared = scene.log_in().await;
    let thief = scene.refresh(&shared, now()).await.unwrap();
    let owner = scene.refresh(&shared, now()).await.unwrap();
    assert_eq!(thief.refresh, owner.refresh);
    let owners = scene.refresh(&owner, now() + quarter).await.unwrap();
    let thiefs = scene.refresh(&thief, now() + quarter + REUSE_GRACE).await;
    assert!(matches!(thiefs, Err(AccountError::SessionStolen)), "{thiefs:?}");
    assert!(scene.refresh(&owners, now() + quarter + REUSE_GRACE).await.is_err());
}

#[tokio::test]
async fn a_session_lasts_for_as_long_as_it_is_used() {
    let scene = Scene::start().await;
    let (mut session, mut moment) = (scene.log_in().await, now());
    for _ in 0..3 {
        moment += REFRESH_LIFE - SignedDuration::from_secs(1);
        session = scene.refresh(&session, moment).await.unwrap();
    }
    let over = scene.refresh(&session, moment + REFRESH_LIFE).await;
    assert!(matches!(over, Err(AccountError::SessionOver)), "{over:?}");
}
