//! The signature base string (RFC 5849 §3.4.1), written piece by piece into whatever takes it.
//!
//! A verifier feeds it straight into HMAC: a form of megabytes is never copied.

use std::borrow::Cow;

use crate::encode;

/// Where a parameter came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Header,
    Query,
    Form,
}

/// A parameter, name and value in normal form (see [`encode::normalize`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
    pub(crate) source: Source,
}

/// Splits a query or a form and normalizes its parameters.
pub(crate) fn split(bytes: &[u8], source: Source) -> impl Iterator<Item = Parameter<'_>> {
    bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at_checked(at).unwrap_or((pair, b""));
        let value = value.strip_prefix(b"=").unwrap_or(value);
        Parameter {
            name: encode::normalize(name, encode::Plus::Space),
            value: encode::normalize(value, encode::Plus::Space),
            source,
        }
    })
}

/// Sorts as §3.4.1.3.2 says: by name, then by value, both encoded.
pub(crate) fn sort(parameters: &mut [Parameter<'_>]) {
    parameters.sort_unstable_by(|a, b| (&a.name, &a.value).cmp(&(&b.name, &b.value)));
}

/// Writes the base string of a request to `base_url` with these sorted parameters.
pub(crate) fn write<'a>(
    to: &mut impl FnMut(&[u8]),
    method: &str,
    base_url: &str,
    parameters: impl Iterator<Item = &'a Parameter<'a>>,
) {
    to(method.to_ascii_uppercase().as_bytes());
    to(b"&");
    to(encode::percent_encode(&normalize_url(base_url)).as_bytes());
    to(b"&");
    let mut separator: &[u8] = b"";
    for Parameter { name, value, .. } in parameters {
        to(separator);
        encode_again(to, name);
        to(b"%3D");
        encode_again(to, value);
        separator = b"%26";
    }
}

/// Encodes what is encoded: only the percent signs are left to do.
pub(crate) fn encode_again(to: &mut impl FnMut(&[u8]), normal: &str) {
    let mut pieces = normal.as_bytes().split(|byte| *byte == b'%');
    to(pieces.next().unwrap_or_default());
    for piece in pieces {
        to(b"%25");
        to(piece);
    }
}

/// Scheme and host in lower case, without the scheme's default port (§3.4.1.2).
pub(crate) fn normalize_url(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Cow::Borrowed(url);
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let default_port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    let host = authority.strip_suffix(default_port).unwrap_or(authority);
    let path = if path.is_empty() { "/" } else { path };
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    Cow::Owned(format!("{scheme}://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5849 §3.4.1.1, with the parameters of §3.4.1.3.1.
    #[test]
    fn the_rfcs_own_base_string() {
        let header = "oauth_consumer_key=9djdj82h48djs9d2&oauth_token=kkk9d7dh3k39sjv7\
            &oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201&oauth_nonce=7d8f3e4a";
        let mut parameters: Vec<_> = split(b"b5=%3D%253D&a3=a&c%40=&a2=r%20b", Source::Query)
            .chain(split(header.as_bytes(), Source::Header))
            .chain(split(b"c2&a3=2+q", Source::Form))
            .collect();
        sort(&mut parameters);
        let mut written = Vec::new();
        write(
            &mut |piece| written.extend_from_slice(piece),
            "POST",
            "http://EXAMPLE.COM:80/request",
            parameters.iter(),
        );
        let expected = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D\
            %26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a\
            %26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7";
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }

    #[test]
    fn urls_are_normalized() {
        assert_eq!(normalize_url("HTTPS://Api.X.com:443/1.1/A"), "https://api.x.com/1.1/A");
        assert_eq!(normalize_url("http://example.com:443"), "http://example.com:443/");
        assert_eq!(normalize_url("https://[::1]:8443/x"), "https://[::1]:8443/x");
    }
}
