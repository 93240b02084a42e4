//! A thin hold on one yrs document, the place where its failures are caught.

use std::{
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
};

use yrs::{
    ClientID, Doc, OffsetKind, Options, Out, ReadTxn, StateVector, Transact, Transaction,
    TransactionMut, Update,
    updates::{decoder::Decode, encoder::Encode},
};

use super::{
    canon::{self, Texts},
    guard,
    limits::Refusal,
    schema::Schema,
};

/// Whether yrs drops what was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Garbage {
    /// Live documents keep it: with it gone, yrs 0.28.1 follows pointers into freed memory on hostile updates.
    Kept,
    /// What is stored is without it.
    Collected,
}

/// A yrs document.
#[derive(Debug)]
pub(super) struct Live {
    doc: Doc,
    schema: &'static Schema,
}

impl Live {
    /// An empty document that never edits by itself.
    pub(super) fn new(schema: &'static Schema, garbage: Garbage) -> Self {
        Self::with_client(guard::SERVER_CLIENT, schema, garbage)
    }

    /// An empty document whose edits bear this client id.
    pub(super) fn with_client(client: u64, schema: &'static Schema, garbage: Garbage) -> Self {
        let doc = Doc::with_options(Options {
            offset_kind: OffsetKind::Utf16,
            skip_gc: garbage == Garbage::Kept,
            cleanup_formatting: false,
            ..Options::with_client_id(ClientID::new(client))
        });
        // The wire doesn't say what a root is: whoever names it first does.
        for name in schema.texts {
            doc.get_or_insert_text(*name);
        }
        for name in schema.maps {
            doc.get_or_insert_map(*name);
        }
        Self { doc, schema }
    }

    /// Don't let two transactions live at once: the second waits for the first.
    pub(super) fn read(&self) -> Transaction<'_> {
        self.doc.transact()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        self.read().encode_state_as_update_v1(&StateVector::default())
    }

    pub(super) fn state_vector(&self) -> Vec<u8> {
        self.read().state_vector().encode_v1()
    }

    /// A checksum of every element that is here and of every deletion, whichever way they came.
    pub(super) fn digest(&self) -> u32 {
        let snapshot = self.read().snapshot();
        let mut sum = crc32fast::Hasher::new();
        let mut clocks: Vec<_> =
            snapshot.state_map.iter().map(|(client, clock)| (client.get(), *clock)).collect();
        clocks.sort_unstable();
        for (client, clock) in clocks {
            sum.update(&client.to_le_bytes());
            sum.update(&clock.to_le_bytes());
        }
        for (client, ranges) in snapshot.delete_set.iter() {
            sum.update(&client.get().to_le_bytes());
            let mut until = None;
            // Ranges that touch are one, however they are held.
            for range in ranges.iter() {
                if until != Some(range.start) {
                    until.into_iter().for_each(|end: u32| sum.update(&end.to_le_bytes()));
                    sum.update(&range.start.to_le_bytes());
                }
                until = Some(range.end);
            }
            until.into_iter().for_each(|end| sum.update(&end.to_le_bytes()));
        }
        sum.finalize()
    }

    /// All content of the roots that its kind has, private or not, in a canonical text: to compare documents.
    pub(super) fn content(&self, what: Texts) -> String {
        let txn = self.read();
        let mut out = String::new();
        for name in self.schema.maps {
            let map = txn.get_map(*name).map(Out::YMap);
            canon::write_entry(&txn, name, map.as_ref(), what, &mut out);
        }
        let mut texts: Vec<_> = txn.root_refs().map(|(name, _)| name).collect();
        texts.retain(|name| self.schema.is_text(name));
        texts.sort_unstable();
        for name in texts {
            let text = txn.get_text(name).map(Out::YText);
            canon::write_entry(&txn, name, text.as_ref(), what, &mut out);
        }
        out
    }

    /// Applies an update that the guard let through. `true`: it changed something. After `Failed` the document
    /// must not be used again, not even read: a transaction of it may never end.
    pub(super) fn apply(&self, update: &[u8]) -> Result<bool, Refusal> {
        self.apply_decoded(decode(update)?)
    }

    /// The same of what was decoded before.
    pub(super) fn apply_decoded(&self, update: Update) -> Result<bool, Refusal> {
        catch_unwind(AssertUnwindSafe(|| self.apply_or_panic(update)))
            .unwrap_or(Err(Refusal::Failed))
    }

    /// Edits in one transaction; returns the update, or `None` if nothing changed.
    pub(super) fn edit(
        &self,
        edit: impl FnOnce(&mut TransactionMut<'_>),
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let edited = AssertUnwindSafe(|| {
            let mut transaction = ManuallyDrop::new(self.doc.transact_mut());
            edit(&mut transaction);
            transaction.commit();
            let changed =
                !transaction.insert_set().is_empty() || !transaction.delete_set().is_empty();
            let update = changed.then(|| transaction.encode_update_v1());
            drop(ManuallyDrop::into_inner(transaction));
            update
        });
        catch_unwind(edited).map_err(|_| Refusal::Failed)
    }

    fn apply_or_panic(&self, update: Update) -> Result<bool, Refusal> {
        // Dropping a transaction commits it. While a panic unwinds that could panic again, which aborts.
        let mut transaction = ManuallyDrop::new(self.doc.transact_mut());
        transaction.apply_update(update).map_err(|_| Refusal::Failed)?;
        transaction.commit();
        let changed = !transaction.insert_set().is_empty() || !transaction.delete_set().is_empty();
        let is_whole = !transaction.has_missing_updates();
        drop(ManuallyDrop::into_inner(transaction));
        if is_whole { Ok(changed) } else { Err(Refusal::Failed) }
    }
}

/// An update that the guard let through, as yrs reads it.
pub(super) fn decode(update: &[u8]) -> Result<Update, Refusal> {
    let decoded = catch_unwind(|| Update::decode_v1(update)).map_err(|_| Refusal::Failed)?;
    decoded.map_err(|_| Refusal::Malformed("yrs can't decode it"))
}

/// A random client id of 32 bits, like those that browsers draw.
pub(super) fn fresh_client() -> u64 {
    ClientID::random().get() & u64::from(u32::MAX)
}
