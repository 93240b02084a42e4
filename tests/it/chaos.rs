//! The chaos proxy does what it says, and what stands behind it may be late, silent or away.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

mod before_database;
mod before_redis;
mod proxy;

pub(crate) use proxy::{Mode, Proxy};

/// A server that sends back what it gets, with a proxy before it.
async fn echo() -> (Proxy, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::to(listener.local_addr().unwrap()).await.unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut echoes = JoinSet::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            echoes.spawn(async move {
                let (mut from, mut to) = socket.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    (proxy, tasks)
}

async fn says(socket: &mut TcpStream, text: &[u8]) -> std::io::Result<()> {
    let mut heard = vec![0; text.len()];
    socket.write_all(text).await?;
    socket.read_exact(&mut heard).await?;
    assert_eq!(heard, text);
    Ok(())
}

#[tokio::test]
async fn a_proxy_passes_on_late_or_not_at_all_and_cuts() {
    let (proxy, _echo) = echo().await;
    let mut socket = TcpStream::connect(proxy.address).await.unwrap();
    says(&mut socket, b"at once").await.unwrap();

    let pause = Duration::from_millis(30);
    proxy.set(Mode::Delay(pause));
    let began = Instant::now();
    says(&mut socket, b"late").await.unwrap();
    assert!(began.elapsed() >= 2 * pause, "both ways");

    proxy.set(Mode::Hang);
    let mut newcomer = TcpStream::connect(proxy.address).await.unwrap();
    for socket in [&mut socket, &mut newcomer] {
        assert!(timeout(pause, says(socket, b"held")).await.is_err());
    }
    proxy.set(Mode::Pass);
    let mut held = [0; 4];
    socket.read_exact(&mut held).await.unwrap();
    assert_eq!(&held, b"held", "what was held comes when the cable is plugged in again");

    proxy.set(Mode::Cut);
    assert!(says(&mut socket, b"never").await.is_err());
    let mut refused = TcpStream::connect(proxy.address).await.unwrap();
    assert!(says(&mut refused, b"never").await.is_err());
    proxy.set(Mode::Pass);
    let mut again = TcpStream::connect(proxy.address).await.unwrap();
    says(&mut again, b"again").await.unwrap();

    proxy.set(Mode::Lose);
    let mut newcomer = TcpStream::connect(proxy.address).await.unwrap();
    assert!(timeout(pause, says(&mut newcomer, b"lost")).await.is_err());
    proxy.set(Mode::Pass);
    for socket in [&mut again, &mut newcomer] {
        assert!(timeout(pause, says(socket, b"lost")).await.is_err(), "not even now");
    }
    says(&mut TcpStream::connect(proxy.address).await.unwrap(), b"again").await.unwrap();
}
