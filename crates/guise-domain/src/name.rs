//! A custom profile's name: what a recipient sees instead of the account's.
//!
//! A name is shown to people who decide by it whom they talk to, so characters that are invisible or that reorder the
//! text around them are refused. Joiners and variation selectors are kept where a script or an emoji needs them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{
    GeneralCategory, GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory,
};

use crate::limits::PROFILE_NAME_CHARS_MAX;

/// 1 to 48 Unicode scalar values in NFC, without outer white space, every one of them visible or needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileName(String);

/// Why a text is not a profile's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More than 48 characters.
    #[error("must be at most {PROFILE_NAME_CHARS_MAX} characters, got {0}")]
    TooLong(usize),
    /// NUL, escape and their like.
    #[error("must not contain control characters, got U+{:04X}", u32::from(*.0))]
    Control(char),
    /// Line feed, carriage return, line and paragraph separators.
    #[error("must not contain line breaks, got U+{:04X}", u32::from(*.0))]
    LineBreak(char),
    /// Characters that reorder the text around them.
    #[error("must not contain bidirectional controls, got U+{:04X}", u32::from(*.0))]
    Bidirectional(char),
    /// Characters that show nothing.
    #[error("must not contain invisible characters, got U+{:04X}", u32::from(*.0))]
    Invisible(char),
    /// Code points that will never be characters.
    #[error("must not contain noncharacters, got U+{:04X}", u32::from(*.0))]
    Noncharacter(char),
    /// A mark with nothing before it would be drawn onto what the name is shown after.
    #[error("must not begin with a combining mark, got U+{:04X}", u32::from(*.0))]
    LeadingMark(char),
}

impl ProfileName {
    /// Trims, normalises to NFC and checks `text`.
    ///
    /// # Errors
    /// The first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let chars = trimmed(text, PROFILE_NAME_CHARS_MAX);
        let Some(&first) = chars.first() else { return Err(NameError::Empty) };
        check_all(&chars)?;
        if first.general_category_group() == GeneralCategoryGroup::Mark {
            return Err(NameError::LeadingMark(first));
        }
        if chars.len() > PROFILE_NAME_CHARS_MAX {
            return Err(NameError::TooLong(text.trim().nfc().count()));
        }
        Ok(Self(chars.into_iter().collect()))
    }

    /// What is shown in the place of a name that was erased.
    #[must_use]
    pub fn erased() -> Self {
        Self("Erased profile".to_owned())
    }

    /// Takes what a store kept.
    #[must_use]
    pub fn from_stored(name: String) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is searched.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// Folds a text for searching: without case and accents, compatible forms as one, white space as single spaces.
#[must_use]
pub fn fold(text: &str) -> String {
    let bare =
        text.nfkd().filter(|char| char.general_category_group() != GeneralCategoryGroup::Mark);
    let lower: String = bare.flat_map(char::to_lowercase).collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The characters of a text that may have `chars_max`, in NFC; not all of them where there are far more.
pub(crate) fn trimmed(text: &str, chars_max: usize) -> Vec<char> {
    // Longer than this, no normalisation brings it under the limit; spares the work on a hostile text.
    text.trim().nfc().take(chars_max * 64).collect()
}

/// Whether each of these may be in a text that is shown on one line.
pub(crate) fn check_all(chars: &[char]) -> Result<(), NameError> {
    chars.iter().enumerate().try_for_each(|(index, &char)| check(char, chars, index))
}

fn check(char: char, chars: &[char], index: usize) -> Result<(), NameError> {
    match char {
        '\n' | '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
            return Err(NameError::LineBreak(char));
        }
        '\u{061C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}' => {
            return Err(NameError::Bidirectional(char));
        }
        _ => {}
    }
    if char.general_category() == GeneralCategory::Control {
        return Err(NameError::Control(char));
    }
    if is_noncharacter(char) {
        return Err(NameError::Noncharacter(char));
    }
    if is_invisible(char) && !is_needed(char, chars, index) {
        return Err(NameError::Invisible(char));
    }
    Ok(())
}

