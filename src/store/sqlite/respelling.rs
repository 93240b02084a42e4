//! Brings mail addresses that were kept before there was one spelling to that.

use rusqlite::Connection;

use crate::{ids::UserId, mail, store::Result};

/// Gives mail addresses that were kept before there was one spelling that spelling. Where another account has it
/// already nothing changes: each is found by its own.
pub(super) fn respell_mails(db: &Connection) -> Result<()> {
    let sql = "SELECT id, mail FROM accounts WHERE mail GLOB '*[^ -~]*' OR mail GLOB '*.'";
    let mut select = db.prepare(sql)?;
    let found = select.query_map((), |row| Ok((row.get("id")?, row.get("mail")?)))?;
    let found: Vec<(UserId, String)> = found.collect::<rusqlite::Result<_>>()?;
    for (id, kept) in found {
        if let Some(spelled) = mail::spell(&kept).filter(|spelled| *spelled != kept) {
            db.execute("UPDATE OR IGNORE accounts SET mail = ?2 WHERE id = ?1", (id, spelled))?;
        }
    }
    Ok(())
}
