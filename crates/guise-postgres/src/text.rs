//! Text that may hold NUL, which `PostgreSQL` keeps in none. It is kept escaped, so that different texts stay different
//! and in their order.

use std::borrow::Cow;

/// Begins an escape, and is escaped itself: `\u{1}` and what follows it stand for one character.
const ESCAPE: char = '\u{1}';
const NUL: &str = "\u{1}\u{1}";
const ITSELF: &str = "\u{1}\u{2}";

/// The text as it is kept.
pub(crate) fn kept(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(ESCAPE, ITSELF).replace('\0', NUL))
}

/// The text that was kept so.
pub(crate) fn read(kept: String) -> String {
    if !kept.contains(ESCAPE) {
        return kept;
    }
    let mut text = String::with_capacity(kept.len());
    let mut chars = kept.chars();
    while let Some(char) = chars.next() {
        text.push(match char {
            ESCAPE if chars.next() == Some(ESCAPE) => '\0',
            other => other,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_read_as_it_was_and_keeps_its_place() {
        let texts =
            ["", "\0", "\0\0", "\0\u{1}", "\u{1}", "\u{1}\0", "\u{1}\u{1}", "\u{2}", "a\0b", "ab"];
        let all: Vec<_> = texts.iter().map(|text| kept(text).into_owned()).collect();
        assert!(all.is_sorted() && all.iter().all(|kept| !kept.contains('\0')), "{all:?}");
        assert_eq!(all.into_iter().map(read).collect::<Vec<_>>(), texts);
    }
}
