//! From the text of a value to the value, with a sentence for what is wrong. Sentences follow the value: `"x" is …`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use guise_domain::ReservedWord;
use guise_domain::limits::RESERVED_WORDS_MAX;
use guise_domain::rate::Rule;
use guise_http::Bucket;

/// Seconds in the longest window a rate limit may have.
const WINDOW_SECONDS_MAX: u32 = 31 * 86_400;

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// One line for people.
    #[default]
    Text,
    /// One JSON object for each line.
    Json,
}

/// A path, absent when empty.
#[expect(clippy::unnecessary_wraps, reason = "has the shape of every parser here")]
pub(super) fn path(text: &str) -> Result<Option<PathBuf>, String> {
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

/// A bucket's address, absent when empty.
pub(super) fn bucket(text: &str) -> Result<Option<Bucket>, String> {
    if text.is_empty() { Ok(None) } else { Bucket::parse(text).map(Some) }
}

/// An address to listen on; absent when `off`.
pub(super) fn address(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "off" {
        return Ok(None);
    }
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    numeric
        .as_deref()
        .unwrap_or(text)
        .parse()
        .map(Some)
        .map_err(|_| "is not an address and a port, such as 127.0.0.1:8080, nor off".to_owned())
}

/// The items of a list.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// Addresses and networks, each checked; kept as they are written.
pub(super) fn networks(text: &str) -> Result<Vec<String>, String> {
    list(text).map(network).collect()
}

fn network(text: &str) -> Result<String, String> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
    let bits_max = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => {
            return Err(format!("is not an address or a network such as 10.0.0.0/8 ({text})"));
        }
    };
    if bits.is_none_or(|bits| bits.parse().is_ok_and(|bits: u8| bits <= bits_max)) {
        return Ok(text.to_owned());
    }
    Err(format!("must have 0 to {bits_max} after its slash ({text})"))
}

/// Words that names may not contain.
pub(super) fn reserved_words(text: &str) -> Result<Vec<ReservedWord>, String> {
    let word =
        |text| ReservedWord::parse(text).map_err(|rule| format!("has a word that {rule} ({text})"));
    let words: Vec<_> = list(text).map(word).collect::<Result<_, _>>()?;
    if words.len() > RESERVED_WORDS_MAX {
        return Err(format!("must have at most {RESERVED_WORDS_MAX} words"));
    }
    Ok(words)
}

/// Base URLs: scheme, host and port.
pub(super) fn urls(text: &str) -> Result<Vec<String>, String> {
    list(text).map(base_url).collect()
}

/// A base URL without its final slash.
pub(crate) fn base_url(text: &str) -> Result<String, String> {
    let wrong = || format!("is not a URL such as https://api.example.com ({text})");
    let url = reqwest::Url::parse(text).map_err(|_| wrong())?;
    let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
    if !plain || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("must end after host and port: no path, no query ({text})"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// A whole number from `min` to `max`.
pub(super) fn number(min: u64, max: u64) -> impl Fn(&str) -> Result<u64, String> {
    move |text| {
        let number = text.parse().ok().filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| format!("is not a whole number from {min} to {max}"))
    }
}

/// A switch.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "is neither true nor false".to_owned())
}

/// A log filter.
pub(super) fn filter(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("is not a log filter: {error}")),
    }
}

/// How the log is written.
pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("is neither text nor json".to_owned()),
    }
}

/// A rate limit, `1000/24h`.
pub(super) fn rule(text: &str) -> Result<Rule, String> {
    let wrong = || "is not a rate limit such as 1000/24h or 180/15m".to_owned();
    let (limit, window) = text.split_once('/').ok_or_else(wrong)?;
    let limit = limit.trim().parse().map_err(|_| wrong())?;
    let window = window.trim();
    let unit = window.chars().last().ok_or_else(wrong)?;
    let (number, seconds) = match unit {
        's' => (window.trim_end_matches('s'), 1),
        'm' => (window.trim_end_matches('m'), 60),
        'h' => (window.trim_end_matches('h'), 3600),
        'd' => (window.trim_end_matches('d'), 86_400),
        _ => return Err(wrong()),
    };
    let window_seconds = number.parse::<u32>().ok().and_then(|number| number.checked_mul(seconds));
    match window_seconds {
        Some(window_seconds @ 1..=WINDOW_SECONDS_MAX) => Ok(Rule { limit, window_seconds }),
        Some(_) => Err("must have a window of 1 second to 31 days".to_owned()),
        None => Err(wrong()),
    }
}

/// A rate limit as [`rule`] reads it.
pub(super) fn rule_text(rule: Rule) -> String {
    let (window, unit) = match rule.window_seconds {
        seconds if seconds % 3600 == 0 => (seconds / 3600, "h"),
        seconds if seconds % 60 == 0 => (seconds / 60, "m"),
        seconds => (seconds, "s"),
    };
    format!("{}/{window}{unit}", rule.limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_reads_as_it_is_written() {
        for text in ["1000/24h", "180/15m", "7/1s", "0/744h"] {
            assert_eq!(rule(text).map(rule_text), Ok(text.to_owned()));
        }
        assert_eq!(rule("5/2d"), Ok(Rule { limit: 5, window_seconds: 172_800 }));
        for text in
            ["", "5", "5/", "5/h", "-1/1h", "5/1w", "5/1.5h", "5/0s", "5/32d", "5/99999999h"]
        {
            assert!(rule(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_base_url_ends_after_its_port() {
        assert_eq!(base_url("https://API.example.com/"), Ok("https://api.example.com".to_owned()));
        assert_eq!(base_url("http://[::1]:8080"), Ok("http://[::1]:8080".to_owned()));
        for text in
            ["example.com", "ftp://a", "https://a/b", "https://a?b", "https://u@a", "https://"]
        {
            assert!(base_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_may_be_off() {
        assert_eq!(address("off"), Ok(None));
        assert_eq!(address("localhost:80").unwrap().unwrap().to_string(), "127.0.0.1:80");
        assert!(address("8080").is_err());
    }
}
