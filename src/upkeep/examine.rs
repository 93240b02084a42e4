//! Looks at everything that a store holds, and tells what is wrong with it, a line each.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::diagnosis::{Diagnosis, Remedy, diagnose};
use crate::{
    crdt::{Document, Limits, Projection},
    ids::{DocId, DocKind},
    store::{
        AsideCause, Inspection, SetAside, StoreError, Stores, Version, VersionContent,
        sqlite::SqliteStore,
    },
};

/// Ids that are read at a time.
const PAGE: usize = 200;
/// What is told of what is set aside of a document.
const MAX_ASIDE: usize = 1_000;
/// How often a document that changes meanwhile is mended anew.
const MEND_ATTEMPTS: usize = 3;

/// What to do about what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mending {
    /// Nothing: look only.
    No,
    /// What can be mended without making anything up.
    Yes,
}

/// What an examination has come to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Documents that were looked at.
    pub documents: usize,
    /// Versions that were.
    pub versions: usize,
    /// What is wrong and still is.
    pub findings: usize,
    /// Documents that were mended.
    pub mended: usize,
}

/// Whom the lines are told to.
pub type Tell<'a> = &'a mut (dyn FnMut(&str) + Send);

/// One examination.
pub(super) struct Examination<'a> {
    stores: Stores,
    /// An earlier schema has no place for what is set aside.
    has_quarantine: bool,
    mending: Mending,
    tell: Tell<'a>,
    summary: Summary,
}

/// Looks at the file, and if that is sound at every document with its versions, and at every plan.
pub async fn examine(
    store: &SqliteStore,
    mending: Mending,
    tell: Tell<'_>,
) -> Result<Summary, StoreError> {
    let flaws = store.flaws().await?;
    let has_quarantine = match store.is_up_to_date().await {
        // Where that can't be read, whatever can be is.
        Err(StoreError::Corrupt(_)) => true,
        is_up_to_date => is_up_to_date?,
    };
    let (stores, summary) = (store.stores(), Summary::default());
    let mut examination = Examination { stores, has_quarantine, mending, tell, summary };
    for flaw in flaws {
        examination.finding(&format!("the database: {flaw}"));
    }
    let documents = store.every_document().await?;
    for doc in &documents {
        examination.document(*doc).await?;
    }
    examination.plans(&store.every_plan().await?, &documents);
    Ok(examination.summary)
}

