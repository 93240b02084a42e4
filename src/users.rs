//! `moim user`: what is done for one person by who runs the server.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::{
    accounts::{ResetLink, make_reset_link},
    auth::Secret,
    config::{DatabaseName, Hidden},
    origin::WebOrigin,
    store::{Accounts, StoreError, mongo::MongoStore, sqlite::SqliteStore},
    upkeep::{DataFolder, UpkeepError},
};

/// The code that says: it could not be done.
const COULD_NOT: u8 = 2;

/// What is done for one person.
#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    task: UserTask,
}

#[derive(Debug, Subcommand)]
enum UserTask {
    /// Print a link by which somebody who has forgotten their password chooses a new one: good once, for 30 minutes
    ResetLink(MakeLink),
}

#[derive(Debug, Args)]
struct MakeLink {
    /// The mail address of the account
    mail: String,

    /// The data folder; a server may be running on it
    #[arg(long, env = "MOIM_DATA", default_value = "./data")]
    data: PathBuf,

    /// The MongoDB that keeps the accounts, if one does
    #[arg(long, env = "MOIM_MONGO_URL", hide_env_values = true)]
    mongo_url: Option<Hidden>,

    /// What the database is called there
    #[arg(long, env = "MOIM_MONGO_DATABASE", default_value = "moim")]
    mongo_database: DatabaseName,

    /// The address that people type; the listening one if not given
    #[arg(long, env = "MOIM_PUBLIC_URL")]
    public_url: Option<WebOrigin>,

    /// Where the server listens
    #[arg(long, env = "MOIM_LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
}

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
enum UserError {
    #[error("there is no account with the mail address {0}")]
    NoAccount(String),
    #[error(transparent)]
    Upkeep(#[from] UpkeepError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl User {
    /// Does it. The code is 0, or 2 if it could not be done.
    pub async fn run(self) -> ExitCode {
        let done = match self.task {
            UserTask::ResetLink(link) => link.run().await,
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                writeln!(io::stderr(), "Error: {error}").ok();
                ExitCode::from(COULD_NOT)
            }
        }
    }
}

impl MakeLink {
    async fn run(self) -> Result<(), UserError> {
        let made = match &self.mongo_url {
            Some(url) => {
                let store = MongoStore::open(url.reveal(), self.mongo_database.as_str()).await?;
                let made = self.make(&store).await;
                store.close().await;
                made
            }
            None => {
                let data = DataFolder::at(&self.data);
                if data.staged().exists() {
                    return Err(UpkeepError::RestoreUnderWay.into());
                }
                if !data.database().try_exists()? {
                    return Err(UpkeepError::NoDatabase(data.database()).into());
                }
                let store = SqliteStore::open_beside(&data.database()).await?;
                let made = self.make(&store).await;
                store.close().await;
                made
            }
        };
        let own = format!("http://{}", self.listen);
        let place = self.public_url.as_ref().map_or(own.as_str(), WebOrigin::as_str);
        let ResetLink { account, path, expires } = made?;
        let mut out = io::stdout();
        writeln!(out, "{place}{path}")?;
        writeln!(
            out,
            "for {} ({}), until {}: whoever opens it can choose a new password, once",
            account.mail,
            account.name,
            expires.strftime("%Y-%m-%d %H:%M UTC")
        )?;
        Ok(())
    }

    async fn make(&self, accounts: &dyn Accounts) -> Result<ResetLink, UserError> {
        let none = |_| StoreError::Unavailable("no randomness to be had".to_owned());
        let secret = Secret::new().map_err(none)?;
        let made = make_reset_link(accounts, &self.mail, &secret, Timestamp::now()).await?;
        made.ok_or_else(|| UserError::NoAccount(self.mail.clone()))
    }
}
