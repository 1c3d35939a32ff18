//! Domains: labels and dots, and at their end a top level domain that exists.
//!
//! The list of those is the one that the original API's rules ended with: what was a link there is one here.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::chars::{is_label, is_label_edge, is_latin_label, run_end, starts_with};

const TOP_LEVEL_CHARS_MAX: usize = 18;
const LABEL_BYTES_MAX: usize = 63;

static TOP_LEVEL: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("top_level_domains.txt").split_ascii_whitespace().collect());

/// For every place in `text`, where the longest domain that starts there ends.
pub(super) fn domain_ends(text: &[char]) -> Vec<Option<usize>> {
    ends(text, is_label, is_label_edge)
}

/// The domains in `host` that need no protocol to be recognised: their labels are Latin.
pub(super) fn latin_domains(host: &[char]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, end) in ends(host, is_latin_label, is_latin_label).into_iter().enumerate() {
        if let Some(end) = end
            && found.last().is_none_or(|last| last.end <= start)
        {
            found.push(start..end);
        }
    }
    found
}

/// Walks from the end to the start, so that what follows a dot is known when its label is come to.
fn ends(
    text: &[char],
    is_inside: fn(char) -> bool,
    is_edge: fn(char) -> bool,
) -> Vec<Option<usize>> {
    struct Label {
        /// Where the domain ends if more labels follow.
        onward: Option<usize>,
        /// Where it ends if this label is the last one before the top level.
        here: Option<usize>,
    }
    let mut ends: Vec<Option<usize>> = Vec::with_capacity(text.len());
    let mut label = None;
    let mut after = None;
    for (at, &char) in text.iter().enumerate().rev() {
        let is_last = after == Some('.');
        if char == '.' {
            let onward = ends.last().copied().flatten();
            label = Some(Label { onward, here: top_level_end(text, at + 1) });
        } else if !is_inside(char) || (is_last && !is_edge(char)) {
            label = None;
        }
        if char == '_'
            && let Some(label) = &mut label
        {
            label.here = None;
        }
        let end =
            label.as_ref().filter(|_| is_edge(char)).and_then(|label| label.onward.or(label.here));
        ends.push(end);
        after = Some(char);
    }
    ends.reverse();
    ends
}

/// Where the top level domain ends that starts at `from`: the longest one on the list that no letter continues, or
/// anything that claims to be encoded.
fn top_level_end(text: &[char], from: usize) -> Option<usize> {
    let is_continued = |end: usize| {
        text.get(end).is_some_and(|next| next.is_ascii_alphanumeric() || "@+-".contains(*next))
    };
    let is_listed = |end: usize| {
        let name = text.get(from..end).unwrap_or_default();
        let name: String = name.iter().flat_map(|char| char.to_lowercase()).collect();
        TOP_LEVEL.contains(name.as_str())
    };
    let longest = text.iter().skip(from).take(TOP_LEVEL_CHARS_MAX);
    let longest = from + longest.take_while(|&&char| is_label_edge(char)).count();
    let listed = (from + 1..=longest).rev().find(|&end| !is_continued(end) && is_listed(end));
    listed.or_else(|| {
        let encoded = from + "xn--".len();
        let end = run_end(text, encoded, |char| char.is_ascii_alphanumeric() || char == '-');
        (starts_with(text, from, "xn--") && end > encoded).then_some(end)
    })
}

/// Whether the names' system could hold `host`: no label is longer than 63 bytes once it is encoded.
pub(super) fn fits_names_system(host: &[char]) -> bool {
    host.split(|&char| char == '.').all(|label| {
        label.len() <= LABEL_BYTES_MAX
            && encoded_len(label).is_some_and(|len| len <= LABEL_BYTES_MAX)
    })
}

/// The ideographic full stops divide what is encoded, though not what is measured.
fn encoded_len(label: &[char]) -> Option<usize> {
    let parts = label.split(|char| matches!(char, '。' | '．' | '｡'));
    let len = |part: &[char]| {
        if part.iter().all(char::is_ascii) {
            return Some(part.len());
        }
        idna::punycode::encode(part).map(|encoded| "xn--".len() + encoded.len())
    };
    parts.map(|part| len(part).map(|len| len + 1)).sum::<Option<usize>>().map(|sum| sum - 1)
}
