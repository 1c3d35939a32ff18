//! Where a request came from and where it says it was sent: from the connection, or from a proxy that is trusted.

use std::net::{IpAddr, SocketAddr};

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;

use crate::error::Refusal;
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

    /// Whether a request that changes something came from a page of ours. Every browser says where its forms come from.
    ///
    /// # Errors
    /// When it came from elsewhere, or does not say.
    pub(crate) fn is_ours(&self, guise: &Guise, headers: &HeaderMap) -> Result<(), Refusal> {
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        let same = match (site, headers.get(ORIGIN).map(HeaderValue::to_str)) {
            (Some(site), _) if site != b"same-origin" && site != b"none" => false,
            (_, Some(Ok(origin))) => {
                let urls = guise.settings().public_urls.iter().map(String::as_str);
                let base = self.base_url();
                urls.chain(base.as_deref()).any(|url| url.eq_ignore_ascii_case(origin))
            }
            (site, None) => site == Some(b"same-origin"),
            (_, Some(Err(_))) => false,
        };
        if same { Ok(()) } else { Err(Refusal::CrossSite) }
    }

    /// Whether nobody on the way can listen, so that browsers keep a secret cookie.
    pub(crate) fn is_private(&self) -> bool {
        let name = self.host.as_deref().and_then(|host| host.parse::<Authority>().ok());
        let local = name.is_some_and(|name| {
            let name = name.host().trim_matches(['[', ']']);
            name == "localhost"
                || name.ends_with(".localhost")
                || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
        });
        self.scheme == "https" || local
    }

    /// `scheme://host`, if the request named a host.
    pub(crate) fn base_url(&self) -> Option<String> {
        self.host.as_ref().map(|host| format!("{}://{host}", self.scheme))
    }
}

/// The address of whoever sent a request: of the connection or, as far as proxies are trusted, what they say.
pub(crate) fn client(guise: &Guise, parts: &Parts) -> Option<IpAddr> {
    let trusted = &guise.settings().trusted_proxies;
    let mut address = parts.extensions.get::<Peer>()?.addr.ip();
    // Each proxy appends whom it heard: the last one that no proxy of ours is, is the client.
    let lines = parts.headers.get_all("x-forwarded-for").iter().rev();
    let said = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(','));
    for said in said {
        if !trusted.trusts(address) {
            break;
        }
        let Ok(said) = said.trim().parse() else { break };
        address = said;
    }
    Some(address)
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
