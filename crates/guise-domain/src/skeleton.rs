//! What a name looks like, whatever it is written with.
//!
//! Names that people take for one another have one skeleton: white space, case, width and accents make no difference,
//! and of characters that Unicode's table of confusables (TS 39) calls alike one stands for all. The table knows
//! letters as they are written, `А` of Cyrillic and `A`, and often only one of a letter's two cases: what either case
//! looks like in ASCII counts for both.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_security::confusable_detection::skeleton as prototype;

use crate::{NameError, ProfileName, ScreenName};

/// Grows with every change of what is done here beyond the table.
const RULES: u32 = 2;
/// How often a look is looked at until it stays; a test holds that it then does, for every character.
const ROUNDS: usize = 3;

/// What each ASCII character looks like: most names are made of nothing else.
static ASCII: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..128_u8).map(|byte| settled(char::from(byte))).collect());

/// What stands for all texts that look like this one. It is for comparing, not for reading: `Acme` is `acrne`. White
/// space, hyphens and underscores are left out. Empty when nothing is left.
#[must_use]
pub fn skeleton(text: &str) -> String {
    let mut look = look(text);
    look.retain(|char| !char.is_whitespace() && char != '-' && char != '_');
    look
}

/// Names the rules and the table that skeletons are made by: those made by others must be made anew.
#[must_use]
pub fn skeleton_rules() -> String {
    let (major, minor, update) = unicode_security::UNICODE_VERSION;
    format!("{major}.{minor}.{update}-{RULES}")
}

/// A word, or several, that names may not contain. Compared by its look, as a run of whole words: a reserved `Acme` is
/// in `Acme Support`, `A.C.M.E.` and `AcmeSupport`, and not in `Acmeology`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedWord {
    word: String,
    skeleton: String,
}

/// Why a text is not a word to reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReservedWordError {
    /// It could be no part of a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nothing but signs.
    #[error("must contain a letter or a digit")]
    NoLetter,
}

impl ReservedWord {
    /// Checks `text` as a name is checked.
    ///
    /// # Errors
    /// The first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, ReservedWordError> {
        let word = ProfileName::parse(text)?;
        let skeleton = words(word.as_str()).concat();
        if skeleton.is_empty() {
            return Err(ReservedWordError::NoLetter);
        }
        Ok(Self { word: word.as_str().to_owned(), skeleton })
    }

    /// An account's name, unless it is made of underscores.
    #[must_use]
    pub fn of_account(name: &ScreenName) -> Option<Self> {
        Self::parse(name.as_str()).ok()
    }

    /// Takes what a store kept.
    #[must_use]
    pub fn from_stored(word: String, skeleton: String) -> Self {
        Self { word, skeleton }
    }

    /// The word as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.word
    }

    /// What it is compared by.
    #[must_use]
    pub fn skeleton(&self) -> &str {
        &self.skeleton
    }
}

/// The words of a name as they are held against reserved ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Parted where the name has signs.
    spelt: Vec<String>,
    /// Parted where it seems to have some: a stroke may stand for a letter.
    seen: Vec<String>,
}

impl Words {
    /// The words of `name`.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self { spelt: words(name), seen: words(&look(name)) }
    }

    /// Whether `reserved` is a run of them, however it is parted.
    #[must_use]
    pub fn contain(&self, reserved: &ReservedWord) -> bool {
        [&self.spelt, &self.seen].into_iter().any(|words| is_run(words, &reserved.skeleton))
    }
}

fn is_run(words: &[String], reserved: &str) -> bool {
    (0..words.len()).any(|first| {
        let mut rest = reserved;
        for word in words.iter().skip(first) {
            match rest.strip_prefix(word.as_str()) {
                Some("") => return true,
                Some(more) => rest = more,
                None => return false,
            }
        }
        false
    })
}

/// The look of each word: letters, digits and their marks up to a sign or a capital after a small letter. Ideographs
/// and kana are words each, since nothing is written between theirs.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut before: Option<char> = None;
    for char in bare(text) {
        let look = look_of(char);
        let mark = char.general_category_group() == GeneralCategoryGroup::Mark;
        if look.is_empty() {
            continue;
        }
        if !mark && !char.is_alphanumeric() {
            before = None;
            continue;
        }
        let parted = |before: char| {
            is_whole_word(char)
                || is_whole_word(before)
                || (before.is_lowercase() && char.is_uppercase())
        };
        if !mark && before.is_none_or(parted) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push_str(&look);
        }
        before = if mark { before } else { Some(char) };
    }
    words
}

fn is_whole_word(char: char) -> bool {
    matches!(char, '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFD}')
}

