//! Mentions, hashtags and symbols: a sign and what follows it.
//!
//! The published rules are expressions that take the character before the sign as a part of what they match, and what one
//! match took is not there for the next. Hence `taken`.

use std::ops::Range;

use super::chars::{
    is_at_sign, is_hash_sign, is_hashtag, is_hashtag_letter, is_latin_accent, is_name,
    is_punctuation, is_space, run_end, starts_with,
};

const SCREEN_NAME_CHARS_MAX: usize = 20;
const LIST_NAME_CHARS_MAX: usize = 25;
const SYMBOL_CHARS_MAX: usize = 6;
const SYMBOL_SUFFIX_CHARS_MAX: usize = 2;

/// The mentions of accounts and lists, each from its `@` to the end of the screen name.
pub(super) fn mentions(text: &[char]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut taken = 0;
    for at in places(text, is_at_sign) {
        let name_end = run_end(text, at + 1, is_name).min(at + 1 + SCREEN_NAME_CHARS_MAX);
        if name_end == at + 1 || !may_precede_mention(text.get(taken..at).unwrap_or_default(), at) {
            continue;
        }
        taken = list_end(text, name_end);
        let is_spoilt =
            text.get(taken).is_some_and(|&next| is_at_sign(next) || is_latin_accent(next))
                || starts_with(text, taken, "://");
        if !is_spoilt {
            found.push(at..name_end);
        }
    }
    found
}

/// Whether a mention may start at `at`, with `before` in front of it: not in a word, unless that is `RT`.
fn may_precede_mention(before: &[char], at: usize) -> bool {
    match before {
        [] => at == 0,
        [.., last] if !is_name(*last) && !"!#$%&*@＠".contains(*last) => true,
        [before @ .., 'r' | 'R', 't' | 'T'] => match before.last() {
            None => at == 2,
            Some(&last) => !is_name(last) && !"+~.-".contains(last),
        },
        _ => false,
    }
}

/// Where the list's name ends, if one follows the screen name: `/`, a letter, and up to 24 more.
fn list_end(text: &[char], name_end: usize) -> usize {
    match text.get(name_end..) {
        Some(['/', first, ..]) if first.is_ascii_alphabetic() => {
            let end = run_end(text, name_end + 1, |char| is_name(char) || char == '-');
            end.min(name_end + 1 + LIST_NAME_CHARS_MAX)
        }
        _ => name_end,
    }
}

/// The hashtags, each from its `#`.
pub(super) fn hashtags(text: &[char]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut taken = 0;
    for at in places(text, is_hash_sign) {
        let is_apart = match text.get(taken..at).unwrap_or_default().last() {
            None => at == 0,
            // What selects a variant of an emoji is a mark, but an emoji is no word.
            Some('\u{FE0E}' | '\u{FE0F}') => true,
            Some(&before) => !is_hashtag(before) && before != '&',
        };
        let is_keycap = matches!(text.get(at + 1), Some('\u{FE0F}' | '\u{20E3}'));
        let end = run_end(text, at + 1, is_hashtag);
        let word = text.get(at + 1..end).unwrap_or_default();
        if is_keycap || !is_apart || !word.iter().any(|&char| is_hashtag_letter(char)) {
            continue;
        }
        taken = end;
        let is_spoilt =
            text.get(end).is_some_and(|&next| is_hash_sign(next)) || starts_with(text, end, "://");
        if !is_spoilt {
            found.push(at..end);
        }
    }
    found
}

/// The symbols of stocks and currencies, each from its `$`.
pub(super) fn symbols(text: &[char]) -> Vec<Range<usize>> {
    let ends_word = |end: usize| match text.get(end) {
        None | Some('\u{FEFF}') => true,
        Some(&next) => is_space(next) || is_punctuation(next),
    };
    let letters_end = |from: usize, max: usize| {
        run_end(text, from, |char| char.is_ascii_alphabetic()).min(from + max)
    };
    let symbol = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let end = letters_end(at + 1, SYMBOL_CHARS_MAX);
        if end == at + 1 || !before.is_none_or(|&before| is_space(before)) || !ends_word(end) {
            return None;
        }
        let has_suffix = matches!(text.get(end), Some('.' | '_'));
        let suffix_end = letters_end(end + 1, SYMBOL_SUFFIX_CHARS_MAX);
        let is_whole = has_suffix && suffix_end > end + 1 && ends_word(suffix_end);
        Some(at..if is_whole { suffix_end } else { end })
    };
    places(text, |char| char == '$').filter_map(symbol).collect()
}

fn places(text: &[char], is_sign: impl Fn(char) -> bool) -> impl Iterator<Item = usize> {
    text.iter().enumerate().filter(move |&(_, &char)| is_sign(char)).map(|(at, _)| at)
}
