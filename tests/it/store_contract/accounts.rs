//! People: one account a mail address.

use moim::store::{Account, AccountPatch, Language, PasswordHash, conflict};

use super::{
    Everything, conflicts,
    records::{account, at, hash},
};

claims!($ accounts:
    an_account_is_found_by_id_and_by_mail,
    a_mail_address_belongs_to_one_account,
    an_update_replaces_name_language_and_color_alone,
    of_two_updates_at_once_both_count,
    a_password_is_replaced_unless_there_is_another_by_now,
    a_link_to_a_new_password_is_good_once_and_the_last_one_alone,
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
    let all = AccountPatch {
        name: Some(after.name.clone()),
        language: Some(after.language),
        color: Some(after.color.clone()),
    };
    assert_eq!(accounts.update(before.id, &all).await.unwrap(), Some(after.clone()));
    let nothing = AccountPatch::default();
    assert_eq!(accounts.update(before.id, &nothing).await.unwrap(), Some(after.clone()));
    assert_eq!(accounts.by_mail(&before.mail).await.unwrap(), Some((after, password())));
    assert_eq!(accounts.update(account("nobody").id, &all).await.unwrap(), None);
}

pub(super) async fn of_two_updates_at_once_both_count(store: impl Everything) {
    let accounts = store.stores().accounts;
    let minji = account("minji");
    accounts.create(&minji, &password()).await.unwrap();
    for round in 0..20 {
        let (name, color) = (format!("name {round}"), format!("#0000{round:02}"));
        let named = AccountPatch { name: Some(name.clone()), ..AccountPatch::default() };
        let colored = AccountPatch { color: Some(color.clone()), ..AccountPatch::default() };
        let (one, other) =
            tokio::join!(accounts.update(minji.id, &named), accounts.update(minji.id, &colored));
        assert!(one.unwrap().is_some() && other.unwrap().is_some());
        let now = accounts.get(minji.id).await.unwrap().unwrap();
        assert_eq!((now.name, now.color), (name, color), "round {round}");
    }
}

pub(super) async fn a_password_is_replaced_unless_there_is_another_by_now(store: impl Everything) {
    let accounts = store.stores().accounts;
    let minji = account("minji");
    accounts.create(&minji, &password()).await.unwrap();
    let (second, third) = (PasswordHash("second".to_owned()), PasswordHash("third".to_owned()));
    accounts.replace_password(minji.id, &password(), &second).await.unwrap();
    accounts.replace_password(minji.id, &password(), &third).await.unwrap();
    assert_eq!(accounts.by_mail(&minji.mail).await.unwrap(), Some((minji, second)));
}

pub(super) async fn a_link_to_a_new_password_is_good_once_and_the_last_one_alone(
    mut store: impl Everything,
) {
    let minji = account("minji");
    let (first, last) = (hash(1), hash(2));
    let accounts = store.stores().accounts;
    accounts.create(&minji, &password()).await.unwrap();
    accounts.create(&account("jun"), &password()).await.unwrap();
    accounts.put_reset(minji.id, first, at(50)).await.unwrap();
    accounts.put_reset(minji.id, last, at(60)).await.unwrap();
    store.kill().await;
    let accounts = store.stores().accounts;
    assert_eq!(accounts.reset(first).await.unwrap(), None);
    assert_eq!(accounts.reset(last).await.unwrap(), Some((minji.clone(), at(60))));
    let new = PasswordHash("new".to_owned());
    assert!(!accounts.use_reset(minji.id, first, &new).await.unwrap());
    let both = tokio::join!(
        accounts.use_reset(minji.id, last, &new),
        accounts.use_reset(minji.id, last, &new),
    );
    assert_ne!(both.0.unwrap(), both.1.unwrap());
    assert_eq!(accounts.reset(last).await.unwrap(), None);
    assert_eq!(accounts.by_mail(&minji.mail).await.unwrap(), Some((minji, new)));
    let unknown = accounts.put_reset(account("nobody").id, first, at(50)).await;
    assert!(conflicts(&unknown, conflict::MISSING));
}
