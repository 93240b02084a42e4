//! What an operator can set, by flags or by `MOIM_…` in the environment: valid once it is parsed.

use std::{
    fmt,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use clap::{Args, ValueEnum};
use jiff::SignedDuration;

use crate::origin::{WebOrigin, origin_of};

/// The settings of `moim serve`.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Where to listen
    #[arg(long, env = "MOIM_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// The folder that keeps everything: documents, accounts, keys; with a MongoDB, what is this node's alone
    #[arg(long, env = "MOIM_DATA", default_value = "./data")]
    pub data: PathBuf,

    /// A MongoDB that keeps documents, accounts and keys, for several nodes: mongodb://[user:password@]host[:port]/
    #[arg(long, env = "MOIM_MONGO_URL", hide_env_values = true)]
    pub mongo_url: Option<Hidden>,

    /// What the database is called there
    #[arg(long, env = "MOIM_MONGO_DATABASE", default_value = "moim")]
    pub mongo_database: DatabaseName,

    /// The address that people type, if it is not the listening one: https://moim.example.org
    #[arg(long, env = "MOIM_PUBLIC_URL")]
    pub public_url: Option<WebOrigin>,

    /// Other sites whose pages may use this server, separated by commas: https://app.example.org
    #[arg(long, env = "MOIM_ORIGINS", value_delimiter = ',')]
    pub origins: Vec<WebOrigin>,

    /// What this server is called in its pages
    #[arg(long, env = "MOIM_NAME", default_value = "Moim")]
    pub name: String,

    /// How many reverse proxies stand in front and append to X-Forwarded-For
    #[arg(long, env = "MOIM_PROXIES", default_value_t = 0)]
    pub proxies: u8,

    /// Online map tiles instead of the map that comes with the program: https://host/{z}/{x}/{y}.png
    #[arg(long, env = "MOIM_TILES_URL")]
    pub tiles_url: Option<TilesUrl>,

    /// A map of one's own, a .pmtiles file or its https address
    #[arg(long, env = "MOIM_PMTILES", conflicts_with = "tiles_url")]
    pub pmtiles: Option<Pmtiles>,

    /// What the makers of that map want to be shown beside it
    #[arg(long, env = "MOIM_MAP_ATTRIBUTION")]
    pub map_attribution: Option<String>,

    /// The keys that sign tokens, oldest first, separated by commas; made and kept with the data if not given
    #[arg(long, env = "MOIM_TOKEN_KEY", hide_env_values = true)]
    pub token_key: Option<Hidden>,

    /// What /metrics asks for as a bearer token; open to all if not given
    #[arg(long, env = "MOIM_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<Hidden>,

    /// The Redis that joins several servers into one: redis://host:port, rediss:// for TLS, or
    /// redis-cluster://host:port for a cluster; each server needs the same data then
    #[arg(long, env = "MOIM_REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<Hidden>,

    /// Which log lines to write, as in RUST_LOG
    #[arg(long, env = "MOIM_LOG", default_value = "info")]
    pub log: String,

    /// How to write them
    #[arg(long, env = "MOIM_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// How much is too much
    #[command(flatten)]
    pub limits: Limits,
}

/// The limits that an operator may want to move.
#[derive(Debug, Clone, Args)]
pub struct Limits {
    /// Connections at once, document sockets included
    #[arg(long, env = "MOIM_CONNECTIONS", default_value_t = 20_000)]
    pub connections: usize,

    /// Seconds that a request's head may take to come in
    #[arg(long, env = "MOIM_HEADER_SECONDS", default_value = "10")]
    header_seconds: NonZeroU32,

    /// Bytes of the body of a REST request
    #[arg(long, env = "MOIM_BODY_BYTES", default_value_t = 64 << 10)]
    pub body_bytes: usize,

    /// REST requests a minute from one address
    #[arg(long, env = "MOIM_REQUESTS_PER_MINUTE", default_value = "1200")]
    pub requests_per_minute: NonZeroU32,

