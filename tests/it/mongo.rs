//! A real database server over the wire, one for all tests: `mongod`, or what `scripts/setup` puts in its place.

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use moim::store::mongo::MongoStore;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OnceCell, OwnedRwLockReadGuard, RwLock},
};
use ulid::Ulid;

/// How long the server may take to start.
const STARTING: Duration = Duration::from_secs(60);

/// Ends the server as soon as nobody holds the other end of the pipe: also if the tests are killed.
const WATCH: &str = r#"
trap "" INT TERM HUP
folder=$1; shift
"$@" </dev/null >"$folder/out" 2>&1 &
read -r word
kill -KILL $!
wait $! 2>/dev/null
[ "$word" = keep ] || rm -rf "$folder"
"#;

/// A database of a test's own. While somebody has one, nobody kills the server but by `kill_server`.
pub(crate) struct Database {
    pub(crate) name: String,
    server: Option<OwnedRwLockReadGuard<Server>>,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let server = shared().await.read_owned().await;
        Self { name: format!("moim_{}", Ulid::generate()), server: Some(server) }
    }

    pub(crate) fn url(&self) -> String {
        self.server.as_ref().unwrap().url()
    }

    /// Where its server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.server.as_ref().unwrap().port).into()
    }

    /// One more node on it.
    pub(crate) async fn open(&self) -> MongoStore {
        MongoStore::open(&self.url(), &self.name).await.unwrap()
    }

    /// The driver's own view, for what no store offers.
    pub(crate) async fn driver(&self) -> mongodb::Database {
        mongodb::Client::with_uri_str(self.url()).await.unwrap().database(&self.name)
    }

    /// SIGKILL, and a new process on what is on the disk. Waits until the other tests that run now are done.
    pub(crate) async fn kill_server(&mut self) {
        self.server = None;
        let mut server = shared().await.write_owned().await;
        server.kill().await;
        self.server = Some(server.downgrade());
    }
}

async fn shared() -> Arc<RwLock<Server>> {
    static SERVER: OnceCell<Arc<RwLock<Server>>> = OnceCell::const_new();
    let start = || async { Arc::new(RwLock::new(Server::start().await)) };
    Arc::clone(SERVER.get_or_init(start).await)
}

struct Server {
    port: u16,
    folder: PathBuf,
    process: Child,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let name = format!("mongo-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(folder.join("data")).unwrap();
        let server = Self { port, process: spawn(&folder, port), folder };
        server.is_up().await;
        server
    }

    fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port)
    }

    async fn kill(&mut self) {
        self.process.stdin.take().unwrap().write_all(b"keep\n").unwrap();
        self.process.wait().unwrap();
        self.process = spawn(&self.folder, self.port);
        self.is_up().await;
    }

    /// Waits until it takes connections.
    async fn is_up(&self) {
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
            let said = || std::fs::read_to_string(self.folder.join("out")).unwrap_or_default();
            assert!(began.elapsed() < STARTING, "the database does not start: {}", said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn spawn(folder: &Path, port: u16) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", WATCH, "sh"]).arg(folder);
    let (data, log) = (folder.join("data"), folder.join("log"));
    let substitute = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/nx-27017/bin/nx-27017");
    if let Some(mongod) = on_path("mongod") {
        command.arg(mongod).arg("--dbpath").arg(data).arg("--logpath").arg(log);
        command.args(["--bind_ip", "127.0.0.1", "--port"]);
    } else {
        assert!(substitute.exists(), "there is no mongod and no nx-27017: run scripts/setup");
        command.arg(substitute).arg("--data-dir").arg(data).arg("--log-file").arg(log);
        command.arg("--pid-file").arg(folder.join("pid")).args(["--host", "127.0.0.1", "-p"]);
    }
    command.arg(port.to_string()).stdin(Stdio::piped()).spawn().unwrap()
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
