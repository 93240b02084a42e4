//! What `moim health` asks: whether the server at an address takes visitors.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use axum::body::{Body, to_bytes};
use hyper::{Request, StatusCode, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

/// Who takes longer to answer takes no visitors either.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of an answer; it is one line.
const LONGEST_ANSWER: usize = 1 << 10;

/// Why nobody should be sent there.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nobody listens.
    #[error("nobody answers at {0}: {1}")]
    Away(SocketAddr, io::Error),
    /// Somebody listens and says nothing.
    #[error("{0} has not answered within {seconds} s", seconds = PATIENCE.as_secs())]
    Silent(SocketAddr),
    /// What is there doesn't speak HTTP.
    #[error("what answers at {0} is no Moim: {1}")]
    Strange(SocketAddr, String),
    /// It says itself that it takes nobody.
    #[error("{0} is not ready: {1}")]
    Unready(SocketAddr, String),
}

/// Asks `/readyz`, and hands on what it says. Who listens on all addresses is asked on the loopback ones.
pub async fn probe(address: SocketAddr) -> Result<String, ProbeError> {
    let port = address.port();
    match address.ip() {
        ip if !ip.is_unspecified() => probe_at(address).await,
        IpAddr::V4(_) => probe_at((Ipv4Addr::LOCALHOST, port).into()).await,
        // Containers often have no address of IPv6, not even this one.
        IpAddr::V6(_) => match probe_at((Ipv6Addr::LOCALHOST, port).into()).await {
            Err(ProbeError::Away(..)) => probe_at((Ipv4Addr::LOCALHOST, port).into()).await,
            answered => answered,
        },
    }
}

async fn probe_at(address: SocketAddr) -> Result<String, ProbeError> {
    let (status, text) =
        timeout(PATIENCE, ask(address)).await.map_err(|_| ProbeError::Silent(address))??;
    if status.is_success() { Ok(text) } else { Err(ProbeError::Unready(address, text)) }
}

async fn ask(address: SocketAddr) -> Result<(StatusCode, String), ProbeError> {
    let strange = |error: &dyn std::fmt::Display| ProbeError::Strange(address, error.to_string());
    let stream =
        TcpStream::connect(address).await.map_err(|error| ProbeError::Away(address, error))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| strange(&error))?;
    let request = Request::get("/readyz")
        .header(HOST, address.to_string())
        .body(Body::empty())
        .map_err(|error| strange(&error))?;
    // The sender goes with the answer, and the connection with the sender.
    let answered = async move {
        let answer = sender.send_request(request).await.map_err(|error| strange(&error))?;
        let status = answer.status();
        let text = to_bytes(Body::new(answer.into_body()), LONGEST_ANSWER)
            .await
            .map_err(|error| strange(&error))?;
        Ok((status, String::from_utf8_lossy(&text).trim_end().to_owned()))
    };
    // What the connection ends with, the answer tells as well.
    let (answered, _) = tokio::join!(answered, connection);
    answered
}