    /// Log-ins that fail a minute from one address; half of it for one mail address from there or of a known device,
    /// five times as much for one mail address from everywhere
    #[arg(long, env = "MOIM_LOGINS_PER_MINUTE", default_value = "20")]
    pub logins_per_minute: NonZeroU32,

    /// New accounts an hour from one address
    #[arg(long, env = "MOIM_SIGN_UPS_PER_HOUR", default_value = "30")]
    pub sign_ups_per_hour: NonZeroU32,

    /// Looks at invitations, and uses of them, a minute from one address
    #[arg(long, env = "MOIM_INVITES_PER_MINUTE", default_value = "60")]
    pub invites_per_minute: NonZeroU32,

    /// Versions saved and restored a minute of one document
    #[arg(long, env = "MOIM_SAVES_PER_MINUTE", default_value = "20")]
    pub saves_per_minute: NonZeroU32,

    /// Times an hour that one document may begin anew
    #[arg(long, env = "MOIM_RENEWALS_PER_HOUR", default_value = "10")]
    pub renewals_per_hour: NonZeroU32,

    /// Trips that one person may make an hour, copies included
    #[arg(long, env = "MOIM_TRIPS_PER_HOUR", default_value = "60")]
    pub trips_per_hour: NonZeroU32,

    /// Trips of one person outside the trash
    #[arg(long, env = "MOIM_TRIPS_PER_PERSON", default_value_t = 1_000)]
    pub trips_per_person: usize,

    /// Invitations of one trip that are open at once
    #[arg(long, env = "MOIM_OPEN_INVITES", default_value_t = 100)]
    pub open_invites: usize,

    /// Versions of one document; of more the oldest without a name go
    #[arg(long, env = "MOIM_VERSIONS", default_value_t = 1_000)]
    pub versions: usize,

    /// MiB that the versions of one document may take, likewise
    #[arg(long, env = "MOIM_VERSIONS_MB", default_value_t = 256)]
    versions_mb: u64,

    /// Document sockets at once from one address
    #[arg(long, env = "MOIM_SOCKETS_PER_ADDRESS", default_value_t = 500)]
    pub sockets_per_address: usize,

    /// Document sockets at once of one person
    #[arg(long, env = "MOIM_SOCKETS_PER_USER", default_value_t = 50)]
    pub sockets_per_user: usize,

    /// Document sockets that may open in a second; more wait for their turn, after a restart for example
    #[arg(long, env = "MOIM_JOINS_PER_SECOND", default_value = "200")]
    pub joins_per_second: NonZeroU32,

    /// Seconds until a document socket must have sent its first message
    #[arg(long, env = "MOIM_HELLO_SECONDS", default_value = "10")]
    hello_seconds: NonZeroU32,

    /// Seconds that a ticket for a socket is good for; a client gets a new one before that
    #[arg(long, env = "MOIM_TICKET_SECONDS", default_value = "600", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    ticket_seconds: u32,

    /// Bytes of one frame of a document socket; what a whole document needs if not given
    #[arg(long, env = "MOIM_FRAME_BYTES")]
    pub frame_bytes: Option<usize>,

    /// Messages a second that one document socket may send, in the mean of ten seconds; more have to wait
    #[arg(long, env = "MOIM_MESSAGES_PER_SECOND", default_value = "200")]
    pub messages_per_second: NonZeroU32,

    /// Bytes a second that one document socket may send, likewise
    #[arg(long, env = "MOIM_BYTES_PER_SECOND", default_value = "262144")]
    pub bytes_per_second: NonZeroU32,

    /// Awareness states a second of one document socket that the others see; of more they see the newest
    #[arg(long, env = "MOIM_AWARENESS_PER_SECOND", default_value = "20")]
    pub awareness_per_second: NonZeroU32,

    /// Bytes of one awareness state: who somebody is, and what they point at
    #[arg(long, env = "MOIM_AWARENESS_BYTES", default_value_t = 4 << 10)]
    pub awareness_bytes: usize,

    /// Bytes of one update message; an answer to a step 1 may be as large as a document
    #[arg(long, env = "MOIM_UPDATE_BYTES", default_value_t = 256 << 10)]
    pub update_bytes: usize,

