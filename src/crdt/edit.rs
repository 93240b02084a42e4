//! Edits that the server itself makes: each with a fresh client id, as one transaction.

use yrs::{ReadTxn, TransactionMut};

use super::{
    document::Document,
    limits::Refusal,
    live::{Garbage, Live, fresh_client},
    schema, splice,
};

impl Document {
    /// Gives the document another name. Returns the update to journal and send, or `None` if that is its name already.
    pub fn set_title(&mut self, title: &str) -> Result<Option<Vec<u8>>, Refusal> {
        self.edit(|txn| {
            if let Some(text) = txn.get_text(schema::TITLE) {
                splice::to(txn, &text, title);
            }
        })
    }

    /// Makes an edit in a copy that has an own client id, and merges what comes out: two nodes that edit at once
    /// then never number two elements alike.
    pub(super) fn edit(
        &mut self,
        edit: impl FnOnce(&mut TransactionMut<'_>),
    ) -> Result<Option<Vec<u8>>, Refusal> {
        if self.has_failed() {
            return Err(Refusal::Failed);
        }
        let copy = Live::with_client(self.fresh_client(), self.schema(), Garbage::Kept);
        copy.apply(&self.encode_state())?;
        let update = copy.edit(edit)?;
        if let Some(update) = &update {
            self.admit(update)?;
        }
        Ok(update)
    }

    fn fresh_client(&self) -> u64 {
        loop {
            let client = fresh_client();
            if self.is_fresh(client) {
                return client;
            }
        }
    }
}
