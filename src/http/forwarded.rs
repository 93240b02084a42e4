//! Whose request it is behind proxies: what `X-Forwarded-For` says, in every form that proxies write it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::HeaderMap;

/// Of `X-Forwarded-For` only what our own proxies wrote is believed: the last entry is what the nearest one saw, and so
/// on. An entry that names no address (`unknown`, `_hidden`, nothing) is an entry all the same, so that none of those
/// before it, which anybody can make up, moves into its place; then, and with fewer entries than proxies, the request is the peer's.
pub(super) fn visitor(peer: IpAddr, headers: &HeaderMap, proxies: usize) -> IpAddr {
    let Some(hops_back) = proxies.checked_sub(1) else { return peer };
    let lines = headers.get_all("x-forwarded-for").iter();
    let hops: Vec<&[u8]> =
        lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).collect();
    let hop = hops.iter().rev().nth(hops_back);
    hop.and_then(|hop| std::str::from_utf8(hop).ok()).and_then(address).unwrap_or(peer)
}

/// `203.0.113.7`, `203.0.113.7:51234`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`, with a zone (`%eth0`), in quotes.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let hop = hop.strip_prefix('"').and_then(|hop| hop.strip_suffix('"')).unwrap_or(hop).trim();
    if let Some(rest) = hop.strip_prefix('[') {
        let (inside, port) = rest.split_once(']')?;
        let is_whole = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return is_whole.then(|| version_6(inside)).flatten();
    }
    match hop.split_once(':') {
        None => hop.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Some((address, port)) if is_port(port) && address.contains('.') => {
            address.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
        }
        Some(_) => version_6(hop),
    }
}

fn version_6(text: &str) -> Option<IpAddr> {
    let (address, _zone) = text.split_once('%').unwrap_or((text, ""));
    address.parse::<Ipv6Addr>().ok().map(|address| IpAddr::V6(address).to_canonical())
}

/// A number, or one that is not told (RFC 7239, section 6.3).
fn is_port(text: &str) -> bool {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number || text.starts_with('_')
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    fn seen(proxies: usize, lines: &[&[u8]]) -> String {
        let name = HeaderName::from_static("x-forwarded-for");
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&name, HeaderValue::from_bytes(line).unwrap());
        }
        visitor(PEER, &headers, proxies).to_string()
    }

    #[test]
    fn an_address_is_read_in_every_form_that_proxies_write() {
        for (hop, address) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:51234", "203.0.113.7"),
            ("203.0.113.7:_hidden", "203.0.113.7"),
            ("  203.0.113.7\t", "203.0.113.7"),
            ("\"203.0.113.7:80\"", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("\"[2001:db8::1]:443\"", "2001:db8::1"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:443", "fe80::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:1234", "203.0.113.7"),
            ("::1", "::1"),
        ] {
            assert_eq!(seen(1, &[hop.as_bytes()]), address, "{hop}");
            let after = format!("9.9.9.9, {hop}");
            assert_eq!(seen(1, &[after.as_bytes()]), address, "{hop}");
        }
    }

    #[test]
    fn what_names_no_address_is_the_peers_and_hides_nothing_behind_it() {
        let unread: [&[u8]; 14] = [
            b"unknown",
            b"_secret",
            b"",
            b" ",
            b"nonsense",
            b"\"",
            b"1.2.3.4.5",
            b"1.2.3",
            b"010.1.1.1",
            b"[2001:db8::1",
            b"[1.2.3.4]",
            b"1.2.3.4:port",
            b"example.org:80",
            b"\xff\xfe",
        ];
        for hop in unread {
            assert_eq!(seen(1, &[hop]), "10.0.0.1", "{hop:?}");
            assert_eq!(seen(1, &[&[b"9.9.9.9, ", hop].concat()]), "10.0.0.1", "{hop:?}");
        }
    }

    #[test]
    fn a_visitor_can_not_make_up_an_address() {
        assert_eq!(seen(0, &[b"1.2.3.4"]), "10.0.0.1");
        assert_eq!(seen(1, &[b"9.9.9.9, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen(2, &[b"9.9.9.9, 1.2.3.4, 10.0.0.7"]), "1.2.3.4");
        assert_eq!(seen(2, &[b"1.2.3.4"]), "10.0.0.1");
        // Several lines are one list, whatever is in those that the visitor sent.
        assert_eq!(seen(1, &[b"9.9.9.9", b"1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen(2, &[b"9.9.9.9, 8.8.8.8", b"1.2.3.4:99", b"10.0.0.7"]), "1.2.3.4");
        assert_eq!(seen(1, &[b"\xff, 8.8.8.8", b"1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen(1, &[b"\xff, 1.2.3.4"]), "1.2.3.4");
    }
}