/// A text with each character as what stands for all that look like it.
fn look(text: &str) -> String {
    let mut look = String::with_capacity(text.len() + 8);
    for char in bare(text) {
        look.push_str(&look_of(char));
    }
    // Marks that came together in another order than Unicode's would not come out the same again.
    if look.is_ascii() { look } else { look.nfd().collect() }
}

fn look_of(char: char) -> std::borrow::Cow<'static, str> {
    let known = usize::try_from(u32::from(char)).ok().and_then(|code| ASCII.get(code));
    known.map_or_else(|| settled(char).into(), |look| look.as_str().into())
}

fn settled(char: char) -> String {
    let mut look = String::from(char);
    for _ in 0..ROUNDS {
        let next: String = look.chars().map(glance).collect();
        let next = bare(&next).collect();
        if next == look {
            break;
        }
        look = next;
    }
    look
}

/// Compatible forms as one, without accents. Marks that spell, as vowels of Indic scripts do, stay.
fn bare(text: &str) -> impl Iterator<Item = char> {
    text.nfkd().filter(|&char| char.is_ascii() || !is_accent(char))
}

/// Marks over, under, through or around letters.
fn is_accent(char: char) -> bool {
    const OVERLAY: u8 = 1;
    const ATTACHED: u8 = 200;
    let class = canonical_combining_class(char);
    class == OVERLAY
        || class >= ATTACHED
        || char.general_category() == GeneralCategory::EnclosingMark
}

/// The letter that one is which Unicode neither takes apart nor calls confusable: white on black, as 🅢 and 🆂, or a
/// small capital, as ꜱ.
fn plain(char: char) -> Option<char> {
    const SMALL_CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ";
    const LETTERS: &str = "abcdefghijklmnopqrstuvwyz";
    let white = |first: char| char::from_u32(u32::from('a') + u32::from(char) - u32::from(first));
    match char {
        '\u{1F150}'..='\u{1F169}' => white('\u{1F150}'),
        '\u{1F170}'..='\u{1F189}' => white('\u{1F170}'),
        _ => SMALL_CAPITALS
            .chars()
            .zip(LETTERS.chars())
            .find(|pair| pair.0 == char)
            .map(|pair| pair.1),
    }
}

