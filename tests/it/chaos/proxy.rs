//! A TCP proxy that passes on, slows down, swallows or cuts what goes through it, as it is told.

use std::{future::pending, net::SocketAddr, pin::pin, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time::sleep,
};

/// What is read at once.
const CHUNK: usize = 64 * 1024;

/// What the proxy does with what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Passes it on.
    Pass,
    /// Passes each piece on so much later.
    Delay(Duration),
    /// Keeps connections open, takes new ones, and passes nothing on: half-open, as after a cable was pulled.
    Hang,
    /// Likewise, but what is open now is forgotten and never says anything again, as behind a firewall.
    Lose,
    /// Cuts connections and takes no new ones.
    Cut,
}

/// A proxy that ends when it is dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    mode: watch::Sender<Mode>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// A proxy on a free port that passes on to this address.
    pub(crate) async fn to(upstream: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (mode, seen) = watch::channel(Mode::Pass);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, upstream, seen));
        Ok(Self { address, mode, _tasks: tasks })
    }

    /// From now on does this.
    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, mode: watch::Receiver<Mode>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        if *mode.borrow() != Mode::Cut {
            connections.spawn(serve(socket, upstream, mode.clone()));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(socket: TcpStream, upstream: SocketAddr, mut mode: watch::Receiver<Mode>) {
    let pumps = async |mut mode: watch::Receiver<Mode>| {
        mode.wait_for(|mode| *mode != Mode::Hang).await.ok()?;
        let other = TcpStream::connect(upstream).await.ok()?;
        socket.set_nodelay(true).and(other.set_nodelay(true)).ok()?;
        let ((from, to), (other_from, other_to)) = (socket.into_split(), other.into_split());
        tokio::join!(pump(from, other_to, mode.clone()), pump(other_from, to, mode));
        Some(())
    };
    let mut pumps = pin!(pumps(mode.clone()));
    let mut lost = mode.clone();
    tokio::select! {
        _ = &mut pumps => return,
        _ = mode.wait_for(|mode| *mode == Mode::Cut) => return,
        _ = lost.wait_for(|mode| *mode == Mode::Lose) => {}
    }
    // Both ends stay open.
    pending::<()>().await;
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut mode: watch::Receiver<Mode>) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        let Ok(now) = mode.wait_for(|mode| *mode != Mode::Hang).await.map(|mode| *mode) else {
            return;
        };
        if let Mode::Delay(pause) = now {
            sleep(pause).await;
        }
        if to.write_all(&chunk[..length]).await.is_err() {
            return;
        }
    }
    // The other direction may go on: only this half is over.
    let _ = to.shutdown().await;
}
