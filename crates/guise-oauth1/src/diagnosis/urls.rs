//! The URLs that a client may have signed in place of the right one.

/// Where a request may have been sent, taken apart.
#[derive(Clone, Copy)]
struct Url<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
}

/// A URL that is wrong, and the right one beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) signed: String,
    /// Position of the right one.
    pub(super) expected: usize,
    /// Whether it differs in one thing only, and is worth being tried together with another mistake.
    pub(super) plain: bool,
}

/// How many of the right URLs are varied: the one the request came to, and those that were configured first.
const VARIED_MAX: usize = 3;

/// Every URL worth trying that is none of `right`.
pub(super) fn wrong(right: &[String]) -> Vec<Wrong> {
    let mut found: Vec<Wrong> = Vec::new();
    for (expected, url) in right.iter().enumerate() {
        let Some(url) = parse(url) else { continue };
        let paths = paths(url.path);
        let places = if expected < VARIED_MAX { places(url) } else { Vec::new() };
        let as_is = place(url.scheme, url.host, url.port);
        let mut add = |place: &str, path: &str, plain| {
            let signed = format!("{place}{path}");
            let known = right.contains(&signed) || found.iter().any(|known| known.signed == signed);
            if !known {
                found.push(Wrong { signed, expected, plain });
            }
        };
        for place in &places {
            add(place, url.path, true);
        }
        for path in &paths {
            add(&as_is, path, expected < VARIED_MAX);
        }
        for (place, path) in places.iter().flat_map(|it| paths.iter().map(move |path| (it, path))) {
            add(place, path, false);
        }
    }
    found
}

fn parse(url: &str) -> Option<Url<'_>> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
    let port = authority.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    let (host, port) = port.map_or((authority, None), |(host, port)| (host, Some(port)));
    Some(Url { scheme, host, port, path })
}

fn place(scheme: &str, host: &str, port: Option<&str>) -> String {
    port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}"))
}

/// Other schemes, ports and names of the same machine.
fn places(url: Url<'_>) -> Vec<String> {
    const LOCAL: [&str; 4] = ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"];
    let ports = [url.port, None, Some("80"), Some("443"), Some("8080"), Some("8443")];
    let hosts = LOCAL.iter().filter(|_| LOCAL.contains(&url.host));
    let hosts: Vec<&str> = std::iter::once(url.host).chain(hosts.copied()).collect();
    let other = if url.scheme == "https" { "http" } else { "https" };
    let mut places = Vec::new();
    for host in hosts {
        for scheme in [url.scheme, other] {
            places.extend(ports.iter().map(|port| place(scheme, host, *port)));
        }
    }
    places
}

/// Other spellings of the same path.
fn paths(path: &str) -> Vec<String> {
    let bare = path.strip_suffix(".json").unwrap_or(path);
    let lower = path.to_ascii_lowercase();
    let version = path.get(1..).and_then(|rest| rest.find('/')).and_then(|at| path.get(at + 1..));
    let decoded = crate::encode::decode(path).into_owned();
    let mut paths = vec![
        bare.to_owned(),
        format!("{bare}.json"),
        format!("{path}/"),
        path.trim_end_matches('/').to_owned(),
        lower,
        decoded,
        crate::encode::encode_path(path),
        path.replacen('/', "//", 1),
    ];
    paths.extend(version.map(str::to_owned));
    paths.retain(|other| other != path);
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_ports_schemes_and_paths_are_varied() {
        let right = ["http://127.0.0.1:8080/1.1/a.json".to_owned()];
        let wrong: Vec<String> = wrong(&right).into_iter().map(|wrong| wrong.signed).collect();
        for expected in [
            "https://127.0.0.1:8080/1.1/a.json",
            "http://127.0.0.1/1.1/a.json",
            "http://127.0.0.1:80/1.1/a.json",
            "http://localhost:8080/1.1/a.json",
            "https://localhost/1.1/a.json",
            "http://127.0.0.1:8080/1.1/a",
            "http://127.0.0.1:8080/1.1/a.json/",
            "http://127.0.0.1:8080/a.json",
            "https://localhost:8443/1.1/a",
        ] {
            assert!(wrong.iter().any(|wrong| wrong == expected), "{expected}");
        }
        assert!(!wrong.contains(&right[0]));
        assert!(wrong.len() < 500, "{}", wrong.len());
    }
}