/// What a character looks like: ASCII if it, or else its other case, looks so; or else its lower case.
fn glance(char: char) -> String {
    let char = plain(char).unwrap_or(char);
    let looks_like = |text: &str| prototype(text).collect::<String>();
    let upper: String = char.to_uppercase().collect();
    let other = if char.is_lowercase() { upper.clone() } else { char.to_lowercase().collect() };
    let written = looks_like(char.encode_utf8(&mut [0; 4]));
    match [written, looks_like(&other)].into_iter().find(|look| look.is_ascii()) {
        // Capital `I` is the `l` of other names: they are one.
        Some(ascii) => looks_like(&ascii.to_ascii_lowercase()).replace('i', "l"),
        None => looks_like(&upper.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (name, others) in [
            (
                "Acme Support",
                &["acme  support", "ACME-SUPPORT", "АСМЕ Ѕuррогt", "Acme Supp0rt"][..],
            ),
            (
                "Acme Support",
                &[
                    "Ａｃｍｅ\u{3000}Ｓｕｐｐｏｒｔ",
                    "acme_support",
                    "Acrne Support",
                    "𝐀𝐜𝐦𝐞 Ⓢupport",
                ],
            ),
            ("Alice", &["AIice", "ALICE", "A1ice", "A|ice", "Ａｌｉｃｅ", "Álíce", "Аlісе"]),
            ("Bob", &["Вob", "ВОВ", "bоb", "Bøb"]),
            ("Максим", &["МАКСИМ", "maкcим"]),
            ("Νίκος", &["ΝΙΚΟΣ"]),
        ] {
            for other in others {
                assert_eq!(skeleton(other), skeleton(name), "{other}");
            }
        }
        assert_eq!(skeleton("Acme Support"), "acrnesupport");
    }

    #[test]
    fn names_that_do_not_look_alike_have_several() {
        let names = ["Acme", "Acne", "Acmee", "राम", "रमा", "กา", "กู", "🚀", "🔥", "微信", "微博"];
        let skeletons: std::collections::BTreeSet<_> = names.map(skeleton).into_iter().collect();
        assert_eq!(skeletons.len(), names.len(), "{skeletons:?}");
        for nothing in ["", " _-", "\u{B4}", "\u{200D}"] {
            assert_eq!(skeleton(nothing), "");
        }
    }

    /// Also where the cases of a letter look like two letters: there the name is what it is written as.
    #[test]
    fn every_character_settles_and_nearly_every_one_whatever_its_case() {
        let mut by_case = String::new();
        let assigned = |char: &char| {
            let category = char.general_category();
            !matches!(category, GeneralCategory::PrivateUse | GeneralCategory::Unassigned)
        };
        for char in ('\0'..=char::MAX).filter(assigned) {
            let settled = settled(char);
            assert_eq!(look(&settled), settled, "{char:?}");
            let lower: String = char.to_lowercase().collect();
            let plain = char.general_category_group() == GeneralCategoryGroup::Letter
                && bare(&lower).eq(lower.chars());
            if plain && look(&lower) != settled {
                by_case.push(char);
            }
        }
        assert_eq!(by_case, "ƼΝΥϬՅ𑢦𑢵𑢼");
    }

    proptest! {
        #[test]
        fn a_skeleton_is_its_own(text in "\\PC{0,60}") {
            let once = skeleton(&text);
            prop_assert_eq!(skeleton(&once), once);
        }

        #[test]
        fn case_width_accents_and_white_space_make_no_difference(
            text in "[A-Za-z0-9 .,'&!?абвгдежийклмнопрстуфхцчшщъыьэюя]{0,40}",
            accents in proptest::collection::vec(0..3_usize, 40),
        ) {
            let wide = |char: char| match char {
                '!'..='~' => char::from_u32(u32::from(char) + 0xFEE0).unwrap(),
                ' ' => '\u{3000}',
                other => other,
            };
            let accented: String = text.chars().zip(accents).flat_map(|(char, accent)| {
                let accent = [None, Some('\u{301}'), Some('\u{335}')][accent];
                std::iter::once(char).chain(accent.filter(|_| char.is_alphabetic()))
            }).collect();
            for variant in [
                text.to_uppercase(),
                text.to_lowercase(),
                text.chars().map(wide).collect(),
                accented,
                text.replace(' ', "  "),
            ] {
                prop_assert_eq!(skeleton(&variant), skeleton(&text), "{}", variant);
            }
        }

        #[test]
        fn a_reserved_word_is_found_among_others(
            before in "([a-z]{1,8}[ ,.])?", after in "([ ,.'][a-z]{1,8})?",
        ) {
            let reserved = ReservedWord::parse("Acme Inc").unwrap();
            let name = format!("{before}ACME inc{after}");
            prop_assert!(Words::of(&name).contain(&reserved));
        }
    }

    #[test]
    fn a_reserved_word_is_a_run_of_whole_words() {
        for (reserved, refused, taken) in [
            (
                "Acme",
                &[
                    "Acme",
                    "Acme Support",
                    "АCME",
                    "acme's bot",
                    "The A.C.M.E.",
                    "AcmeSupport",
                    "\u{201C}Acme\u{201D}",
                ][..],
                &["Acmeology", "Pacme", "Ac", "Me, Ac", "Jon"][..],
            ),
            (
                "Acme Support",
                &["The acme support", "Acme, Support!", "AcmeSupport"],
                &["Acme", "Support", "Acme our Support"],
            ),
            ("Shop", &["ꜱʜᴏᴘ", "🅢🅗🅞🅟 desk", "🆂🅷🅾🅿", "Our ꜱhop"], &["Shops", "🅿🅰🆁🅺"]),
            ("Help", &["He|p", "HELP", "Hеlр desk"], &["Helpful", "Helpme not"]),
            ("CEO", &["The CEO", "C E O", "СЕО"], &["Cleo", "Ceolin"]),
            ("微信", &["微信客服", "我的微信"], &["微博", "信微"]),
            ("パン", &["メロンパン"], &["ペン"]),
            ("राम", &["राम जी"], &["रमा", "रामायण"]),
        ] {
            let word = ReservedWord::parse(reserved).unwrap();
            for name in refused {
                assert!(Words::of(name).contain(&word), "{reserved} is in {name}");
            }
            for name in taken {
                assert!(!Words::of(name).contain(&word), "{reserved} is not in {name}");
            }
        }
        let account = ReservedWord::of_account(&"acme_shop".parse().unwrap()).unwrap();
        for name in ["Acme Shop", "Our AcmeShop", "acme_shop"] {
            assert!(Words::of(name).contain(&account), "{name}");
        }
        assert_eq!(ReservedWord::of_account(&"___".parse().unwrap()), None);
    }

    #[test]
    fn signs_alone_are_not_reserved() {
        assert_eq!(ReservedWord::parse(" ★ "), Err(ReservedWordError::NoLetter));
        assert_eq!(ReservedWord::parse(" "), Err(NameError::Empty.into()));
    }
}
