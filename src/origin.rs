//! Web origins: a scheme, a host and a port, in the one spelling that browsers send in `Origin`.

use std::{fmt, str::FromStr};

use url::Url;

/// An origin in the spelling of browsers: lower case, international names in ASCII, no default port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// `https://host[:port]`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a `Host` header names the same host and port, which may be spelled out or left out.
    pub fn is_host(&self, host: &str) -> bool {
        let Some((scheme, authority)) = self.0.split_once("://") else { return false };
        authority == host
            || format!("{scheme}://{host}").parse::<Self>().is_ok_and(|other| other == *self)
    }

    /// Whether it is reached over TLS.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for WebOrigin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().trim_end_matches('/');
        match origin_of(text) {
            Some(origin) if is_bare(text) => Ok(origin),
            Some(_) | None => Err("must be http:// or https:// and a host, without a path"),
        }
    }
}

/// The origin of a web address, whatever follows the host. Its characters are those that may stand in a
/// `Content-Security-Policy`.
pub fn origin_of(address: &str) -> Option<WebOrigin> {
    let url = Url::parse(address).ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:[]".contains(&b);
    let host = url.host_str()?;
    let usable = ["http", "https"].contains(&url.scheme())
        && host.bytes().all(plain)
        && url.username().is_empty()
        && url.password().is_none();
    usable.then(|| WebOrigin(url.origin().ascii_serialization()))
}

/// Whether nothing follows the host and the port.
fn is_bare(address: &str) -> bool {
    address.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?', '#', '\\']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Result<String, &'static str> {
        text.parse::<WebOrigin>().map(|origin| origin.0)
    }

    #[test]
    fn one_origin_has_one_spelling() {
        for text in [
            "https://moim.example.org",
            "https://Moim.Example.org/",
            "HTTPS://moim.example.org:443",
            " https://moim.example.org:0443/ ",
        ] {
            assert_eq!(origin(text).unwrap(), "https://moim.example.org", "{text}");
        }
        assert_eq!(origin("http://moim.home:80").unwrap(), "http://moim.home");
        assert_eq!(origin("http://moim.home:443").unwrap(), "http://moim.home:443");
        assert_eq!(origin("https://모임.example").unwrap(), "https://xn--v52b68u.example");
        assert_eq!(origin("http://[::1]:8080").unwrap(), "http://[::1]:8080");
        assert_eq!(origin("http://[0:0::1]:80").unwrap(), "http://[::1]");
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_none() {
        for text in [
            "moim.example.org",
            "ftp://a.b",
            "https://a.b/path",
            "https://a.b?x",
            "https://a.b#x",
            "https://a b",
            "https://a;b",
            "https://a,b",
            "https://me:secret@a.b",
            "https://",
            "https://a.b:99999",
            "null",
            "*",
            "",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_header_may_name_the_default_port() {
        let origin: WebOrigin = "https://h".parse().unwrap();
        assert!(origin.is_host("h") && origin.is_host("h:443") && origin.is_host("H"));
        assert!(!origin.is_host("h:80") && !origin.is_host("h:8443") && !origin.is_host("g"));
        assert!(!origin.is_host("") && !origin.is_host("h/x") && !origin.is_host("x@h"));
        let origin: WebOrigin = "http://[::1]:8080".parse().unwrap();
        assert!(origin.is_host("[::1]:8080") && !origin.is_host("[::1]"));
    }
}