impl Examination<'_> {
    fn finding(&mut self, text: &str) {
        self.summary.findings += 1;
        (self.tell)(text);
    }

    async fn document(&mut self, doc: DocId) -> Result<(), StoreError> {
        self.summary.documents += 1;
        let looked = self.look_at(doc).await;
        self.or_finding(doc, looked)?;
        self.versions(doc).await
    }

    async fn look_at(&mut self, doc: DocId) -> Result<(), StoreError> {
        let aside = self.aside(doc).await;
        if !self.or_finding(doc, aside)?.unwrap_or(true) {
            return Ok(());
        }
        match self.diagnosis(doc).await? {
            Some((inspection, diagnosis)) => self.judge(doc, inspection, diagnosis).await,
            None => {
                self.finding(&format!("{doc}: can't be found by its name any more"));
                Ok(())
            }
        }
    }

    /// What is damaged is told, and the rest is looked at all the same.
    fn or_finding<T>(
        &mut self,
        doc: DocId,
        looked: Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match looked {
            Ok(seen) => Ok(Some(seen)),
            Err(StoreError::Corrupt(text)) => {
                self.finding(&format!("{doc}: {text}"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Tells what is set aside, and whether the document may be read at all.
    async fn aside(&mut self, doc: DocId) -> Result<bool, StoreError> {
        if !self.has_quarantine {
            return Ok(true);
        }
        let aside = self.stores.quarantine.aside(doc, MAX_ASIDE).await?;
        if aside.iter().any(|one| one.cause == AsideCause::Unreadable) {
            let what = "is not served, because reading it ended a server";
            self.finding(&format!("{doc}: {what}; `moim doctor --release {doc}` lets it be read"));
            return Ok(false);
        }
        if !aside.is_empty() {
            (self.tell)(&format!("{doc}: {} (no harm)", described(&aside)));
        }
        Ok(true)
    }

    async fn diagnosis(&self, doc: DocId) -> Result<Option<(Inspection, Diagnosis)>, StoreError> {
        let Some(inspection) = self.stores.care.inspect(doc).await? else { return Ok(None) };
        let diagnosing = tokio::task::spawn_blocking(move || {
            let diagnosis = diagnose(doc.kind(), &inspection);
            (inspection, diagnosis)
        });
        diagnosing.await.map(Some).map_err(|panic| StoreError::Corrupt(panic.to_string()))
    }

    async fn judge(
        &mut self,
        doc: DocId,
        mut inspection: Inspection,
        mut diagnosis: Diagnosis,
    ) -> Result<(), StoreError> {
        for flaw in &diagnosis.flaws {
            (self.tell)(&format!("{doc}: {flaw}"));
        }
        for _ in 0..MEND_ATTEMPTS {
            let (mend, outcome) = match &diagnosis.remedy {
                Remedy::Healthy => return Ok(()),
                Remedy::Beyond => {
                    let what = "can't be saved from what is kept here: it is left as it is";
                    self.finding(&format!("{doc}: {what}; restore it from a back-up"));
                    return Ok(());
                }
                Remedy::Whole(mend) => (mend, "nothing is lost".to_owned()),
                Remedy::Partial(mend, lost) => (mend, format!("{lost} edits can't be used")),
            };
            if self.mending == Mending::No {
                self.finding(&format!("{doc}: can be mended by `moim doctor --repair`; {outcome}"));
                return Ok(());
            }
            let now = Timestamp::now();
            match self.stores.care.mend(doc, inspection.seen, mend, now).await {
                Ok(()) => {
                    (self.tell)(&format!("{doc}: mended; {outcome}"));
                    self.summary.mended += 1;
                }
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
            // Whether it is healthy now is looked up, not supposed.
            let Some(again) = self.diagnosis(doc).await? else { return Ok(()) };
            (inspection, diagnosis) = again;
        }
        self.finding(&format!("{doc}: was mended and is not healthy"));
        Ok(())
    }

    async fn versions(&mut self, doc: DocId) -> Result<(), StoreError> {
        let mut before = None;
        loop {
            let page = match self.stores.versions.list(doc, before, PAGE).await {
                Err(StoreError::Corrupt(text)) => {
                    self.finding(&format!("{doc}: its versions can't be listed: {text}"));
                    return Ok(());
                }
                page => page?,
            };
            let Some(last) = page.last() else { return Ok(()) };
            before = Some(last.id);
            for version in page {
                self.version(doc, &version).await?;
            }
        }
    }

    async fn version(&mut self, doc: DocId, version: &Version) -> Result<(), StoreError> {
        self.summary.versions += 1;
        let (content, id) = (self.stores.versions.get(version.id).await, version.id);
        let wrong = match content {
            Err(StoreError::Corrupt(text)) => Some(text),
            Err(error) => return Err(error),
            Ok(None) => None,
            Ok(Some((_, content))) => {
                let loading =
                    tokio::task::spawn_blocking(move || why_unusable(doc.kind(), &content));
                loading.await.unwrap_or_else(|panic| Some(panic.to_string()))
            }
        };
        if let Some(wrong) = wrong {
            self.finding(&format!("{doc}: version {id} of {} can't be used: {wrong}", version.at));
        }
        Ok(())
    }

    fn plans(&mut self, plans: &BTreeSet<DocId>, documents: &BTreeSet<DocId>) {
        for plan in plans.difference(documents) {
            self.finding(&format!("{plan}: a plan without its document"));
        }
        for doc in documents.difference(plans) {
            // A server that died while it made a plan leaves one: nobody has ever seen it.
            (self.tell)(&format!("{doc}: a document that belongs to no plan (no harm)"));
        }
    }
}

fn described(aside: &[SetAside]) -> String {
    let count = |cause| aside.iter().filter(|one| one.cause == cause).count();
    let (fatal, damaged) = (count(AsideCause::Fatal), count(AsideCause::Damaged));
    format!("{fatal} fatal and {damaged} damaged pieces are set aside")
}

fn why_unusable(kind: DocKind, content: &VersionContent) -> Option<String> {
    let loaded = Document::load(kind, &content.state, [], Limits::default());
    let projection = Projection::parse(kind, &content.projection);
    loaded.err().map(|error| error.to_string()).or(projection.err().map(|error| error.to_string()))
}
