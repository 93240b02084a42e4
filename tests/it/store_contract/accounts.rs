//! People: one account a mail address.

use moim::store::{Account, Language, PasswordHash, conflict};

use super::{Everything, conflicts, records::account};

claims!($ accounts:
    an_account_is_found_by_id_and_by_mail,
    a_mail_address_belongs_to_one_account,
    an_update_replaces_name_language_and_color_alone,
);

fn password() -> PasswordHash {
    PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned())
}

pub(super) async fn an_account_is_found_by_id_and_by_mail(mut store: impl Everything) {
    let minji = account("minji");
    store.stores().accounts.create(&minji, &password()).await.unwrap();
    store.kill().await;
    let accounts = store.stores().accounts;
    assert_eq!(accounts.get(minji.id).await.unwrap(), Some(minji.clone()));
    assert_eq!(accounts.by_mail(&minji.mail).await.unwrap(), Some((minji, password())));
    assert_eq!(accounts.by_mail("nobody@example.org").await.unwrap(), None);
    assert_eq!(accounts.get(account("nobody").id).await.unwrap(), None);
}

pub(super) async fn a_mail_address_belongs_to_one_account(store: impl Everything) {
    let accounts = store.stores().accounts;
    let (first, second) = (account("minji"), account("minji"));
    accounts.create(&first, &password()).await.unwrap();
    let taken = accounts.create(&second, &password()).await;
    assert!(conflicts(&taken, conflict::EXISTS));
    assert_eq!(accounts.get(second.id).await.unwrap(), None);
}

pub(super) async fn an_update_replaces_name_language_and_color_alone(store: impl Everything) {
    let accounts = store.stores().accounts;
    let before = account("minji");
    accounts.create(&before, &password()).await.unwrap();
    let (name, color) = ("민지".to_owned(), "#000000".to_owned());
    let after = Account { name, language: Language::En, color, ..before.clone() };
    let other_mail = Account { mail: "other@example.org".to_owned(), ..after.clone() };
    accounts.update(&other_mail).await.unwrap();
    assert_eq!(accounts.by_mail(&before.mail).await.unwrap(), Some((after, password())));
    let unknown = accounts.update(&account("nobody")).await;
    assert!(conflicts(&unknown, conflict::MISSING));
}
