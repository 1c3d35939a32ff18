//! Where an account is led back to after it let an app act for it, or refused.

use std::fmt;
use std::str::FromStr;

use url::{Host, Position, Url};

use crate::limits::CALLBACK_BYTES_MAX;

/// What browsers do something of their own with, instead of handing it to an app.
const NOT_FOR_APPS: [&str; 12] = [
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "filesystem",
    "ftp",
    "javascript",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// Where to go on after the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// Nowhere: a PIN is shown, for the account to type into the app (`oob`).
    Pin,
    /// To the app.
    Url(CallbackUrl),
}

/// An absolute URL of an app: `http`, `https`, or a scheme of its own (`myapp://done`). As browsers write it, in plain
/// ASCII, without user, password and fragment, so that nothing about it hides where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackUrl(Url);

/// Why a text is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an absolute URL of at most {CALLBACK_BYTES_MAX} visible ASCII characters, with a scheme that leads to an \
     app, and without user, password, backslash and fragment"
)]
pub struct CallbackError;

impl CallbackUrl {
    /// The URL without its query: what an app's list of callbacks has to hold, scheme, host, port and path.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.0[..Position::AfterPath]
    }

    /// Whether it has a query.
    #[must_use]
    pub fn has_query(&self) -> bool {
        self.0.query().is_some()
    }

    /// What a content security policy calls the place: `https://app.example:8443`, or `myapp:`. It knows no addresses
    /// of version 6.
    #[must_use]
    pub fn source(&self) -> String {
        match (self.0.scheme(), self.0.host()) {
            ("http" | "https", Some(Host::Domain(_) | Host::Ipv4(_))) => {
                self.0[..Position::BeforePath].to_owned()
            }
            (scheme, _) => format!("{scheme}:"),
        }
    }

    /// The URL with `pairs` in its query, in place of any that it had by their names or by `without`.
    #[must_use]
    pub fn with(&self, pairs: &[(&str, &str)], without: &[&str]) -> String {
        let mut url = self.0.clone();
        let replaced = |name: &str| {
            without.contains(&name) || pairs.iter().any(|(replacing, _)| *replacing == name)
        };
        let kept: Vec<_> = self
            .0
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|piece| !piece.is_empty())
            .filter(|piece| {
                !url::form_urlencoded::parse(piece.as_bytes()).any(|(name, _)| replaced(&name))
            })
            .collect();
        url.set_query(Some(&kept.join("&")).filter(|query| !query.is_empty()).map(String::as_str));
        url.query_pairs_mut().extend_pairs(pairs);
        url.into()
    }
}

impl FromStr for CallbackUrl {
    type Err = CallbackError;

    fn from_str(text: &str) -> Result<Self, CallbackError> {
        // What browsers and servers read differently, or show otherwise than it is.
        let plain = text.len() <= CALLBACK_BYTES_MAX
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte));
        let url = Url::parse(text).ok().filter(|_| plain).ok_or(CallbackError)?;
        let (_, after) = text.split_once("://").ok_or(CallbackError)?;
        let authority = after.split(['/', '?']).next().unwrap_or_default();
        let leads_to_an_app = !NOT_FOR_APPS.contains(&url.scheme())
            && url.host_str().is_some_and(|host| !host.is_empty())
            && !authority.is_empty()
            && !authority.contains('@')
            && url.fragment().is_none();
        if leads_to_an_app { Ok(Self(url)) } else { Err(CallbackError) }
    }
}

impl fmt::Display for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Callback {
    /// The word or the URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pin => "oob",
            Self::Url(url) => url.0.as_str(),
        }
    }
}

impl FromStr for Callback {
    type Err = CallbackError;

    /// Nothing is as good as `oob`: clients leave it out when they want a PIN.
    fn from_str(text: &str) -> Result<Self, CallbackError> {
        match text {
            "" | "oob" => Ok(Self::Pin),
            url => url.parse().map(Self::Url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Result<String, CallbackError> {
        text.parse::<CallbackUrl>().map(|url| url.place().to_owned())
    }

    #[test]
    fn a_callback_is_an_absolute_url_that_leads_where_it_says() {
        for (text, expected) in [
            ("https://app.example", "https://app.example/"),
            ("HTTPS://App.Example:443/Done?a=1&b", "https://app.example/Done"),
            ("http://localhost:3000/a/../b", "http://localhost:3000/b"),
            ("http://[::1]:80/", "http://[::1]/"),
            ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
            ("MyApp://done/now?x", "myapp://done/now"),
        ] {
            assert_eq!(place(text).as_deref(), Ok(expected), "{text}");
        }
        for bad in [
            "javascript:alert(1)",
            "JavaScript://app.example/%0aalert(1)",
            "data:text/html,x",
            "data://app.example/",
            "vbscript://x",
            "file:///etc/passwd",
            "blob:https://app.example/1",
            "view-source:https://app.example/",
            "https://app.example@evil.example/",
            "https://user:password@app.example/",
            "https://@app.example/",
            "https://app.example\\@evil.example/",
            "https:\\\\app.example/",
            "https://app.example/\r\nset-cookie: a=b",
            "https://app.example/\0",
            "https://app.example/a b",
            " https://app.example/",
            "https://bücher.example/",
            "https://аpp.example/",
            "https://app.example/#fragment",
            "https://app.example:99999/",
            "https://",
            "https:app.example",
            "https:///app.example",
            "//app.example/",
            "/done",
            "app.example",
            "myapp:done",
            "myapp:///done",
            "oob",
        ] {
            assert_eq!(place(bad), Err(CallbackError), "{bad}");
        }
        assert!(place(&format!("https://app.example/{}", "a".repeat(2048))).is_err());
    }

    #[test]
    fn what_is_told_comes_behind_the_callbacks_own_query_and_instead_of_what_is_called_the_same() {
        let url = |text: &str| text.parse::<CallbackUrl>().unwrap();
        let told =
            |text| url(text).with(&[("oauth_token", "t&"), ("oauth_verifier", "v")], &["denied"]);
        assert_eq!(told("https://a.b"), "https://a.b/?oauth_token=t%26&oauth_verifier=v");
        let own = "https://a.b/c?x=%2F+y&oauth_verifier=1&oauth%5Ftoken=2&denied&z";
        assert_eq!(told(own), "https://a.b/c?x=%2F+y&z&oauth_token=t%26&oauth_verifier=v");
        assert_eq!(told("myapp://c?"), "myapp://c?oauth_token=t%26&oauth_verifier=v");
        assert_eq!(url("https://a.b:8443/c?d").source(), "https://a.b:8443");
        assert_eq!(url("myapp://c").source(), "myapp:");
        assert_eq!(url("http://[::1]:3000/c").source(), "http:");
    }

    #[test]
    fn without_a_callback_a_pin_is_meant() {
        assert_eq!("".parse(), Ok(Callback::Pin));
        assert_eq!("oob".parse(), Ok(Callback::Pin));
        assert_eq!("OOB".parse::<Callback>(), Err(CallbackError));
    }
}