    /// Bytes of a document that are not deleted
    #[arg(long, env = "MOIM_DOCUMENT_BYTES", default_value_t = 5 << 20, value_parser = document_bytes)]
    pub document_bytes: usize,

    /// Cards of a trip that are not in its trash
    #[arg(long, env = "MOIM_CARDS", default_value_t = 2_000)]
    pub cards: usize,

    /// Documents open at once
    #[arg(long, env = "MOIM_ROOMS", default_value_t = 10_000)]
    pub rooms: usize,

    /// MiB of memory that open documents and connections may take, as it is reckoned, a quarter of it for one person;
    /// above, documents that nobody is in are closed, and no more are opened. The process takes at most twice that
    #[arg(long, env = "MOIM_MEMORY_MB", default_value_t = 1_024)]
    memory_mb: usize,

    /// Edits in a document's journal above which it is folded into the document's state: at the earliest, for a large
    /// document up to ten times as many
    #[arg(long, env = "MOIM_FOLD_AFTER", default_value = "1000")]
    pub fold_after: NonZeroUsize,

    /// Seconds that a stop may take before what is left is cut off
    #[arg(long, env = "MOIM_STOP_SECONDS", default_value_t = 20)]
    stop_seconds: u64,
}

impl Limits {
    /// The deadline of a request's head.
    pub fn header(&self) -> Duration {
        Duration::from_secs(self.header_seconds.get().into())
    }

    /// The deadline of a socket's first message.
    pub fn hello(&self) -> Duration {
        Duration::from_secs(self.hello_seconds.get().into())
    }

    /// What the versions of one document may take.
    pub fn versions_bytes(&self) -> u64 {
        self.versions_mb.saturating_mul(1 << 20)
    }

    /// How long a ticket for a socket is good for.
    pub fn ticket_life(&self) -> SignedDuration {
        SignedDuration::from_secs(self.ticket_seconds.into())
    }

    /// What open documents may take.
    pub fn memory_bytes(&self) -> usize {
        self.memory_mb.saturating_mul(1 << 20)
    }

    /// The deadline of the whole stop.
    pub fn stop(&self) -> Duration {
        Duration::from_secs(self.stop_seconds)
    }
}

impl Config {
    /// Whether people reach this server over TLS, so that cookies may be restricted to it.
    pub fn is_behind_tls(&self) -> bool {
        self.public_url.as_ref().is_some_and(WebOrigin::is_secure)
    }
}

/// The most bytes that a document may be allowed: an edit may bring all of it, and one record of MongoDB and one
/// frame between nodes hold less than 16 MiB.
const MOST_DOCUMENT_BYTES: usize = 12 << 20;

fn document_bytes(text: &str) -> Result<usize, String> {
    let bytes: usize = text.parse().map_err(|_| "must be a number of bytes".to_owned())?;
    if bytes <= MOST_DOCUMENT_BYTES {
        Ok(bytes)
    } else {
        Err(format!("must be at most {MOST_DOCUMENT_BYTES}: an edit may bring a whole document"))
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For eyes.
    Text,
    /// For machines: one object a line.
    Json,
}

/// A text that is never printed.
#[derive(Clone)]
pub struct Hidden(String);

impl Hidden {
    /// The text, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Hidden {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() { Err("must not be empty".into()) } else { Ok(Self(text.into())) }
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// A name that every database server takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseName(String);

impl DatabaseName {
    /// The most characters that a name may have.
    const LONGEST: usize = 63;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
        if (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("must be 1 to {} letters, digits, - or _", Self::LONGEST))
        }
    }
}

/// The address of raster tiles with `{z}`, `{x}` and `{y}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TilesUrl(String);

impl TilesUrl {
    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host that browsers must be allowed to load from.
    pub fn origin(&self) -> Option<WebOrigin> {
        origin_of(&self.0)
    }
}

