//! Finds an account by its mail address, however that was spelled when it was made.

use crate::{
    mail,
    store::{self, Account, PasswordHash},
};

/// The one spelling of a mail address, and the account that has it. One that was made before there was one spelling is
/// found as it was written.
pub(super) async fn find(
    accounts: &dyn store::Accounts,
    mail: &str,
) -> store::Result<(String, Option<(Account, PasswordHash)>)> {
    let before = mail::spell_as_before(mail);
    let spelled = mail::spell(mail).unwrap_or_else(|| before.clone());
    if before != spelled
        && let Some(found) = accounts.by_mail(&before).await?
    {
        return Ok((spelled, Some(found)));
    }
    let found = accounts.by_mail(&spelled).await?;
    Ok((spelled, found))
}
