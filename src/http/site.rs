//! What is known of this site from its configuration: its address, its maps, what its pages may load.

use std::{net::IpAddr, path::PathBuf};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::forwarded;
use crate::{
    config::{Config, Hidden, Pmtiles, TilesUrl},
    origin::WebOrigin,
};

/// Where a map file of one's own is handed out.
pub(super) const PMTILES_PATH: &str = "/maps/own.pmtiles";

/// What the client asks before anything else.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SiteView {
    /// What this server is called.
    name: String,
    /// Of the program.
    version: &'static str,
    /// Where people reach it, as it was set up: `https://moim.example.org`. Its cookies are for that scheme.
    address: Option<String>,
    /// The operator's own map; `null` where the one that comes with the program is all there is.
    map: Option<MapView>,
}

/// A map of the operator's choice.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MapSource)]
struct MapView {
    kind: MapKind,
    /// Of the archive, or of a tile with `{z}`, `{x}` and `{y}` in it.
    url: String,
    /// To be shown beside the map.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum MapKind {
    /// Tiles that are pictures.
    Raster,
    /// An archive of tiles in one file.
    Pmtiles,
}

/// This site.
pub(crate) struct Site {
    pub(crate) view: SiteView,
    pub(crate) metrics_token: Option<Hidden>,
    pub(crate) pmtiles_file: Option<PathBuf>,
    /// Other sites whose pages may use the interface.
    pub(super) origins: Vec<WebOrigin>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    proxies: usize,
}

impl Site {
    pub(crate) fn new(config: &Config) -> Self {
        let view = SiteView {
            name: config.name.clone(),
            version: env!("CARGO_PKG_VERSION"),
            address: config.public_url.as_ref().map(|url| url.as_str().to_owned()),
            map: map_source(config).map(|(kind, url)| MapView {
                kind,
                url: url.to_owned(),
                attribution: config.map_attribution.clone(),
            }),
        };
        Self {
            view,
            metrics_token: config.metrics_token.clone(),
            pmtiles_file: config.pmtiles.as_ref().and_then(Pmtiles::file).map(PathBuf::from),
            origins: config.origins.clone(),
            headers: security_headers(config),
            proxies: usize::from(config.proxies),
        }
    }

    /// Whose request it is.
    pub(crate) fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        forwarded::visitor(peer, headers, self.proxies)
    }
}

/// Which map the operator chose, and where it is.
fn map_source(config: &Config) -> Option<(MapKind, &str)> {
    let raster = config.tiles_url.as_ref().map(|url| (MapKind::Raster, url.as_str()));
    let archive = config.pmtiles.as_ref().map(|map| match map {
        Pmtiles::File(_) => (MapKind::Pmtiles, PMTILES_PATH),
        Pmtiles::Url(url) => (MapKind::Pmtiles, url.as_str()),
    });
    raster.or(archive)
}

/// What every response carries.
fn security_headers(config: &Config) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        // For browsers that don't know `frame-ancestors`.
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("camera=(), microphone=(), geolocation=(self)"),
        ),
    ];
    if let Ok(policy) = HeaderValue::try_from(content_policy(config)) {
        headers.push((header::CONTENT_SECURITY_POLICY, policy));
    }
    if config.is_behind_tls() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.push((header::STRICT_TRANSPORT_SECURITY, year));
    }
    headers
}

/// What our pages may load: nothing inline, scripts and styles from here alone. Maps may draw from the hosts that
/// are configured; `data:` is for the icons in style sheets (Swagger UI's and MapLibre's).
fn content_policy(config: &Config) -> String {
    let tiles = config.tiles_url.as_ref().and_then(TilesUrl::origin);
    let pmtiles = config.pmtiles.as_ref().and_then(Pmtiles::origin);
    let hosts: String = tiles.into_iter().chain(pmtiles).map(|host| format!(" {host}")).collect();
    let sockets = config.public_url.as_ref().map(socket_origin).unwrap_or_default();
    format!(
        "default-src 'self'; script-src 'self'; style-src 'self'; \
         img-src 'self' data: blob:{hosts}; font-src 'self'; \
         connect-src 'self'{sockets}{hosts}; worker-src 'self'; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Where the document sockets are. `'self'` says it as well, but older browsers take that for HTTP alone.
fn socket_origin(site: &WebOrigin) -> String {
    format!(" {}", site.as_str().replacen("http", "ws", 1))
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

    fn config(flags: &[&str]) -> Config {
        Command::try_parse_from(["moim"].iter().chain(flags)).unwrap().config
    }

    fn sources(policy: &str, of: &str) -> String {
        let line = policy.split("; ").find_map(|line| line.strip_prefix(of));
        line.unwrap_or_else(|| panic!("no {of} in {policy}")).trim().to_owned()
    }

    #[test]
    fn pages_load_from_here_and_from_the_configured_maps_alone() {
        let plain = content_policy(&config(&[]));
        assert!(!plain.contains("//") && !plain.contains("unsafe"), "{plain}");
        assert_eq!(sources(&plain, "connect-src"), "'self'");
        let flags = ["--tiles-url", "https://tile.example.org/{z}/{x}/{y}.png"];
        let policy = content_policy(&config(&flags));
        let tiles = "https://tile.example.org";
        assert_eq!(sources(&policy, "img-src"), format!("'self' data: blob: {tiles}"));
        assert_eq!(sources(&policy, "connect-src"), format!("'self' {tiles}"));
    }

    #[test]
    fn sockets_are_opened_to_this_site_alone() {
        let connect =
            |url: &str| sources(&content_policy(&config(&["--public-url", url])), "connect-src");
        assert_eq!(connect("https://moim.example.org"), "'self' wss://moim.example.org");
        assert_eq!(connect("http://moim.home:8080"), "'self' ws://moim.home:8080");
    }

    #[test]
    fn tls_is_insisted_on_only_where_there_is_tls() {
        let insists = |flags: &[&str]| {
            let headers = Site::new(&config(flags)).headers;
            headers.iter().any(|(name, _)| name == header::STRICT_TRANSPORT_SECURITY)
        };
        assert!(insists(&["--public-url", "https://moim.example.org"]));
        assert!(!insists(&["--public-url", "http://moim.home"]));
    }
}
