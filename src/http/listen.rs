//! Where the server listens: on both families of addresses where all are meant, and what a person types to get there.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use rustix::{io::Errno, net::sockopt};
use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Listens. `[::]` means all addresses of both families, whatever the system's default for such sockets is; where
/// there is no IPv6 it means all of IPv4.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    match bind(address) {
        Err(error) if is_all_of_ipv6(address) && is_without_ipv6(&error) => {
            let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
            tracing::warn!(%address, "there is no IPv6 here: listening on IPv4 alone");
            bind(address)
        }
        bound => bound,
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if is_all_of_ipv6(address) {
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn is_all_of_ipv6(address: SocketAddr) -> bool {
    address.ip() == Ipv6Addr::UNSPECIFIED
}

fn is_without_ipv6(error: &io::Error) -> bool {
    let none = [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL, Errno::PROTONOSUPPORT];
    Errno::from_io_error(error).is_some_and(|errno| none.contains(&errno))
}

/// The host and port to type on this machine: who listens everywhere is found here.
pub fn shown_address(listening: SocketAddr) -> String {
    if listening.ip().is_unspecified() {
        // Its name stands for whichever family there is.
        format!("localhost:{}", listening.port())
    } else {
        listening.to_string()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn all_addresses_are_those_of_both_families() {
        let listener = listen("[::]:0".parse().unwrap()).unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "::1"] {
            TcpStream::connect((host, port))
                .await
                .unwrap_or_else(|error| panic!("{host}: {error}"));
        }
    }

    #[test]
    fn what_is_shown_can_be_typed() {
        let shown = |address: &str| shown_address(address.parse().unwrap());
        assert_eq!(shown("[::]:8080"), "localhost:8080");
        assert_eq!(shown("0.0.0.0:8080"), "localhost:8080");
        assert_eq!(shown("[::1]:8080"), "[::1]:8080");
        assert_eq!(shown("127.0.0.1:8080"), "127.0.0.1:8080");
    }
}