impl FromStr for TilesUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let complete = ["{z}", "{x}", "{y}"].iter().all(|part| text.contains(part));
        if complete && origin_of(text).is_some() {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be an address with {z}, {x} and {y} in its path".to_owned())
        }
    }
}

/// Where a map of one's own lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pmtiles {
    /// On this machine: the server hands it out itself.
    File(PathBuf),
    /// Elsewhere.
    Url(String),
}

impl Pmtiles {
    /// The file to hand out, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Url(_) => None,
        }
    }

    /// The other host that browsers must be allowed to load from, if it is one.
    pub fn origin(&self) -> Option<WebOrigin> {
        match self {
            Self::File(_) => None,
            Self::Url(url) => origin_of(url),
        }
    }
}

impl FromStr for Pmtiles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if origin_of(text).is_some() {
            return Ok(Self::Url(text.to_owned()));
        }
        let path = PathBuf::from(text);
        if path.is_file() { Ok(Self::File(path)) } else { Err("no such file".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        config: Config,
    }

    fn parse(flags: &[&str]) -> Result<Config, String> {
        let line = ["moim"].iter().chain(flags);
        Command::try_parse_from(line).map(|c| c.config).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_has_to_be_set() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert!(!config.is_behind_tls());
    }

    #[test]
    fn a_document_is_no_larger_than_one_record_and_one_frame() {
        let most = MOST_DOCUMENT_BYTES.to_string();
        assert!(parse(&["--document-bytes", &most]).is_ok());
        let error = parse(&["--document-bytes", &format!("{}", MOST_DOCUMENT_BYTES + 1)]);
        assert!(error.is_err_and(|error| error.contains("at most 12582912")));
    }

    #[test]
    fn a_public_url_is_an_origin() {
        let config = parse(&["--public-url", "https://Moim.example.org/"]).unwrap();
        assert!(config.is_behind_tls());
        assert_eq!(config.public_url.unwrap().as_str(), "https://moim.example.org");
        assert!(parse(&["--public-url", "moim.example.org"]).is_err());
    }

    #[test]
    fn other_sites_are_listed_with_commas() {
        let config = parse(&["--origins", "https://a.example:443,http://localhost:3000"]).unwrap();
        let origins: Vec<_> = config.origins.iter().map(WebOrigin::as_str).collect();
        assert_eq!(origins, ["https://a.example", "http://localhost:3000"]);
        assert!(parse(&["--origins", "https://a.example,*"]).is_err());
    }

    #[test]
    fn tiles_name_their_host_for_the_content_policy() {
        let tiles: TilesUrl = "https://tile.example.org/{z}/{x}/{y}.png?k=1".parse().unwrap();
        assert_eq!(tiles.origin().unwrap().as_str(), "https://tile.example.org");
        assert!("https://tile.example.org/{z}/{x}.png".parse::<TilesUrl>().is_err());
        assert!("https://a.b; script-src *;/{z}/{x}/{y}".parse::<TilesUrl>().is_err());
    }

    #[test]
    fn a_map_is_a_file_that_exists_or_an_address() {
        assert!("no/such.pmtiles".parse::<Pmtiles>().is_err());
        assert!(matches!("Cargo.toml".parse(), Ok(Pmtiles::File(_))));
        let far: Pmtiles = "https://maps.example.org/korea.pmtiles".parse().unwrap();
        assert_eq!(far.origin().unwrap().as_str(), "https://maps.example.org");
    }

    #[test]
    fn a_database_has_a_plain_name() {
        assert_eq!(parse(&[]).unwrap().mongo_database.as_str(), "moim");
        let long = "a".repeat(64);
        for name in ["", "a.b", "a/b", "a$b", "a b", &long] {
            assert!(name.parse::<DatabaseName>().is_err(), "{name}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let mongo = ["--mongo-url", "mongodb://moim:hush@db.example.org/"];
        let others = ["--token-key", "hush", "--metrics-token", "hush", "--redis-url", "hush"];
        let config = parse(&[&mongo[..], &others].concat()).unwrap();
        assert!(!format!("{config:?}").contains("hush"));
    }
}
