//! The command line: `moim serve` and its companions.

mod signals;

use std::{io::Write, net::SocketAddr, process::ExitCode, time::Duration};

use anyhow::Context;
use clap::{Parser, Subcommand};
use moim::{
    Stop,
    config::Config,
    http::{listen, probe, shown_address},
    run, telemetry, upkeep, users,
};
use tikv_jemallocator::Jemalloc;

use signals::Signals;

/// The system's keeps what many threads have freed; this one gives it back (`.cargo/config.toml`).
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// A thread that hangs in the store holds up an end, which has taken its time already, no longer than this.
const LAST_GRACE: Duration = Duration::from_millis(500);

/// People plan trips together, live.
#[derive(Parser)]
#[command(name = "moim", version)]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Serve until a signal comes
    Serve(Box<Config>),
    /// Ask the server that listens there whether it takes visitors
    Health {
        /// Where it listens
        #[arg(long, env = "MOIM_LISTEN", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
    },
    #[command(flatten)]
    Upkeep(upkeep::Task),
    /// Do something for one person: a link to a new password
    User(users::User),
    /// Merge what another process died over, which comes in on the standard input
    #[command(hide = true)]
    Try,
}

fn main() -> anyhow::Result<ExitCode> {
    let task = Command::parse().task;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(carry_out(task));
    runtime.shutdown_timeout(LAST_GRACE);
    done
}

async fn carry_out(task: Task) -> anyhow::Result<ExitCode> {
    match task {
        Task::Serve(config) => serve(&config).await?,
        Task::Health { listen } => writeln!(std::io::stdout(), "{}", probe(listen).await?)?,
        Task::Upkeep(task) => return Ok(task.run().await),
        Task::User(user) => return Ok(user.run().await),
        Task::Try => moim::documents::attempt(std::io::stdin())?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    telemetry::start_log(&config.log, config.log_format).map_err(anyhow::Error::msg)?;
    let signals = Signals::new().context("signals can't be heard")?;
    let listener =
        listen(config.listen).with_context(|| format!("can't listen on {}", config.listen))?;
    let own = format!("http://{}", shown_address(listener.local_addr()?));
    let place = config.public_url.as_ref().map_or(own.as_str(), |url| url.as_str());
    let stop = Stop::default();
    let (passing, ended) = (signals.pass_on(stop.clone()), run(listener, config, stop.clone()));
    let greeting = async {
        stop.serving.notified().await;
        writeln!(std::io::stdout(), "{} is open: {place}", config.name)?;
        std::future::pending().await
    };
    tokio::select! {
        ended = ended => Ok(ended?),
        never = passing => never.context("signals can't be heard"),
        never = greeting => never,
    }
}
