//! Where a request came from and where it says it was sent: from the connection, or from a proxy that is trusted.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::HOST;
use http::request::Parts;
use ipnet::IpNet;

use crate::state::Guise;

/// The other end of a connection; the accept loop puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub addr: SocketAddr,
    /// The address of ours that it reached.
    pub local: Option<SocketAddr>,
    /// Whether the connection is TLS.
    pub tls: bool,
}

/// The proxies whose `x-forwarded-proto` and `x-forwarded-host` are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// Why a text names no proxies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is neither an address nor a network such as 10.0.0.0/8")]
pub struct TrustedProxiesError(String);

impl TrustedProxies {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// The first entry that is neither.
    pub fn parse<'a>(
        entries: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, TrustedProxiesError> {
        let network = |entry: &str| {
            entry
                .parse::<IpNet>()
                .or_else(|_| entry.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| TrustedProxiesError(entry.to_owned()))
        };
        entries.into_iter().map(str::trim).map(network).collect::<Result<_, _>>().map(Self)
    }

    fn trusts(&self, addr: IpAddr) -> bool {
        let addr = addr.to_canonical();
        self.0.iter().any(|network| network.contains(&addr))
    }
}

/// Scheme and host as the client sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: &'static str,
    host: Option<String>,
}

impl Origin {
    /// The origin of a request.
    pub(crate) fn of(guise: &Guise, parts: &Parts) -> Self {
        let peer = parts.extensions.get::<Peer>().copied();
        let authority = parts.uri.authority().map(http::uri::Authority::as_str);
        let host = authority.or_else(|| first(&parts.headers, HOST.as_str()));
        let proxied =
            peer.is_some_and(|peer| guise.settings().trusted_proxies.trusts(peer.addr.ip()));
        let forwarded = |name| proxied.then(|| first(&parts.headers, name)).flatten();
        let scheme = match forwarded("x-forwarded-proto") {
            Some("https") => "https",
            Some("http") => "http",
            _ if peer.is_some_and(|peer| peer.tls) => "https",
            _ => "http",
        };
        // HTTP/1.0 need not name a host; what was connected to is then the one address known to lead here.
        let reached = || peer.and_then(|peer| peer.local).map(|local| local.to_string());
        let host = forwarded("x-forwarded-host").or(host).map(str::to_owned).or_else(reached);
        Self { scheme, host }
    }

    /// `scheme://host`, if the request named a host.
    pub(crate) fn base_url(&self) -> Option<String> {
        self.host.as_ref().map(|host| format!("{}://{host}", self.scheme))
    }
}

/// The first of the values in a header that proxies append to.
fn first<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?;
    value.split(',').next().map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_addresses_or_networks() {
        let proxies = TrustedProxies::parse(["10.0.0.0/8", " 192.0.2.7", "::1"]).unwrap();
        let trusts = |addr: &str| proxies.trusts(addr.parse().unwrap());
        assert!(
            trusts("10.1.2.3") && trusts("192.0.2.7") && trusts("::1") && trusts("::ffff:10.1.2.3")
        );
        assert!(!trusts("192.0.2.8") && !trusts("::2"));
        let error = TrustedProxies::parse(["localhost"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "'localhost' is neither an address nor a network such as 10.0.0.0/8"
        );
    }
}
