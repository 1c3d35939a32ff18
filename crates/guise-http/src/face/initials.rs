//! The letters that stand for a name.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::glyphs::{Glyph, glyph};

/// At most two letters or digits, each of which can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Initials {
    /// The name has no letter that can be drawn.
    None,
    /// The name's only word begins with it.
    One(&'static Glyph),
    /// The first word begins with the one, the last word with the other.
    Two(&'static Glyph, &'static Glyph),
}

/// The first letters of a name's first and last word, without accents. Words that begin with something else than a
/// Latin letter or a digit are passed over.
pub(crate) fn initials(name: &str) -> Initials {
    let is_kept = |char: &char| !is_combining_mark(*char) && !matches!(char, '\'' | '’');
    let plain: String = name.nfd().filter(is_kept).collect();
    let words = plain.split(|char: char| !char.is_alphanumeric());
    let mut letters = words.filter_map(|word| word.chars().next().and_then(capital));
    match (letters.next(), letters.next_back()) {
        (Some(first), Some(last)) => Initials::Two(first, last),
        (Some(only), None) => Initials::One(only),
        (None, _) => Initials::None,
    }
}

fn capital(letter: char) -> Option<&'static Glyph> {
    glyph(match letter.to_uppercase().next()? {
        // Unicode does not take these apart.
        'Æ' => 'A',
        'Đ' | 'Ð' => 'D',
        'Ł' => 'L',
        'Ø' | 'Œ' => 'O',
        capital => capital,
    })
}

impl Initials {
    /// Reads what [`Initials::fmt`] writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text == "-" {
            return Some(Self::None);
        }
        let mut letters = text.chars();
        match (letters.next(), letters.next(), letters.next()) {
            (Some(only), None, None) => Some(Self::One(glyph(only)?)),
            (Some(first), Some(last), None) => Some(Self::Two(glyph(first)?, glyph(last)?)),
            _ => None,
        }
    }
}

/// As in URLs: `JC`, `J`, or `-` for none.
impl fmt::Display for Initials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "-"),
            Self::One(only) => write!(f, "{}", only.letter),
            Self::Two(first, last) => write!(f, "{}{}", first.letter, last.letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn are(name: &str, expected: &str) {
        assert_eq!(initials(name).to_string(), expected, "{name:?}");
    }

    #[test]
    fn the_first_and_the_last_word_give_a_letter_each() {
        are("Jon C, Partner Engineer", "JE");
        are("jon", "J");
        are("Jon Cipriano", "JC");
        are("Mary-Jane", "MJ");
        are("Conan O'Brien", "CO");
        are("Conan O’Brien", "CO");
        are("@acme", "A");
        are("Team 42", "T4");
        are("24/7 Support", "2S");
        are("ACME (Returns)", "AR");
        are("a.b.c", "AC");
    }

    #[test]
    fn accents_are_taken_off() {
        are("Émile Zola", "EZ");
        are("E\u{301}mile", "E");
        are("x\u{302}y", "X");
        are("ångström ünal", "AU");
        are("Łukasz Øster", "LO");
        are("ßeta ıñigo", "SI");
        are("Ærø Đorđe", "AD");
    }

    #[test]
    fn words_that_begin_with_what_cannot_be_drawn_are_passed_over() {
        are("🎉 Party Time 🎉", "PT");
        are("❤️ heart", "H");
        are("山田 Taro", "T");
        are("Taro 山田 Smith", "TS");
        are("Яandex", "-");
        are("1️⃣ Shop", "1S");
        for name in ["", " ", "山田", "Анна", "👩‍👩‍👧‍👦", "می‌خواهم", "…", "''"]
        {
            are(name, "-");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for text in ["-", "J", "JC", "7", "4U", "ZZ"] {
            assert_eq!(Initials::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "j", "JCX", "J-", "--", "-J", "É", "J ", "%"] {
            assert_eq!(Initials::parse(text), None, "{text:?}");
        }
    }
}
