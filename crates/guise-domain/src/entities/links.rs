//! URLs: a domain, with or without a protocol before it and a port, a path and a query behind it.

use std::ops::Range;

use super::chars::{
    ends_path, ends_query, is_path, is_query, may_precede_url, run_end, starts_with,
};
use super::domains::{domain_ends, fits_names_system, latin_domains};

/// The most UTF-16 units of a URL, its protocol counted twice, as the original counts.
const URL_UNITS_MAX: usize = 4096;
const SHORT_LINK_CHARS_MAX: usize = 40;

/// Where the parts of what looks like a URL are.
struct Parts {
    start: usize,
    host: Range<usize>,
    has_path: bool,
    end: usize,
}

/// The URLs, each from the protocol or the domain.
pub(super) fn urls(text: &[char]) -> Vec<Range<usize>> {
    let domain_ends = domain_ends(text);
    let mut found = Vec::new();
    let mut free_from = 0;
    for (at, &char) in text.iter().enumerate() {
        if at < free_from {
            continue;
        }
        // At the start of a text its first character may be before the URL or in it.
        let starts = [may_precede_url(char).then_some(at + 1), (at == 0).then_some(0)];
        let parts = |start| Parts::at(text, &domain_ends, start);
        if let Some(parts) = starts.into_iter().flatten().find_map(parts) {
            free_from = parts.end;
            parts.add_urls(text, &mut found);
        }
    }
    found
}

impl Parts {
    fn at(text: &[char], domain_ends: &[Option<usize>], start: usize) -> Option<Self> {
        let protocol = ["https://", "http://"].into_iter().find(|&it| starts_with(text, start, it));
        let host_start = start + protocol.map_or(0, str::len);
        let host_end = domain_ends.get(host_start).copied().flatten()?;
        let port_end = port_end(text, host_end);
        let path_end = path_end(text, port_end);
        let end = query_end(text, path_end);
        Some(Self { start, host: host_start..host_end, has_path: path_end > port_end, end })
    }

    /// Adds none, if it does not keep to the limits; several, if there was no space between domains.
    fn add_urls(&self, text: &[char], found: &mut Vec<Range<usize>>) {
        let host = text.get(self.host.clone()).unwrap_or_default();
        let url = text.get(self.start..self.end).unwrap_or_default();
        let protocol = self.host.start - self.start;
        let units: usize = url.iter().map(|char| char.len_utf16()).sum();
        let counted_twice = if protocol == 0 { "https://".len() } else { protocol };
        if units + counted_twice > URL_UNITS_MAX || !fits_names_system(host) {
            return;
        }
        if protocol == 0 {
            self.add_urls_without_protocol(text, host, found);
            return;
        }
        match short_link_end(text, &self.host) {
            Some(end) if end > self.host.end + 1 + SHORT_LINK_CHARS_MAX => {}
            Some(end) => found.push(self.start..query_end(text, end)),
            None => found.push(self.start..self.end),
        }
    }

    fn add_urls_without_protocol(
        &self,
        text: &[char],
        host: &[char],
        found: &mut Vec<Range<usize>>,
    ) {
        let before = self.start.checked_sub(1).and_then(|before| text.get(before));
        if matches!(before, Some('-' | '_' | '.' | '/')) {
            return;
        }
        for domain in latin_domains(host) {
            let is_last = self.start + domain.end == self.host.end;
            let end = if is_last && self.has_path { self.end } else { self.start + domain.end };
            found.push(self.start + domain.start..end);
        }
    }
}

fn port_end(text: &[char], from: usize) -> usize {
    let end = run_end(text, from + 1, |char| char.is_ascii_digit());
    if text.get(from) == Some(&':') && end > from + 1 { end } else { from }
}

/// Where the path ends that starts at `from`. Punctuation at its end belongs to the sentence around it, and so do
/// parentheses behind such punctuation.
fn path_end(text: &[char], from: usize) -> usize {
    if text.get(from) != Some(&'/') {
        return from;
    }
    let mut end = from + 1;
    let mut at = end;
    while let Some(&char) = text.get(at) {
        if is_path(char) {
            at += 1;
            if ends_path(char) {
                end = at;
            }
        } else if let Some(close) = parentheses_end(text, at) {
            if end == at {
                end = close;
            }
            at = close;
        } else {
            break;
        }
    }
    end
}

/// Where a pair of parentheses ends that opens at `open`. It is not empty and holds at most one other pair.
fn parentheses_end(text: &[char], open: usize) -> Option<usize> {
    let close = |from: usize| {
        let end = run_end(text, from, is_path);
        (text.get(end) == Some(&')')).then_some(end)
    };
    if text.get(open) != Some(&'(') {
        return None;
    }
    if let Some(end) = close(open + 1) {
        return (end > open + 1).then_some(end + 1);
    }
    let inner = run_end(text, open + 1, is_path);
    let inner_end =
        close(inner + 1).filter(|&end| text.get(inner) == Some(&'(') && end > inner + 1)?;
    close(inner_end + 1).map(|end| end + 1)
}

fn query_end(text: &[char], from: usize) -> usize {
    if text.get(from) != Some(&'?') {
        return from;
    }
    let query = text.get(from + 1..run_end(text, from + 1, is_query)).unwrap_or_default();
    let last = query.iter().rposition(|&char| ends_query(char));
    last.map_or(from, |last| from + 1 + last + 1)
}

/// Where the name of a link of the original API's own shortener ends. Nothing else can be in such a link.
fn short_link_end(text: &[char], host: &Range<usize>) -> Option<usize> {
    let name = host.end + 1;
    let end = run_end(text, name, |char| char.is_ascii_alphanumeric());
    let is_short =
        host.len() == "t.co".len() && starts_with(text, host.start, "t.co/") && end > name;
    is_short.then_some(end)
}
