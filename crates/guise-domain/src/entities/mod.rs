//! What a client may show as a link in a text: hashtags, symbols, mentions and URLs.
//!
//! The rules are those that the original API published, with the quirks that its clients have learnt to live with; the
//! cases published with them are in `tests/entities/`. Every part of a text is looked at a bounded number of times, so
//! that a hostile one costs no more than another of its length.

mod chars;
mod domains;
mod links;
mod tags;
#[cfg(test)]
mod tests;

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The most characters of a URL's path that are displayed whole.
const DISPLAYED_PATH_CHARS_MAX: usize = 16;

/// Everything in a text that a client may show as a link, by kind, each in the order of the text.
///
/// Indices count Unicode code points, the end exclusive. No two entities overlap: the one that starts first wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entities {
    /// `#weather`.
    pub hashtags: Vec<Tag>,
    /// `$ACME`.
    pub symbols: Vec<Tag>,
    /// `@someone`.
    pub mentions: Vec<Mention>,
    /// `https://example.com/page` or `example.com`.
    pub urls: Vec<Link>,
}

/// A hashtag or a symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// As written, without its `#` or `$`.
    pub text: String,
    /// Where it is, with its `#` or `$`.
    pub indices: (u32, u32),
}

/// A mention of an account, or of a list: `@someone/list` counts as one of `@someone`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// As written, without its `@`. Nobody has to have this name.
    pub screen_name: String,
    /// Where it is, with its `@`, without the list.
    pub indices: (u32, u32),
}

/// A URL, with or without a protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// As written.
    pub url: String,
    /// Where it is.
    pub indices: (u32, u32),
}

impl Entities {
    /// Finds the entities of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        let mut found: Vec<(Kind, Range<usize>)> = Vec::new();
        found.extend(links::urls(&text).into_iter().map(|range| (Kind::Url, range)));
        found.extend(tags::mentions(&text).into_iter().map(|range| (Kind::Mention, range)));
        found.extend(tags::hashtags(&text).into_iter().map(|range| (Kind::Hashtag, range)));
        found.extend(tags::symbols(&text).into_iter().map(|range| (Kind::Symbol, range)));
        found.sort_by_key(|(_, range)| range.start);

        let mut entities = Self::default();
        let mut free_from = 0;
        for (kind, range) in found {
            if range.start >= free_from {
                free_from = range.end;
                entities.add(kind, &text, &range);
            }
        }
        entities
    }

    fn add(&mut self, kind: Kind, text: &[char], range: &Range<usize>) {
        let indices = (index(range.start), index(range.end));
        let written = |from: usize| text.get(from..range.end).unwrap_or_default().iter().collect();
        match kind {
            Kind::Url => self.urls.push(Link { url: written(range.start), indices }),
            Kind::Hashtag => self.hashtags.push(Tag { text: written(range.start + 1), indices }),
            Kind::Symbol => self.symbols.push(Tag { text: written(range.start + 1), indices }),
            Kind::Mention => {
                self.mentions.push(Mention { screen_name: written(range.start + 1), indices });
            }
        }
    }
}

impl Link {
    /// What to show: no protocol, no `www.`, no path that is only a slash, and of a long path its beginning.
    ///
    /// The host is never cut. The original API documented none of this; its recorded answers agree on it.
    #[must_use]
    pub fn display_url(&self) -> String {
        let shown = self.without_protocol();
        let bare = after_ignoring_case(shown, "www.").filter(|bare| bare.contains('.'));
        let shown = bare.unwrap_or(shown);
        let shown = shown.strip_suffix('/').filter(|host| !host.contains('/')).unwrap_or(shown);
        let (host, path) = shown.split_at(shown.find(['/', '?']).unwrap_or(shown.len()));
        if path.chars().count() <= DISPLAYED_PATH_CHARS_MAX {
            return shown.to_owned();
        }
        host.chars().chain(path.chars().take(DISPLAYED_PATH_CHARS_MAX - 1)).chain(['…']).collect()
    }

    /// Where it leads: as written, and by `http://` when no protocol is.
    #[must_use]
    pub fn expanded_url(&self) -> String {
        let bare = self.without_protocol().len() == self.url.len();
        if bare { format!("http://{}", self.url) } else { self.url.clone() }
    }

    fn without_protocol(&self) -> &str {
        let after = |protocol| after_ignoring_case(&self.url, protocol);
        after("https://").or_else(|| after("http://")).unwrap_or(&self.url)
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Hashtag,
    Symbol,
    Mention,
    Url,
}

/// What of `text` follows `start`, if it starts so.
fn after_ignoring_case<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(start.len())?;
    head.eq_ignore_ascii_case(start).then_some(rest)
}

/// Texts are bounded far below the 4 thousand million characters at which this would be wrong.
fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