/// The last two of each plane, and 32 more.
fn is_noncharacter(char: char) -> bool {
    u32::from(char) & 0xFFFE == 0xFFFE || matches!(char, '\u{FDD0}'..='\u{FDEF}')
}

/// Format characters, variation selectors, and letters and symbols that are drawn as nothing.
fn is_invisible(char: char) -> bool {
    char.general_category() == GeneralCategory::Format
        || matches!(char,
            '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{2065}'
            | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether the invisible character at `index` does what it is for: joins an emoji or letters of a joining script,
/// selects a variant of what precedes it, spells a flag, or marks a number or verse in scripts that do so.
fn is_needed(char: char, chars: &[char], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|index| chars.get(index)).copied();
    let after = chars.get(index + 1).copied();
    match (char, before, after) {
        ('\u{200D}', Some(before), Some(after)) => {
            (ends_emoji(before) && is_pictograph(after)) || joins(before, after)
        }
        ('\u{200C}', Some(before), Some(after)) => joins(before, after),
        // After a digit it is part of a keycap or of nothing.
        ('\u{FE0E}' | '\u{FE0F}', Some(before), after) => {
            is_pictograph(before) || (before.is_emoji_char() && after == Some('\u{20E3}'))
        }
        ('\u{FE00}', Some(before), _) => is_ideograph(before) || has_a_variant(before),
        ('\u{FE01}' | '\u{FE02}' | '\u{E0100}'..='\u{E01EF}', Some(before), _) => {
            is_ideograph(before)
        }
        ('\u{180B}'..='\u{180D}' | '\u{180F}', Some(before), _) => is_mongolian(before),
        ('\u{E0020}'..='\u{E007F}', _, _) => spells_a_flag(chars, index),
        ('\u{0600}'..='\u{0605}' | '\u{06DD}' | '\u{070F}' | '\u{08E2}', _, Some(_)) => true,
        _ => false,
    }
}

fn is_pictograph(char: char) -> bool {
    !char.is_ascii() && char.is_emoji_char()
}

fn ends_emoji(char: char) -> bool {
    is_pictograph(char) || char == '\u{FE0F}'
}

/// Whether a joiner between these two changes how they are written: after a virama, between Indic letters, and
/// between letters of the cursive scripts.
fn joins(before: char, after: char) -> bool {
    const VIRAMA: u8 = 9;
    let letter = |char: char| char.is_alphabetic() || canonical_combining_class(char) > 0;
    let cursive = |char| {
        matches!(char, '\u{0600}'..='\u{07FF}' | '\u{0840}'..='\u{0DFF}' | '\u{0F00}'..='\u{109F}'
            | '\u{1780}'..='\u{18AF}' | '\u{A840}'..='\u{A87F}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}')
    };
    canonical_combining_class(before) == VIRAMA
        || (letter(before) && letter(after) && cursive(before) && cursive(after))
}

/// Whether the tag at `index` belongs to a flag: a black one, the three to seven letters and digits of a country's
/// part, and the tag that ends them. Anything longer or unended would carry hidden text.
fn spells_a_flag(chars: &[char], index: usize) -> bool {
    let is_tag = |char: &char| matches!(char, '\u{E0020}'..='\u{E007F}');
    let before = chars.iter().take(index).rposition(|char| !is_tag(char));
    let Some(flag) = before.filter(|&at| chars.get(at) == Some(&'\u{1F3F4}')) else { return false };
    let tags: Vec<char> = chars.iter().skip(flag + 1).copied().take_while(is_tag).collect();
    let spelling =
        |char: &char| matches!(char, '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}');
    tags.split_last().is_some_and(|(last, spelt)| {
        *last == '\u{E007F}' && (3..=7).contains(&spelt.len()) && spelt.iter().all(spelling)
    })
}

fn is_ideograph(char: char) -> bool {
    matches!(char, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFD}')
}

/// Whether Unicode's list of standardized variants has one with U+FE00: mathematical symbols, and letters of the
/// scripts of Burma and of 'Phags-pa.
fn has_a_variant(char: char) -> bool {
    matches!(
        char,
        '\u{2205}'
            | '\u{2229}'
            | '\u{222A}'
            | '\u{2268}'
            | '\u{2269}'
            | '\u{2272}'
            | '\u{2273}'
            | '\u{228A}'
            | '\u{228B}'
            | '\u{2293}'
            ..='\u{2295}'
                | '\u{2297}'
                | '\u{229C}'
                | '\u{22DA}'
                | '\u{22DB}'
                | '\u{2A3C}'
                | '\u{2A3D}'
                | '\u{2A9D}'
                | '\u{2A9E}'
                | '\u{2AAC}'
                | '\u{2AAD}'
                | '\u{2ACB}'
                | '\u{2ACC}'
    ) || matches!(
        char,
        '\u{1000}'
            | '\u{1002}'
            | '\u{1004}'
            | '\u{1010}'
            | '\u{1011}'
            | '\u{1015}'
            | '\u{1019}'
            | '\u{101A}'
            | '\u{101C}'
            | '\u{101D}'
            | '\u{1022}'
            | '\u{1031}'
            | '\u{1075}'
            | '\u{1078}'
            | '\u{107A}'
            | '\u{1080}'
            | '\u{AA60}'..='\u{AA66}' | '\u{AA6B}' | '\u{AA6C}' | '\u{AA6F}' | '\u{AA7A}'
    ) || matches!(char, '\u{A856}' | '\u{A85C}' | '\u{A85E}'..='\u{A860}' | '\u{A868}')
}

fn is_mongolian(char: char) -> bool {
    matches!(char, '\u{1820}'..='\u{18AF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> String {
        ProfileName::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}")).0
    }

    fn refused(text: &str) -> NameError {
        ProfileName::parse(text).expect_err(text)
    }

    #[test]
    fn outer_white_space_is_trimmed_and_the_rest_composed() {
        assert_eq!(kept("  Jon C, Partner Engineer\u{00A0} "), "Jon C, Partner Engineer");
        assert_eq!(kept("Cafe\u{0301}"), "Café");
    }

    #[test]
    fn names_are_searched_without_case_and_accents() {
        assert_eq!(fold("  ZOË\u{3000}Ｗeiß "), "zoe weiß");
        assert_eq!(fold("Ångström"), fold("angstro\u{308}m"));
    }

    #[test]
    fn length_is_counted_in_scalar_values_after_nfc() {
        assert_eq!(kept(&"é".repeat(48)).chars().count(), 48);
        assert_eq!(kept(&"e\u{0301}".repeat(48)).chars().count(), 48);
        assert_eq!(kept(&"😀".repeat(48)).len(), 192);
        assert_eq!(refused(&"a".repeat(53)), NameError::TooLong(53));
        assert_eq!(refused(&"a".repeat(100_000)), NameError::TooLong(100_000));
        assert_eq!(refused(&"a".repeat(49)).to_string(), "must be at most 48 characters, got 49");
    }

    #[test]
    fn what_is_shown_instead_of_a_name_is_one() {
        assert_eq!(kept(ProfileName::erased().as_str()), "Erased profile");
    }

    #[test]
    fn nothing_is_not_a_name() {
        assert_eq!(refused(""), NameError::Empty);
        assert_eq!(refused(" \u{3000}\n"), NameError::Empty);
    }

    #[test]
    fn what_hides_or_reorders_text_is_refused() {
        assert_eq!(refused("a\0b"), NameError::Control('\0'));
        assert_eq!(refused("a\u{1B}[31m"), NameError::Control('\u{1B}'));
        assert_eq!(refused("a\nb"), NameError::LineBreak('\n'));
        assert_eq!(refused("a\u{2028}b"), NameError::LineBreak('\u{2028}'));
        assert_eq!(refused("a\u{202E}b"), NameError::Bidirectional('\u{202E}'));
        assert_eq!(refused("a\u{200F}"), NameError::Bidirectional('\u{200F}'));
        assert_eq!(
            refused("a\u{202E}b").to_string(),
            "must not contain bidirectional controls, got U+202E"
        );
        for invisible in [
            "a\u{200B}b",
            "a\u{200D}b",
            "a\u{FE0F}",
            "\u{3164}",
            "a\u{AD}b",
            "\u{2800}",
            "a\u{E0041}",
            "\u{FEFF}x",
            "a\u{2060}",
        ] {
            assert!(matches!(refused(invisible), NameError::Invisible(_)), "{invisible:?}");
        }
    }

    #[test]
    fn emoji_and_scripts_keep_the_joiners_they_need() {
        for name in [
            "👩‍👩‍👧‍👦 family",
            "❤️ heart",
            "🏳️‍🌈",
            "👩🏽‍🚀",
            "1️⃣",
            "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            "क्‍ष",
            "می‌خواهم",
            "葛\u{E0100}",
        ] {
            assert_eq!(kept(name), name);
        }
    }

    /// A black flag with tags behind it.
    fn flag(tags: &str) -> String {
        let tag = |char: char| char::from_u32(0xE0000 + u32::from(char)).unwrap();
        format!("\u{1F3F4}{}", tags.chars().map(tag).collect::<String>())
    }

    #[test]
    fn tags_spell_a_flag_and_hide_no_text() {
        for name in [flag("gbeng\u{7F}"), flag("usca\u{7F}"), flag("gbsct\u{7F}") + " x"] {
            assert_eq!(kept(&name), name);
        }
        for name in [
            flag("gbeng"),
            flag("\u{7F}"),
            flag("gb\u{7F}"),
            flag("gbenglan\u{7F}"),
            flag("gbeng\u{7F}\u{7F}"),
            flag("GBENG\u{7F}"),
            flag("send me money now"),
            flag("gbeng") + "x",
            flag("gbeng\u{7F}").replace('\u{1F3F4}', "\u{1F3F3}"),
        ] {
            assert!(matches!(refused(&name), NameError::Invisible(_)), "{name:?}");
        }
    }

    #[test]
    fn a_variation_selector_stands_only_where_there_is_a_variant() {
        for name in ["#️⃣", "*️⃣", "©️", "≨\u{FE00}", "兔\u{FE00}", "兔\u{FE01}", "က\u{FE00}"]
        {
            assert_eq!(kept(name), name);
        }
        for name in [
            "1\u{FE0F}",
            "1\u{FE0F}2",
            "#\u{FE0E}",
            "*\u{FE0F}\u{200D}😀",
            "א\u{FE00}",
            "א\u{FE0D}",
            "א\u{E0100}",
            "兔\u{FE05}",
            "兔\u{FE00}\u{FE00}",
            "+\u{FE00}",
            "≨\u{FE01}",
            "ᠠ\u{FE00}",
        ] {
            assert!(matches!(refused(name), NameError::Invisible(_)), "{name:?}");
        }
    }

    #[test]
    fn what_will_never_be_a_character_is_refused_and_what_may_become_one_is_not() {
        for char in ['\u{FFFE}', '\u{FFFF}', '\u{FDD0}', '\u{FDEF}', '\u{1FFFE}', '\u{10FFFF}'] {
            assert_eq!(refused(&format!("a{char}")), NameError::Noncharacter(char));
        }
        assert_eq!(refused("\u{FFFE}").to_string(), "must not contain noncharacters, got U+FFFE");
        // Private use, and not assigned yet.
        for name in ["a\u{E000}", "a\u{F8FF}", "a\u{100000}", "a\u{1FC00}"] {
            assert_eq!(kept(name), name);
        }
    }

    #[test]
    fn a_mark_needs_something_to_stand_on() {
        for name in ["\u{0301}a", "\u{20E3}", " \u{0903}क", "\u{0489}"] {
            assert!(matches!(refused(name), NameError::LeadingMark(_)), "{name:?}");
        }
        assert_eq!(
            refused("\u{0301}a").to_string(),
            "must not begin with a combining mark, got U+0301"
        );
        assert_eq!(kept("x\u{0301}"), "x\u{0301}");
    }
}
