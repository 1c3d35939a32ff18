//! A request as it stands in a log: a request line, headers, a blank line, a body; also with the marks of `curl -v`.

use anyhow::{Context, bail};

use super::Told;

/// Reads a request. `url` says what it was sent to, at least scheme and host; without it the request's own host counts,
/// under the scheme of the server that is configured here if that has the same host.
pub(super) fn read(text: &str, url: Option<&str>, server: &str) -> anyhow::Result<Told> {
    let text = text.trim_start().replace("\r\n", "\n");
    let marked = text.lines().any(|line| line.starts_with("> "));
    let text = if marked { without_marks(&text) } else { text };
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        bail!(
            "nothing to explain: give a request with its headers, or a line that begins with curl"
        );
    };
    let headers = lines.map(header).collect::<anyhow::Result<Vec<_>>>()?;
    let mut told = Told {
        method: method.to_owned(),
        url: target.to_owned(),
        headers,
        // Editors and shells end a file with a line break that was never sent.
        body: body.trim_end_matches('\n').as_bytes().to_vec(),
        ..Told::default()
    };
    if !target.contains("://") {
        let base = if let Some(url) = url {
            origin(url)?.to_owned()
        } else {
            let host = told.header("host").context("there is no Host: say --url https://…")?;
            format!("{}://{host}", scheme(host, server))
        };
        told.url = format!("{base}{target}");
    }
    Ok(told)
}

/// The lines that `curl -v` marks as sent, and what it shows of nothing else.
fn without_marks(text: &str) -> String {
    let sent = text.lines().filter_map(|line| line.strip_prefix('>'));
    let sent = sent.map(|line| line.strip_prefix(' ').unwrap_or(line));
    sent.collect::<Vec<_>>().join("\n")
}

pub(super) fn header(line: &str) -> anyhow::Result<(String, String)> {
    let (name, value) = line
        .split_once(':')
        .with_context(|| format!("a header is written \"name: value\", not {line:?}"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// Scheme and host of a URL.
fn origin(url: &str) -> anyhow::Result<&str> {
    let start = url.find("://").context("--url begins with http:// or https://")? + 3;
    let end = url.get(start..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| start + at);
    Ok(url.get(..end).unwrap_or(url))
}

fn scheme<'s>(host: &str, server: &'s str) -> &'s str {
    match server.split_once("://") {
        Some((scheme, own)) if own.eq_ignore_ascii_case(host) => scheme,
        _ if host.starts_with("localhost") || host.starts_with("127.") => "http",
        _ => "https",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_logs_and_curl_show_them() {
        let plain =
            "POST /1.1/a.json?b=c HTTP/1.1\r\nHost: api.example.com\r\nX-A: b: c\r\n\r\nd=e\n";
        let told = read(plain, None, "http://127.0.0.1:8080").unwrap();
        assert_eq!(told.url, "https://api.example.com/1.1/a.json?b=c");
        assert_eq!(told.header("x-a"), Some("b: c"));
        assert_eq!((told.method.as_str(), told.body.as_slice()), ("POST", &b"d=e"[..]));
        let told = read(plain, Some("http://x.example:8080/y"), "").unwrap();
        assert_eq!(told.url, "http://x.example:8080/1.1/a.json?b=c");
        let verbose =
            "* Connected\n> GET /a HTTP/1.1\n> Host: localhost:8443\n> X-A: b\n>\n< HTTP/1.1 401\n";
        let told = read(verbose, None, "https://localhost:8443").unwrap();
        assert_eq!(
            (told.url.as_str(), told.header("x-a")),
            ("https://localhost:8443/a", Some("b"))
        );
        for wrong in ["", "GET", "GET /a HTTP/1.1\nno header", "GET /a HTTP/1.1"] {
            assert!(read(wrong, None, "").is_err(), "{wrong:?}");
        }
    }
}
