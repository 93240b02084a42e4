//! `moim backup`, `moim restore`, `moim doctor` and `moim new-epochs`: what they are asked, what they say, how they end.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Subcommand};

use super::{
    access::{AccessError, Purpose},
    copies::{BackedUp, Findings, Restored, back_up, restore},
    epochs::begin_epochs,
    error::UpkeepError,
    examine::{Mending, Summary, examine},
    folder::{DataFolder, Lock},
    rebuild::rebuild,
};
use crate::{
    config::{DatabaseName, Hidden},
    ids::DocId,
    store::{Quarantine, mongo::MongoStore, sqlite::SqliteStore},
};

/// The code that says: something is wrong, and was told.
const FOUND: u8 = 1;
/// The code that says: it could not be done.
const COULD_NOT: u8 = 2;

/// What is done to a data folder beside serving it.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Copy the data, also while it is served
    Backup(Backup),
    /// Put a back-up in the place of the data, also while it is served
    Restore(Restore),
    /// Look at everything that is stored, and mend it if asked to
    Doctor(Doctor),
    /// Tell all documents that their store was put back to an older state, by other means than `moim restore`
    NewEpochs(NewEpochs),
}

impl Task {
    /// Carries it out. The code is 0 if all is well, 1 if something is wrong with the data, 2 if it could not
    /// be done.
    pub async fn run(self) -> ExitCode {
        let done = match self {
            Self::Backup(backup) => backup.run().await,
            Self::Restore(restore) => restore.run().await,
            Self::Doctor(doctor) => doctor.run().await,
            Self::NewEpochs(epochs) => epochs.run().await,
        };
        done.unwrap_or_else(|error| {
            writeln!(io::stderr(), "Error: {error}").ok();
            ExitCode::from(COULD_NOT)
        })
    }
}

/// The settings of `moim backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The data folder; a server may be running on it
    #[arg(long, env = "MOIM_DATA", default_value = "./data")]
    data: PathBuf,

    /// The folder to make; it must not be there, or be empty
    #[arg(long)]
    to: PathBuf,
}

/// The settings of `moim restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// The data folder; a server may be running on it, which then starts again
    #[arg(long, env = "MOIM_DATA", default_value = "./data")]
    data: PathBuf,

    /// The folder that `moim backup` made
    #[arg(long)]
    from: PathBuf,

    /// Take the back-up although something in it is wrong
    #[arg(long)]
    despite_findings: bool,
}

/// The settings of `moim doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The data folder; a server may be running on it, unless something is to be written
    #[arg(long, env = "MOIM_DATA", default_value = "./data")]
    data: PathBuf,

    /// Mend what can be mended from what is kept; what is of no use is set aside
    #[arg(long)]
    repair: bool,

    /// Forget what is set aside of this document, so that it is read and taken again
    #[arg(long, value_name = "DOCUMENT")]
    release: Option<DocId>,
}

/// The settings of `moim new-epochs`.
#[derive(Debug, Args)]
pub struct NewEpochs {
    /// The data folder; no server may be running on it
    #[arg(long, env = "MOIM_DATA", default_value = "./data")]
    data: PathBuf,

    /// The MongoDB that was put back, instead of a data folder; all servers on it must be stopped
    #[arg(long, env = "MOIM_MONGO_URL", hide_env_values = true)]
    mongo_url: Option<Hidden>,

    /// What the database is called there
    #[arg(long, env = "MOIM_MONGO_DATABASE", default_value = "moim")]
    mongo_database: DatabaseName,
}

impl NewEpochs {
    /// Begins them.
    async fn run(self) -> Result<ExitCode, UpkeepError> {
        let documents = match &self.mongo_url {
            Some(url) => {
                let store = MongoStore::open(url.reveal(), self.mongo_database.as_str()).await?;
                let begun = begin_epochs(&*store.stores().care).await;
                store.close().await;
                begun?
            }
            None => {
                let data = DataFolder::at(&self.data);
                let _lock = to_write(&data)?;
                let store = SqliteStore::open(&data.database()).await?;
                let begun = begin_epochs(&*store.stores().care).await;
                store.close().await;
                begun?
            }
        };
        say(&format!("{} in new epochs: clients begin afresh", counted(documents, "document")));
        Ok(ExitCode::SUCCESS)
    }
}

