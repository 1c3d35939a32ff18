//! The kinds of characters that the rules tell apart.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

pub(super) fn is_at_sign(char: char) -> bool {
    matches!(char, '@' | '＠')
}

pub(super) fn is_hash_sign(char: char) -> bool {
    matches!(char, '#' | '＃')
}

/// What a screen name is made of.
pub(super) fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// What a hashtag needs one of: a letter of any script, or a mark on one.
pub(super) fn is_hashtag_letter(char: char) -> bool {
    use GeneralCategoryGroup::{Letter, Mark};
    matches!(char.general_category_group(), Letter | Mark)
}

/// What a hashtag is made of: letters, marks, digits, and what some scripts write inside a word.
pub(super) fn is_hashtag(char: char) -> bool {
    is_hashtag_letter(char)
        || char.general_category() == GeneralCategory::DecimalNumber
        || matches!(
            char,
            '_' | '·' | '\u{05BE}' | '\u{05F3}' | '\u{05F4}' | '\u{0F0B}' | '\u{0F0C}'
        )
        || matches!(char, '\u{200C}' | '\u{200D}' | '〃' | '〜' | '゛' | '゜' | '゠' | '・')
        || matches!(char, '\u{A67E}' | '～')
}

/// Latin letters with accents, and accents themselves.
pub(super) fn is_latin_accent(char: char) -> bool {
    let is_in_block =
        matches!(char, '\u{C0}'..='\u{24F}' | '\u{300}'..='\u{36F}' | '\u{1E00}'..='\u{1EFF}');
    let is_beyond =
        matches!(char, 'ɓ' | 'ɔ' | 'ɖ' | 'ɗ' | 'ə' | 'ɛ' | 'ɣ' | 'ɨ' | 'ɯ' | 'ɲ' | 'ʉ' | 'ʋ' | 'ʻ');
    (is_in_block && !matches!(char, '×' | '÷')) || is_beyond
}

pub(super) fn is_space(char: char) -> bool {
    char.is_whitespace() || char == '\u{180E}'
}

/// Punctuation of ASCII, except quotation marks and the accent.
pub(super) fn is_punctuation(char: char) -> bool {
    char.is_ascii_punctuation() && !matches!(char, '"' | '`')
}

/// What stands at both ends of a domain's label: anything that is not punctuation, space or invisible.
pub(super) fn is_label_edge(char: char) -> bool {
    let is_direction = matches!(char,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    !is_punctuation(char) && !is_space(char) && !is_direction && !is_noncharacter(char)
}

/// What a domain's label is made of.
pub(super) fn is_label(char: char) -> bool {
    is_label_edge(char) || matches!(char, '-' | '_')
}

/// What a label is made of in a domain without a protocol.
pub(super) fn is_latin_label(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '-' || is_latin_accent(char)
}

/// What may stand directly before a URL.
pub(super) fn may_precede_url(char: char) -> bool {
    let is_sign = is_at_sign(char) || is_hash_sign(char) || char == '$';
    !char.is_ascii_alphanumeric() && !is_sign && !is_noncharacter(char)
}

/// What a URL's path is made of, besides pairs of parentheses.
pub(super) fn is_path(char: char) -> bool {
    is_path_word(char) || "!*';:=+,.$/%#[]-–_~@|&".contains(char)
}

/// What a URL's path may end with, besides a pair of parentheses directly behind such a character.
pub(super) fn ends_path(char: char) -> bool {
    is_path_word(char) || "+-=_#/".contains(char)
}

fn is_path_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '\u{0400}'..='\u{04FF}') || is_latin_accent(char)
}

/// What a URL's query is made of.
pub(super) fn is_query(char: char) -> bool {
    char.is_ascii_alphanumeric() || "!?*'@();:&=+$/%#[]-_.,~|".contains(char)
}

/// What a URL's query may end with.
pub(super) fn ends_query(char: char) -> bool {
    char.is_ascii_alphanumeric() || "-_&=#/".contains(char)
}

fn is_noncharacter(char: char) -> bool {
    matches!(char, '\u{FFFE}' | '\u{FEFF}' | '\u{FFFF}')
}

/// Where the run of such characters ends that starts at `from`.
pub(super) fn run_end(text: &[char], from: usize, is_in: impl Fn(char) -> bool) -> usize {
    from + text.iter().skip(from).take_while(|&&char| is_in(char)).count()
}

/// Whether `start` is what stands at `from`, in capitals or not.
pub(super) fn starts_with(text: &[char], from: usize, start: &str) -> bool {
    let mut text = text.iter().skip(from);
    start.chars().all(|char| text.next().is_some_and(|found| found.eq_ignore_ascii_case(&char)))
}
