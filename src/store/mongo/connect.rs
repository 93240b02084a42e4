//! The connection: what durability and time-outs rest on, the collections, and their indexes.

use std::time::Duration;

use mongodb::{
    Client, Database, IndexModel,
    bson::{Document, doc},
    options::{
        Acknowledgment, ClientOptions, IndexOptions, ReadConcern, ReadPreference,
        SelectionCriteria, WriteConcern,
    },
};

use super::calls::{ANSWER, within};
use crate::store::{Result, StoreError};

/// The number of the schema that this program writes. One that only adds needs no new number.
pub(super) const SCHEMA: u32 = 1;

pub(super) const ACCOUNTS: &str = "accounts";
pub(super) const ANSWERS: &str = "answers";
pub(super) const ASIDE: &str = "aside";
pub(super) const DOCUMENTS: &str = "documents";
pub(super) const ENTRIES: &str = "entries";
pub(super) const FAMILIES: &str = "families";
pub(super) const HEALTH: &str = "health";
pub(super) const INVITES: &str = "invites";
pub(super) const NOTICES: &str = "notices";
pub(super) const NOTICES_READ: &str = "notices_read";
pub(super) const PLANS: &str = "plans";
pub(super) const RATES: &str = "rates";
pub(super) const SETTINGS: &str = "settings";
pub(super) const STATE_CHUNKS: &str = "state_chunks";
pub(super) const TOKENS: &str = "tokens";
pub(super) const VERSIONS: &str = "versions";
pub(super) const VERSION_CHUNKS: &str = "version_chunks";

/// How long a call looks for a server that takes it: an election within that goes unnoticed.
const FINDING: Duration = Duration::from_secs(5);
/// How long a new connection may take, and the answer to the driver's own question whether a server is there.
const CONNECTING: Duration = Duration::from_secs(3);
/// How often the driver asks that. When there is no answer it gives up all connections to that server: none of
/// them would ever say that it was lost without a word.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Connections that one node holds at most.
const CONNECTIONS: u32 = 32;

/// The database, once its server has answered.
pub(super) async fn database(url: &str, name: &str) -> Result<Database> {
    // The driver's own words may repeat parts of the address.
    let unreadable = |_| {
        StoreError::Unavailable(
            "the address of MongoDB can't be read: it must be mongodb://[user:password@]host[:port]/"
                .to_owned(),
        )
    };
    let mut options = ClientOptions::parse(url).await.map_err(unreadable)?;
    options.app_name = Some("moim".to_owned());
    options.server_selection_timeout = Some(FINDING);
    options.connect_timeout = Some(CONNECTING);
    options.heartbeat_freq = Some(LOOK_EVERY);
    options.max_pool_size = Some(CONNECTIONS);
    // Acknowledged is what a majority has in its journal: it survives the loss of a minority, and a power
    // cut. Reads go to the primary and see what a majority has: all that was acknowledged, and nothing that
    // an election can take back.
    let mut durable = WriteConcern::from(Acknowledgment::Majority);
    durable.journal = Some(true);
    durable.w_timeout = Some(ANSWER);
    options.write_concern = Some(durable);
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    let hosts: Vec<_> = options.hosts.iter().map(ToString::to_string).collect();
    let client = Client::with_options(options)?;
    let database = client.database(name);
    let ping = within(database.run_command(doc! { "ping": 1 })).await;
    ping.map_err(|error| match error {
        StoreError::Unavailable(text) => {
            StoreError::Unavailable(format!("no MongoDB answers at {}: {text}", hosts.join(", ")))
        }
        StoreError::Corrupt(_) | StoreError::Conflict(_) => error,
    })?;
    Ok(database)
}

/// Makes the indexes that are not there. None of them holds `_id`, which not every server allows.
pub(super) async fn make_indexes(database: &Database) -> Result<()> {
    for (collection, keys, options) in indexes() {
        let index = IndexModel::builder().keys(keys).options(options).build();
        within(database.collection::<Document>(collection).create_index(index)).await?;
    }
    Ok(())
}

fn indexes() -> Vec<(&'static str, Document, IndexOptions)> {
    let plain = IndexOptions::default;
    let unique = || IndexOptions::builder().unique(true).build();
    vec![
        // One account a mail address.
        (ACCOUNTS, doc! { "mail": 1 }, unique()),
        (ACCOUNTS, doc! { "reset": 1 }, plain()),
        (ANSWERS, doc! { "claimed": 1 }, plain()),
        (FAMILIES, doc! { "expires": 1 }, plain()),
        (FAMILIES, doc! { "user": 1 }, plain()),
        // One invitation a token.
        (INVITES, doc! { "token": 1 }, unique()),
        (INVITES, doc! { "plan": 1, "created": -1 }, plain()),
        // A person's list in its order.
        (PLANS, doc! { "members.user": 1, "status": 1, "touched": -1, "plan": -1 }, plain()),
        (RATES, doc! { "free": 1 }, plain()),
        (STATE_CHUNKS, doc! { "doc": 1 }, plain()),
        (TOKENS, doc! { "family": 1 }, plain()),
        (TOKENS, doc! { "expires": 1 }, plain()),
        (TOKENS, doc! { "user": 1 }, plain()),
        (VERSIONS, doc! { "doc": 1, "version": -1 }, plain()),
    ]
}