/// Takes a folder in which there is a database.
fn to_write(data: &DataFolder) -> Result<Lock, UpkeepError> {
    find(data)?;
    data.allows(Purpose::Write).map_err(UpkeepError::Data)?;
    Ok(data.lock()?)
}

/// None is made where none is.
fn find(data: &DataFolder) -> Result<(), UpkeepError> {
    if data.staged().exists() {
        return Err(UpkeepError::RestoreUnderWay);
    }
    data.allows(Purpose::Read).map_err(UpkeepError::Data)?;
    match data.database().try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(UpkeepError::NoDatabase(data.database())),
        Err(error) => {
            Err(UpkeepError::Data(AccessError::explain(data.path(), &data.database(), error)))
        }
    }
}

impl Backup {
    /// Makes the back-up. The code is 1 if something in it is wrong.
    async fn run(self) -> Result<ExitCode, UpkeepError> {
        let BackedUp { summary, bytes } =
            back_up(&DataFolder::at(&self.data), &self.to, &mut say).await?;
        let (to, what) = (self.to.display(), contents(&summary));
        say(&format!("backed up to {to}: {what}, {bytes} bytes, {}", told(summary.findings)));
        Ok(code(summary.findings))
    }
}

impl Restore {
    /// Restores. The code is 1 if something in the back-up was wrong and it was taken all the same.
    async fn run(self) -> Result<ExitCode, UpkeepError> {
        let (data, from) = (DataFolder::at(&self.data), DataFolder::at(&self.from));
        let accept = if self.despite_findings { Findings::Accept } else { Findings::Refuse };
        let Restored { summary, is_served } = restore(&data, &from, accept, &mut say).await?;
        let where_to = if is_served { "and served" } else { "for the next start" };
        let what = contents(&summary);
        say(&format!("restored {where_to}: {what}, {}", told(summary.findings)));
        Ok(code(summary.findings))
    }
}

impl Doctor {
    /// Looks, and mends if it is asked to. The code is 1 if something is wrong and still is.
    async fn run(self) -> Result<ExitCode, UpkeepError> {
        let data = DataFolder::at(&self.data);
        find(&data)?;
        if let Some(doc) = self.release {
            let _lock = to_write(&data)?;
            let store = SqliteStore::open(&data.database()).await?;
            let released = store.release(doc).await;
            store.close().await;
            say(&format!("{doc}: {} pieces are set aside no more", released?));
        }
        let summary = if self.repair { self.mend(&data).await? } else { self.look(&data).await? };
        let (what, mended) = (contents(&summary), summary.mended);
        say(&format!("looked at {what}: {mended} mended, {}", told(summary.findings)));
        Ok(code(summary.findings))
    }

    async fn look(&self, data: &DataFolder) -> Result<Summary, UpkeepError> {
        let store = SqliteStore::open_to_examine(&data.database()).await?;
        let examined = examine(&store, Mending::No, &mut say).await;
        store.close().await;
        Ok(examined?)
    }

    /// A file that is damaged itself is put together anew first: what is written into it might go astray.
    async fn mend(&self, data: &DataFolder) -> Result<Summary, UpkeepError> {
        let lock = to_write(data)?;
        let store = SqliteStore::open_to_examine(&data.database()).await?;
        let flaws = store.flaws().await;
        store.close().await;
        if !flaws?.is_empty() {
            return rebuild(data, &lock, &mut say).await;
        }
        let store = SqliteStore::open(&data.database()).await?;
        let examined = examine(&store, Mending::Yes, &mut say).await;
        store.close().await;
        Ok(examined?)
    }
}

fn code(findings: usize) -> ExitCode {
    if findings == 0 { ExitCode::SUCCESS } else { ExitCode::from(FOUND) }
}

fn contents(summary: &Summary) -> String {
    let Summary { documents, versions, .. } = summary;
    format!("{}, {}", counted(*documents, "document"), counted(*versions, "version"))
}

fn counted(number: usize, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{ending}")
}

fn told(findings: usize) -> String {
    match findings {
        0 => "nothing is wrong".to_owned(),
        1 => "1 thing is wrong".to_owned(),
        more => format!("{more} things are wrong"),
    }
}

/// A line on the standard output. Who no longer reads it is told by the code.
fn say(line: &str) {
    writeln!(io::stdout(), "{line}").ok();
}
